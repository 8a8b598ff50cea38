"""What is so, who may do what, and how late reads see it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final

from project_operator.sandbox.identity.otc.refusals import failed_over, unauthorized
from project_operator.sandbox.identity.otc.resources import BUILT_IN, REGIONS, Group, Project, Role, Token
from project_operator.sandbox.identity.otc.settings import OTCSettings

ACCOUNT_NAME: Final = "OTC-EU-DE-00000000001000000042"
USER: Final = "project-operator"
ROLES: Final = (
    Role("0a01", "te_admin", "Tenant Administrator", "AA"),
    Role("0a02", "readonly", "Tenant Guest", "AA"),
    Role("0a03", "secu_admin", "Security Administrator", "AX"),
    Role("0a04", "system_all_5", "VPC FullAccess", "XA"),
    Role("0a05", "system_all_0", "Retired", "XX"),
)
"""Those of the system."""

Versions = list[tuple[float, Project | None]]


class State:
    """One account. Times are seconds since the epoch."""

    def __init__(self, settings: OTCSettings, random: Random, now: float) -> None:
        self.settings = settings
        self.revision = 0
        """Grows with every change."""
        self.administrator = True
        """Whether the user is Security Administrator (T3-5)."""
        self.groups: dict[str, Group] = {}
        self.roles: dict[str, Role] = {role.id: role for role in ROLES}
        self.grants: set[tuple[str, str, str]] = set()
        """Project, group and role, by their ids."""
        self.destroyed = 0
        """How many resources went with their projects (T7-1)."""
        self._random = random
        self._projects: dict[str, Versions] = {}
        self._truth: dict[str, Project] = {}
        self._caught_up_at = float("-inf")
        self._tokens: dict[str, Token] = {}
        self._asked: deque[float] = deque()
        self.account_id = self.new_id()
        self.password = ""
        self.rotate()
        for name in (*REGIONS, BUILT_IN):
            self.write(Project(self.new_id(), name, self.account_id), now)
        self._caught_up_at = now

    # Projects

    def write(self, project: Project, now: float) -> None:
        """Make ``project`` what is."""
        self._projects.setdefault(project.id, []).append((now, project))
        self._truth[project.id] = project
        self.revision += 1

    def remove(self, project: Project, now: float) -> None:
        """Let a project be gone, with its grants and all that is in it."""
        self._projects[project.id].append((now, None))
        del self._truth[project.id]
        self.grants = {grant for grant in self.grants if grant[0] != project.id}
        self.destroyed += project.resources
        self.revision += 1

    def begin_deletion(self, project: Project, now: float) -> None:
        """T7-2: it goes on after the answer. Begun twice it goes on as before."""
        if project.gone_at is None:
            gone_at = now + self.settings.deletion_delay
            self.write(replace(project, status=self.settings.deletion_status, gone_at=gone_at), now)
        self.advance(now)

    def advance(self, now: float) -> None:
        """End the deletions that are due."""
        for project in [one for one in self._truth.values() if one.gone_at is not None and one.gone_at <= now]:
            self.remove(project, now)

    def truth(self) -> dict[str, Project]:
        """All projects as they are, in the order of their creation."""
        return dict(self._truth)

    def seen(self, now: float, lag: float) -> Iterator[Project]:
        """All projects as a read shows them."""
        for project_id in self._projects:
            shown = self.get(project_id, now, lag)
            if shown is not None:
                yield shown

    def get(self, project_id: str, now: float, lag: float) -> Project | None:
        """One project as a read shows it."""
        until = max(now - lag, self._caught_up_at)
        versions = self._projects.get(project_id, [])
        return next((project for at, project in reversed(versions) if at <= until), None)

    def region(self, name: str) -> Project | None:
        """The project of the region that ``name`` begins with; None: of none (T1-9)."""
        region, _, rest = name.partition("_")
        found = (one for one in self._truth.values() if one.name == region and region in REGIONS)
        return next(found, None) if rest else None

    def is_built_in(self, project: Project) -> bool:
        """Whether it is one of the vendor's own (T1-20)."""
        return project.parent_id == self.account_id and project.name in (*REGIONS, BUILT_IN)

    def catch_up(self, now: float) -> None:
        """Let reads show everything that was written until now."""
        self.advance(now)
        self._caught_up_at = now

    def new_id(self) -> str:
        """An id as IAM makes them."""
        return self._random.randbytes(16).hex()

    # Who is asking

    def rotate(self) -> None:
        """A new password; the old one, and every token that it gave, is refused from now on (T3-4)."""
        self.password = self._random.randbytes(24).hex()
        self._tokens.clear()

    def end_sessions(self) -> None:
        """Let every token be refused from now on (T3-4)."""
        self._tokens.clear()

    def fail_over(self) -> None:
        """Let every token be answered with 410 (T2-10)."""
        self._tokens = {value: replace(token, dead=True) for value, token in self._tokens.items()}

    def issue(self, user: str, now: float, *, project_id: str = "") -> tuple[str, Token]:
        """A new token, and what it is."""
        value = f"MIIC{self._random.randbytes(48).hex()}"
        self._tokens[value] = Token(user, now + self.settings.token_life, project_id)
        return value, self._tokens[value]

    def authenticate(self, value: str, now: float) -> Token:
        """Whose token ``value`` is; the refusal of others."""
        token = self._tokens.get(value)
        if token is None or now >= token.expires_at:
            raise unauthorized("The request you have made requires authentication.")
        if token.dead:
            raise failed_over()
        return token

    def count_anew(self) -> None:
        """Forget how much was asked."""
        self._asked.clear()

    def is_too_much(self, now: float) -> bool:
        """Whether one more request now is one too many; it counts where it is not (T5-3)."""
        if not self.settings.limit:
            return False
        while self._asked and self._asked[0] <= now - self.settings.window:
            self._asked.popleft()
        if len(self._asked) >= self.settings.limit:
            return True
        self._asked.append(now)
        return False
