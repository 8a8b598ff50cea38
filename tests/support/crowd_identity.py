"""The identity server of a crowd, whoever's it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from project_operator.api.marks import MARK_PREFIX
from project_operator.api.names import MARK_TAG
from project_operator.sandbox.identity.admin_client import AdminClient
from project_operator.sandbox.identity.csp.embedded import EmbeddedPlatform
from project_operator.sandbox.identity.csp.settings import CSPSettings
from project_operator.sandbox.identity.embedded import EmbeddedServer
from project_operator.sandbox.identity.k5.embedded import EmbeddedK5
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.otc.embedded import EmbeddedIAM
from project_operator.sandbox.identity.otc.settings import OTCSettings


@dataclass(frozen=True, slots=True)
class Held:
    """A living project as the identity server truly holds it."""

    id: str
    uid: str
    """Of the Project of Kubernetes that its mark names; "" where it carries none."""
    creation_time: float


class CrowdIdentity(Protocol):
    """A server with the operations ``createProject`` and ``listProjects``, faults and a request log."""

    repeats_creation: ClassVar[bool]
    """Whether a creation of unknown outcome is sent again once it is proved to have come to nothing; else a person
    decides."""

    @property
    def admin(self) -> AdminClient:
        """Its admin interface."""

    def start(self) -> None:
        """Serve."""

    def stop(self) -> None:
        """Serve no more."""

    def secret(self) -> Mapping[str, str]:
        """What the Secret with the operator's credential holds."""

    def member(self, secret: str) -> Mapping[str, Any]:
        """Its member of the union in an IdentityBackend, with the Secret of that name."""

    def slow_down(self, *, read_lag: float, provisioning: float) -> None:
        """Let reads be so old and provisioning take so long, in seconds, as far as it does either."""

    def living(self) -> list[Held]:
        """All projects but those that are being deleted."""


Server = TypeVar("Server", bound=EmbeddedServer[Any])


class _Embedded(Generic[Server]):
    """What each has because it is an embedded server."""

    repeats_creation: ClassVar[bool] = True

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def admin(self) -> AdminClient:
        client: AdminClient = self.server.admin
        return client

    def start(self) -> None:
        self.server.start()

    def stop(self) -> None:
        self.server.stop()


class NscaleCrowdIdentity(_Embedded[EmbeddedIdentityServer]):
    """nscale Identity."""

    def __init__(self) -> None:
        super().__init__(EmbeddedIdentityServer(NscaleSettings(read_lag=0.1, provision_delay=0.3)))

    def secret(self) -> Mapping[str, str]:
        return {"token": self.server.token}

    def member(self, secret: str) -> Mapping[str, Any]:
        auth = {"serviceAccountToken": {"secretRef": {"name": secret}}}
        return {"nscale": {"url": self.server.url, "auth": auth}}

    def slow_down(self, *, read_lag: float, provisioning: float) -> None:
        self.server.admin.configure(read_lag=read_lag, provision_delay=provisioning)

    def living(self) -> list[Held]:
        return [
            Held(one.id, (one.tag(MARK_TAG) or "").rpartition(":")[2], one.creation_time)
            for one in self.server.admin.projects()
            if one.deletion_time is None
        ]


class OTCCrowdIdentity(_Embedded[EmbeddedIAM]):
    """Open Telekom Cloud, which provisions at once and holds the mark in the description."""

    def __init__(self) -> None:
        super().__init__(EmbeddedIAM(OTCSettings(read_lag=0.1, list_lag=0.1)))

    def secret(self) -> Mapping[str, str]:
        about = self.server.admin.about()
        return {"username": about.username, "password": about.password}

    def member(self, secret: str) -> Mapping[str, Any]:
        about = self.server.admin.about()
        return {
            "openTelekomCloud": {
                "url": self.server.url,
                "domain": {"name": about.account_name},
                "region": about.region,
                "regionPrefix": "Prepend",
                "auth": {"password": {"secretRef": {"name": secret}}},
            }
        }

    def slow_down(self, *, read_lag: float, provisioning: float) -> None:  # noqa: ARG002 - it provisions at once
        self.server.admin.configure(read_lag=read_lag, list_lag=read_lag)

    def living(self) -> list[Held]:
        return [
            Held(one.id, _owner(one.description), one.creation_time)
            for one in self.server.admin.state().projects
            if not one.built_in and not one.deleting
        ]


class K5CrowdIdentity(_Embedded[EmbeddedK5]):
    """Fujitsu K5, whose reads show at once what was written."""

    def __init__(self) -> None:
        super().__init__(EmbeddedK5())

    def secret(self) -> Mapping[str, str]:
        about = self.server.admin.about()
        return {"username": about.user_name, "password": about.password}

    def member(self, secret: str) -> Mapping[str, Any]:
        auth = {"password": {"secretRef": {"name": secret}}}
        return {"fujitsuK5": {"url": self.server.url, "domain": {"id": self.server.domain_id}, "auth": auth}}

    def slow_down(self, *, read_lag: float, provisioning: float) -> None:
        """It is neither late nor slow."""

    def living(self) -> list[Held]:
        projects = self.server.admin.state().projects
        return [Held(one.id, _owner(one.description), one.creation_time) for one in projects]


class CSPCrowdIdentity(_Embedded[EmbeddedPlatform]):
    """VMware Cloud Services Platform, where no creation is repeated without a person's word."""

    repeats_creation = False

    def __init__(self) -> None:
        super().__init__(EmbeddedPlatform(CSPSettings(read_lag=0.1, list_lag=0.1)))

    def secret(self) -> Mapping[str, str]:
        about = self.server.admin.about()
        return {"client-id": about.client_id, "client-secret": about.client_secret}

    def member(self, secret: str) -> Mapping[str, Any]:
        auth = {"clientCredentials": {"secretRef": {"name": secret}}}
        return {"vmwareCSP": {"url": self.server.url, "organization": self.server.organization_id, "auth": auth}}

    def slow_down(self, *, read_lag: float, provisioning: float) -> None:  # noqa: ARG002 - it provisions at once
        self.server.admin.configure(read_lag=read_lag, list_lag=read_lag)

    def living(self) -> list[Held]:
        projects = self.server.admin.state().projects
        return [Held(one.id, _owner(one.description or ""), one.creation_time) for one in projects]


def _owner(description: str) -> str:
    """The uid in the mark that is the description's last word; "" where that is none."""
    word = description.rpartition(" ")[2]
    return word.rpartition(":")[2] if word.startswith(MARK_PREFIX) else ""


VENDORS: Final[Mapping[str, type[CrowdIdentity]]] = {
    "nscale": NscaleCrowdIdentity,
    "otc": OTCCrowdIdentity,
    "k5": K5CrowdIdentity,
    "csp": CSPCrowdIdentity,
}
