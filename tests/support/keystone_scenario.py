"""A namespace, a domain of the real Keystone, and the operator between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from keystone import Domain
from objects import Object
from scenario import BACKEND, SECRET, Scene, manifest
from waiting import wait_until

from project_operator.api import names
from project_operator.sandbox.identity.keystone.admin_client import Assignment, KeystoneAdminClient, ProjectSnapshot
from project_operator.sandbox.identity.keystone.embedded import AnsweredRequest

OPERATOR: Final = "project-operator/"
"""How the operator's user agent begins."""
_READS: Final = ("GET", "HEAD")


@dataclass
class KeystoneScenario(Scene):
    """A scene in front of a domain that the operator manages with the least privilege there is."""

    domain: Domain = field(kw_only=True)

    @property
    def admin(self) -> KeystoneAdminClient:
        """Sees and does everything in Keystone."""
        return self.domain.admin

    # What a user does.

    def backend(self, name: str = BACKEND, /, *, keystone: Mapping[str, Any] | None = None, **spec: Any) -> Object:
        """An IdentityBackend for the domain; ``keystone`` changes fields of that member."""
        member = {
            "url": self.domain.url,
            "domain": {"id": self.domain.id},
            "auth": {"password": {"secretRef": {"name": SECRET}}},
        }
        defaults = {
            "consistency": {"readLag": "300ms", "inFlightBound": "2s"},
            "timeout": "2s",
            "interval": "1s",
        }
        return manifest("IdentityBackend", name, {"keystone": member | dict(keystone or {})} | defaults | spec)

    def secret(self, name: str = SECRET, /, **data: str) -> Object:
        """A Secret with the manager's password, or with ``data``."""
        manager = self.domain.manager
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": {names.CREDENTIALS_LABEL: "true"}},
            "stringData": data or {"username": manager.name, "password": manager.password},
        }

    def connect(self, secret: Object | None = None, backend: Object | None = None) -> None:
        """Apply credential and backend object, by default the manager's, and wait until that is Ready."""
        self.apply(secret or self.secret(), backend or self.backend())
        self.wait_ready(BACKEND, kind="IdentityBackend")

    # What Keystone was asked, and holds.

    def remote(self, name: str = "team") -> ProjectSnapshot:
        """The one project of the domain that has this name."""
        (project,) = self.admin.projects(self.domain.id, name)
        return project

    def own_tags(self, name: str = "team") -> set[str]:
        """Its tags without our mark."""
        return {tag for tag in self.remote(name).tags if not tag.startswith("iproj1:")}

    def assignments(self, name: str = "team") -> frozenset[Assignment]:
        """The role assignments on that project."""
        return self.admin.assignments(f"projects/{self.remote(name).id}")

    def calls(self, *, after: int = 0) -> list[AnsweredRequest]:
        """What the operator has asked Keystone to change, of all that it has asked, sign-in apart."""
        return [
            one
            for one in self.domain.server.requests(OPERATOR, after=after)
            if one.method not in _READS and one.path != "/v3/auth/tokens"
        ]

    def asked(self) -> int:
        """How many requests Keystone has answered: what comes later can be asked for with ``after``."""
        return len(self.domain.server.requests())

    def assert_quiet(self, listings: int = 2) -> None:
        """Nothing is written, neither to the API server nor to Keystone, for so many more listings."""
        start, before = self.asked(), len(self.writes())

        def look() -> bool:
            read = self.domain.server.requests(OPERATOR, after=start)
            return sum(one.path == "/v3/projects" and self.domain.id in one.query for one in read) >= listings

        wait_until(look, f"{listings} more listings")
        assert self.writes()[before:] == []
        assert self.calls(after=start) == []

    # For whoever looks at a failure.

    def requests(self) -> list[str]:
        """The latest requests of the operator, a line each."""
        return [str(one) for one in self.domain.server.requests(OPERATOR)[-80:]]
