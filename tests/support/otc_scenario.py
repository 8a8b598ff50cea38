"""A namespace, the embedded IAM of Open Telekom Cloud, and the operator between them."""

from dataclasses import dataclass, field
from typing import Any

from hosting import KEPT
from objects import Object
from scenario import BACKEND, SECRET, Scene, manifest

from project_operator.api import names
from project_operator.sandbox.identity.otc.admin_models import ProjectSnapshot
from project_operator.sandbox.identity.otc.embedded import EmbeddedIAM
from project_operator.sandbox.identity.otc.settings import OTCSettings


@dataclass
class OTCScenario(Scene):
    """A scene in front of a region of an account. Reads are late enough to miss what was just made."""

    iam: EmbeddedIAM = field(
        default_factory=lambda: EmbeddedIAM(
            OTCSettings(read_lag=0.2, list_lag=0.2, deletion_delay=0.3), keep_alive=KEPT
        )
    )

    def open(self) -> None:
        """Start IAM and make the namespace."""
        self.iam.start()
        super().open()

    def close(self) -> None:
        """Leave the operator nothing to do here, and stop IAM."""
        super().close()
        self.iam.stop()

    def connect(self, prefix: str = "Prepend", **spec: Any) -> None:
        """Apply credential and backend object, and wait until that is Ready."""
        self.apply(self.secret(), self.backend(prefix, **spec))
        self.wait_ready(BACKEND, kind="IdentityBackend")

    def backend(self, prefix: str = "Prepend", /, **spec: Any) -> Object:
        """An IdentityBackend for the region."""
        about = self.iam.admin.about()
        member = {
            "url": self.iam.url,
            "domain": {"name": about.account_name},
            "region": about.region,
            "regionPrefix": prefix,
            "auth": {"password": {"secretRef": {"name": SECRET}}},
        }
        defaults = {
            "consistency": {"readLag": "400ms", "inFlightBound": "1s"},
            "timeout": "1s",
            "interval": "1s",
            "rateLimit": {"requestsPerSecond": 1000, "burst": 1000, "maxInFlight": 16},
        }
        return manifest("IdentityBackend", BACKEND, {"openTelekomCloud": member} | defaults | spec)

    def secret(self, name: str = SECRET, /) -> Object:
        """A Secret with the user's credentials."""
        about = self.iam.admin.about()
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": {names.CREDENTIALS_LABEL: "true"}},
            "type": "kubernetes.io/basic-auth",
            "stringData": {"username": about.username, "password": about.password},
        }

    def remotes(self) -> tuple[ProjectSnapshot, ...]:
        """All projects but the vendor's own."""
        return tuple(one for one in self.iam.admin.state().projects if not one.built_in)

    def remote(self) -> ProjectSnapshot:
        """The only project there is."""
        (project,) = self.remotes()
        return project

    def count(self, *operations: str) -> int:
        """How often IAM was asked for these."""
        counts = self.iam.admin.counts()
        return sum(counts[operation].requests for operation in operations if operation in counts)

    def requests(self) -> list[str]:
        """The latest requests, a line each."""
        return [str(one) for one in self.iam.admin.requests()[-80:]]
