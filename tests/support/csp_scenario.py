"""A namespace, the embedded Cloud Services Platform, and the operator between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hosting import KEPT
from objects import Object
from scenario import BACKEND, SECRET, Scene, manifest

from project_operator.api import names
from project_operator.sandbox.identity.csp.admin_models import ProjectSnapshot
from project_operator.sandbox.identity.csp.embedded import EmbeddedPlatform
from project_operator.sandbox.identity.csp.settings import CSPSettings

WRITES = frozenset({"createProject", "updateProject", "deleteProject", "changeGroupRoles"})


@dataclass
class CSPScenario(Scene):
    """A scene in front of an organization of the platform's."""

    platform: EmbeddedPlatform = field(
        default_factory=lambda: EmbeddedPlatform(CSPSettings(list_lag=0.1), keep_alive=KEPT)
    )

    def open(self) -> None:
        """Start the platform and make the namespace."""
        self.platform.start()
        super().open()

    def close(self) -> None:
        """Leave the operator nothing to do here, and stop the platform."""
        super().close()
        self.platform.stop()

    def connect(self, **capabilities: Any) -> None:
        """Apply credential and backend object, and wait until that is Ready."""
        self.apply(self.secret(), self.backend(capabilities=capabilities))
        self.wait_ready(BACKEND, kind="IdentityBackend")

    def backend(self, name: str = BACKEND, /, *, capabilities: Mapping[str, Any] | None = None, **spec: Any) -> Object:
        """An IdentityBackend for the organization."""
        member = {
            "url": self.platform.url,
            "organization": self.platform.organization_id,
            "auth": {"clientCredentials": {"secretRef": {"name": SECRET}}},
            "capabilities": dict(capabilities or {}),
        }
        defaults = {
            "consistency": {"readLag": "300ms", "inFlightBound": "1s"},
            "timeout": "1s",
            "interval": "1s",
            "rateLimit": {"requestsPerSecond": 1000, "burst": 1000, "maxInFlight": 16},
        }
        return manifest("IdentityBackend", name, {"vmwareCSP": member} | defaults | spec)

    def secret(self, name: str = SECRET, /) -> Object:
        """A Secret with the client's credentials."""
        about = self.platform.admin.about()
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": {names.CREDENTIALS_LABEL: "true"}},
            "stringData": {"client-id": about.client_id, "client-secret": about.client_secret},
        }

    def remotes(self) -> tuple[ProjectSnapshot, ...]:
        """All projects, without the default one."""
        return self.platform.admin.state().projects

    def remote(self) -> ProjectSnapshot:
        """The only project there is."""
        (project,) = self.remotes()
        return project

    def count(self, *operations: str) -> int:
        """How often the platform was asked for these."""
        counts = self.platform.admin.counts()
        return sum(counts[operation].requests for operation in operations if operation in counts)

    def requests(self) -> list[str]:
        """The latest requests, a line each."""
        return [str(one) for one in self.platform.admin.requests()[-80:]]
