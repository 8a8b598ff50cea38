"""A namespace, the embedded Fujitsu K5, and the operator between them."""

from dataclasses import dataclass, field
from typing import Any

from objects import Object
from scenario import BACKEND, SECRET, Scene, manifest

from project_operator.api import names
from project_operator.sandbox.identity.k5.admin_models import ProjectSnapshot
from project_operator.sandbox.identity.k5.embedded import EmbeddedK5


@dataclass
class K5Scenario(Scene):
    """A scene in front of a contract's domain in one region."""

    region: EmbeddedK5 = field(default_factory=EmbeddedK5)

    def open(self) -> None:
        """Start the server and make the namespace."""
        self.region.start()
        super().open()

    def close(self) -> None:
        """Leave the operator nothing to do here, and stop the server."""
        super().close()
        self.region.stop()

    def connect(self, **spec: Any) -> None:
        """Apply credential and backend object, and wait until that is Ready."""
        self.apply(self.secret(), self.backend(**spec))
        self.wait_ready(BACKEND, kind="IdentityBackend")

    def backend(self, name: str = BACKEND, /, **spec: Any) -> Object:
        """An IdentityBackend for the domain."""
        member = {
            "url": self.region.url,
            "domain": {"id": self.region.domain_id},
            "auth": {"password": {"secretRef": {"name": SECRET}}},
        }
        defaults = {
            "consistency": {"readLag": "300ms", "inFlightBound": "1s"},
            "timeout": "1s",
            "interval": "1s",
            "rateLimit": {"requestsPerSecond": 1000, "burst": 1000, "maxInFlight": 16},
        }
        return manifest("IdentityBackend", name, {"fujitsuK5": member} | defaults | spec)

    def secret(self, name: str = SECRET, /) -> Object:
        """A Secret with the administrator's credentials."""
        about = self.region.admin.about()
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": {names.CREDENTIALS_LABEL: "true"}},
            "stringData": {"username": about.user_name, "password": about.password},
        }

    def remotes(self) -> tuple[ProjectSnapshot, ...]:
        """All projects, without the one that came with the contract."""
        return self.region.admin.state().projects

    def remote(self) -> ProjectSnapshot:
        """The only project there is."""
        (project,) = self.remotes()
        return project

    def count(self, *operations: str) -> int:
        """How often the server was asked for these."""
        counts = self.region.admin.counts()
        return sum(counts[operation].requests for operation in operations if operation in counts)

    def requests(self) -> list[str]:
        """The latest requests, a line each."""
        return [str(one) for one in self.region.admin.requests()[-80:]]
