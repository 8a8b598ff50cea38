"""What is so, who may do what, and how late reads see it."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from random import Random
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from project_operator.sandbox.identity.csp.refusals import unauthorized
from project_operator.sandbox.identity.csp.resources import ORG_DEFAULT, Caller, Group, Project
from project_operator.sandbox.identity.csp.settings import CSPSettings

OWNER: Final = "organization owner"
PROJECT_ADMIN: Final = "project administrator"
MEMBER: Final = "organization member"
MANAGERS: Final = frozenset({OWNER, PROJECT_ADMIN})
"""Who may read and write projects (V2-22)."""
OWNERS: Final = frozenset({OWNER})
"""Who may read groups and what was deleted (V2-5, V7-1)."""

Versions = list[tuple[float, Project | None]]


class State:
    """One organization of the platform. Times are seconds since the epoch."""

    def __init__(self, settings: CSPSettings, random: Random, now: float) -> None:
        self.settings = settings
        self.revision = 0
        """Grows with every change."""
        self.groups: dict[str, Group] = {}
        self.deleted: dict[str, Project] = {}
        """What was deleted softly (V8-2)."""
        self.mails = 0
        """How often people were written to about their roles (V7-8)."""
        self.role = OWNER
        """Of every caller."""
        self._random = random
        self._key = random.randbytes(32)
        self._projects: dict[str, Versions] = {}
        self._truth: dict[str, Project] = {}
        self._caught_up_at = float("-inf")
        self._tokens: dict[str, tuple[str, float]] = {}
        self.organization_id = self.new_id()
        self.client_id = self._random.randbytes(12).hex()
        self.client_secret = ""
        self.api_token = ""
        self.user = "robot@example.com"
        self.rotate()
        default = Project(self.new_id(), "Default Project", type=ORG_DEFAULT, creation_time=now, created_by="csp")
        self.write(default, now)
        self.default_id = default.id
        self._caught_up_at = now

    # Projects

    def write(self, project: Project, now: float) -> None:
        """Make ``project`` what is."""
        self._projects.setdefault(project.id, []).append((now, project))
        self._truth[project.id] = project
        self.revision += 1

    def remove(self, project: Project, now: float, *, softly: bool = True) -> None:
        """Let a project be gone."""
        self._projects[project.id].append((now, None))
        del self._truth[project.id]
        if softly:
            self.deleted[project.id] = project
        self.revision += 1

    def truth(self) -> dict[str, Project]:
        """All projects as they are, in the order of their creation."""
        return dict(self._truth)

    def seen(self, now: float, lag: float) -> Iterator[Project]:
        """All projects as a read shows them."""
        until = max(now - lag, self._caught_up_at)
        for versions in self._projects.values():
            shown = next((project for at, project in reversed(versions) if at <= until), None)
            if shown is not None:
                yield shown

    def get(self, project_id: str, now: float, lag: float) -> Project | None:
        """One project as a read shows it."""
        until = max(now - lag, self._caught_up_at)
        versions = self._projects.get(project_id, [])
        return next((project for at, project in reversed(versions) if at <= until), None)

    def parents(self) -> frozenset[str]:
        """The ids of what has children."""
        return frozenset(project.parent_id for project in self._truth.values() if project.parent_id is not None)

    def depth(self, project: Project) -> int:
        """How far below the roots, which are at 1."""
        depth = 1
        while project.parent_id is not None and project.parent_id in self._truth:
            depth, project = depth + 1, self._truth[project.parent_id]
        return depth

    def catch_up(self, now: float) -> None:
        """Let reads show everything that was written until now."""
        self._caught_up_at = now

    def vrn(self, name: str) -> str | None:
        """What a new project called ``name`` gets for a VRN (V2-14)."""
        return f"vrn/org:{self.organization_id}/project:{quote(name)}" if self.settings.sends_vrn else None

    def new_id(self) -> str:
        """A UUID."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def trace(self) -> str:
        """A ``requestId``."""
        return self._random.randbytes(8).hex()

    # Who is asking

    def rotate(self) -> None:
        """New credentials; the old ones, and every access token that they gave, are refused from now on (V3-7)."""
        self.client_secret = self._random.randbytes(24).hex()
        self.api_token = self._random.randbytes(32).hex()
        self._tokens.clear()

    def end_sessions(self) -> None:
        """Let every access token be refused from now on (V3-7)."""
        self._tokens.clear()

    def issue(self, name: str, now: float, *, username: str = "") -> str:
        """A new access token: a JWT (V3-3, V3-8)."""
        claims: dict[str, Any] = {
            "sub": name,
            "iat": int(now),
            "exp": int(now + self.settings.token_life),
            "jti": self.trace(),
            "perms": ["csp:org_owner"] if self.role == OWNER else ["csp:org_member"],
        }
        if self.settings.tells_organization:
            claims["context_name"] = self.organization_id
        if username:
            claims["username"] = username
        signed = ".".join(_base64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
        token = f"{signed}.{_base64(hmac.digest(self._key, signed.encode(), hashlib.sha256))}"
        self._tokens[token] = (username or name, now + self.settings.token_life)
        return token

    def authenticate(self, authorization: str, older_header: str, now: float) -> Caller:
        """The caller, by ``Authorization: Bearer`` or the older header (V1-3); 401 otherwise."""
        scheme, _, token = authorization.partition(" ")
        token = older_header or (token if scheme == "Bearer" else "")
        name, end = self._tokens.get(token, ("", 0.0))
        if not name or now >= end:
            raise unauthorized("the access token is missing, unknown or expired")
        return Caller(name, self.role)


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
