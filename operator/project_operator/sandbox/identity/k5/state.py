"""What is so, and who may do what. Reads show at once what was written (F6-4)."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from project_operator.sandbox.identity.k5.refusals import unauthorized
from project_operator.sandbox.identity.k5.resources import Assignment, Caller, Named, Project, Scope
from project_operator.sandbox.identity.k5.settings import K5Settings

REGION: Final = "jp-east-1"
ATTEMPTS: Final = 5
"""Wrong passwords within `LOCKED` after which none is accepted any more (F3-6)."""
LOCKED: Final = 900.0
"""Seconds."""
_PKI: Final = "MIIIHgYJKoZIhvcNAQcCoIIIDzCC"
"""How a token begins (F3-2)."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a token is good for."""

    scope: Scope
    end: float
    regional: bool


class State:
    """One region, with the domain of one contract in it and another one. Times are seconds since the epoch."""

    def __init__(self, settings: K5Settings, random: Random) -> None:
        self.settings = settings
        self.revision = 0
        """Grows with every change."""
        self.projects: dict[str, Project] = {}
        self.groups: dict[str, Named] = {}
        self.assignments: set[Assignment] = set()
        self.administrator = True
        """Whether the user is the contract's administrator (F4-1)."""
        self._random = random
        self._sessions: dict[str, Session] = {}
        self._wrong: list[float] = []
        self.domain = Named(self.new_id(), f"contract-{self.new_id()[:8]}")
        self.other_domain = Named("default", "Default")
        self.roles = {role.id: role for role in (Named(self.new_id(), "_member_"), Named(self.new_id(), "cpf_admin"))}
        self.user = Named(self.new_id(), "project-operator")
        self.password = ""
        self.rotate()
        home = Project(self.new_id(), f"{self.domain.name}-prj", self.domain.id)
        self.home_id = home.id
        """The project that came with the contract."""
        self.write(home)

    # Projects

    def write(self, project: Project) -> None:
        """Make ``project`` what is."""
        self.projects[project.id] = project
        self.revision += 1

    def remove(self, project_id: str) -> None:
        """Let a project be gone, as no call can (F8-1)."""
        del self.projects[project_id]
        self.assignments = {one for one in self.assignments if one.project_id != project_id}
        self.revision += 1

    def called(self, name: str, domain_id: str) -> Iterator[Project]:
        """The projects of a domain that have this name, whatever its case (F2-3)."""
        for project in self.projects.values():
            if project.domain_id == domain_id and project.name.casefold() == name.casefold():
                yield project

    def assign(self, assignment: Assignment, *, on: bool) -> None:
        """Give a group a role on a project, or take it."""
        (self.assignments.add if on else self.assignments.discard)(assignment)
        self.revision += 1

    def new_id(self) -> str:
        """A UUID in hex."""
        return f"{self._random.getrandbits(128):032x}"

    # Who is asking

    def rotate(self) -> None:
        """A new password; the old one, and every token that it gave, are refused from now on."""
        self.password = self._random.randbytes(18).hex()
        self._sessions.clear()
        self._wrong.clear()

    def end_sessions(self) -> None:
        """Let every token be refused from now on."""
        self._sessions.clear()

    def check_password(self, presented: str, now: float) -> None:
        """Nothing tells a wrong password from an account that is locked (F3-6)."""
        self._wrong = [at for at in self._wrong if now - at < LOCKED]
        if len(self._wrong) >= ATTEMPTS or presented != self.password:
            if len(self._wrong) < ATTEMPTS:
                self._wrong.append(now)
            raise unauthorized()

    def issue(self, scope: Scope, now: float) -> str:
        """A new token; long, as those of a public key infrastructure are (F3-2)."""
        token = _PKI + b64encode(self._random.randbytes(750)).decode("ascii")
        self._sessions[token] = Session(scope, now + self.settings.token_life, self.settings.regional)
        return token

    def authenticate(self, token: str, now: float) -> Caller:
        """The caller. A token for a project that was disabled is void (F8-3)."""
        session = self._sessions.get(token)
        if session is None or now >= session.end:
            raise unauthorized()
        project_id = session.scope.project_id
        if project_id and (project_id not in self.projects or not self.projects[project_id].enabled):
            raise unauthorized()
        return Caller(self.user.name, self.administrator, session.regional)
