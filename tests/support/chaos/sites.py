"""The identity servers that Projects are made in, one of each kind, and what each truly holds."""

import contextlib
import dataclasses
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from crowd_identity import CrowdIdentity, CSPCrowdIdentity, K5CrowdIdentity, NscaleCrowdIdentity, OTCCrowdIdentity
from keystone import PASSWORD, Domain, make_domain
from pydantic import BaseModel

from project_operator.api.marks import MARK_PATTERN
from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.identity.csp.admin_models import MakeProjects as MakeCSPProjects
from project_operator.sandbox.identity.k5.admin_models import MakeProjects as MakeK5Projects
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone
from project_operator.sandbox.identity.otc.admin_models import MakeProjects as MakeOTCProjects

READ_LAG: Final = 0.1
"""Seconds by which reads lag, where the server's do."""
CALLER: Final = "project-operator/"
"""What the operator's user agent begins with."""
CREATED: Final = ("POST", "/v3/projects", 201)
BRIEF: Final = 0.15
"""Seconds that provisioning and deleting take, where they do not happen at once."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A project as the server truly holds it."""

    id: str
    name: str
    """As Projects have it."""
    uid: str
    """Of the Project that its mark names; "" where it carries none."""
    leaving: bool
    """Whether its deletion was accepted."""
    text: str
    """All of it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A creation that took effect, as the server's own log has it."""

    name: str
    """As Projects have it; "" where the log has none."""
    begun: float
    """When it came, in seconds since the epoch; 0 where the log has no times."""


class Site(Protocol):
    """One server."""

    name: str
    """What its backend object is called, and the Secret."""
    deletion_policy: str
    """The strongest that it offers."""
    repeats_creation: bool
    """Whether a creation of unknown outcome is repeated without a person's word."""
    unique_names: bool
    """Whether a second project of a name is refused: then a request for one may come twice."""
    content: Mapping[str, Any]
    """Fields of a spec that it can hold, beside name and description."""
    single: str
    """Pattern of the path of one project."""
    listing: str
    """Pattern of the path of all."""

    @property
    def url(self) -> str:
        """Where it is. Known once it was started."""

    def start(self) -> None:
        """Serve."""

    def stop(self) -> None:
        """Serve no more."""

    def secret(self) -> Mapping[str, str]:
        """What the Secret with the operator's credential holds."""

    def member(self) -> Mapping[str, Any]:
        """Its member of the union in a backend object's spec."""

    def lag(self, seconds: float) -> None:
        """Let reads be so old, where it can."""

    def plant(self, name: str) -> str:
        """Make a project as somebody else would; its id."""

    def truth(self) -> list[Remote]:
        """All projects."""

    def made(self) -> list[Made]:
        """The creations of the operator's that took effect, by the server's own log."""

    def end_tokens(self, shown: Collection[str]) -> Mapping[str, str]:
        """Let every token end; ``shown`` are those that the operator has shown.

        Where the Secret held the token: what it is to hold from then on.
        """


class _Embedded:
    """What those have that are embedded servers of our own."""

    name: str
    content: Mapping[str, Any] = {}
    unique_names = True
    prefix = ""
    """Before the name of every project."""

    def __init__(self, identity: CrowdIdentity) -> None:
        self.identity = identity
        self.repeats_creation = identity.repeats_creation
        self.server: Any = identity.server  # type: ignore[attr-defined]  # each has it, of its own type

    @property
    def url(self) -> str:
        return str(self.server.url)

    def start(self) -> None:
        self.identity.start()

    def stop(self) -> None:
        self.identity.stop()

    def secret(self) -> Mapping[str, str]:
        return self.identity.secret()

    def member(self) -> Mapping[str, Any]:
        return self.identity.member(self.name)

    def lag(self, seconds: float) -> None:
        self.identity.slow_down(read_lag=seconds, provisioning=BRIEF)

    def made(self) -> list[Made]:
        log = self.identity.admin.requests(operation="createProject")
        return [Made(one.name.removeprefix(self.prefix), one.begun) for one in log if one.committed]

    def end_tokens(self, shown: Collection[str]) -> Mapping[str, str]:  # noqa: ARG002 - the server knows them
        self.server.admin.end_sessions()
        return {}


class NscaleSite(_Embedded):
    """nscale Identity: asynchronous, with tags."""

    name = "nscale"
    deletion_policy = "Delete"
    unique_names = False
    content: Mapping[str, Any] = {"tags": [{"name": "colour", "value": "blue"}]}
    single = "*/projects/*"
    listing = "*/projects"

    def __init__(self) -> None:
        super().__init__(NscaleCrowdIdentity())

    def start(self) -> None:
        super().start()
        self.server.admin.configure(
            read_lag=READ_LAG, provision_delay=BRIEF, deprovision_delay=BRIEF, pickup_delay=0.02, controller_retry=0.3
        )

    def end_tokens(self, shown: Collection[str]) -> Mapping[str, str]:  # noqa: ARG002 - there is one
        """The token that the Secret holds, as when somebody has it replaced."""
        account = self.server.admin.about().service_account_id
        return {"token": self.server.admin.rotate(account).token}

    def plant(self, name: str) -> str:
        (made,) = self.server.admin.make_projects(1, name_prefix=name, description="found")
        return str(made)

    def truth(self) -> list[Remote]:
        return [_remote(one, one.name, leaving=one.deletion_time is not None) for one in self.server.admin.projects()]


class OTCSite(_Embedded):
    """Open Telekom Cloud: names with the region in front, the mark in the description, deletes over time."""

    name = "otc"
    deletion_policy = "Delete"
    single = "/v3*/projects/*"
    listing = "/v3/projects"

    def __init__(self) -> None:
        super().__init__(OTCCrowdIdentity())

    def start(self) -> None:
        super().start()
        self.server.admin.configure(read_lag=READ_LAG, list_lag=READ_LAG, deletion_delay=BRIEF)
        self.prefix = f"{self.server.admin.about().region}_"

    def plant(self, name: str) -> str:
        wanted = MakeOTCProjects(name=f"{self.prefix}{name}", description="found")
        return str(self.server.admin.make_projects(wanted)[0])

    def truth(self) -> list[Remote]:
        return [
            _remote(one, one.name.removeprefix(self.prefix), leaving=one.deleting)
            for one in self.server.admin.state().projects
            if not one.built_in
        ]


class K5Site(_Embedded):
    """Fujitsu K5: no deletion."""

    name = "k5"
    deletion_policy = "Disable"
    single = "/v3/projects/*"
    listing = "/v3/projects"

    def __init__(self) -> None:
        super().__init__(K5CrowdIdentity())

    def plant(self, name: str) -> str:
        return str(self.server.admin.make_projects(MakeK5Projects(name=name, description="found"))[0])

    def truth(self) -> list[Remote]:
        return [_remote(one, one.name) for one in self.server.admin.state().projects]


class CSPSite(_Embedded):
    """VMware Cloud Services Platform: no deletion, and nobody can tell what became of a lost creation."""

    name = "csp"
    deletion_policy = "Orphan"
    unique_names = False
    single = "*/projects/*"
    listing = "*/projects"

    def __init__(self) -> None:
        super().__init__(CSPCrowdIdentity())

    def plant(self, name: str) -> str:
        return str(self.server.admin.make_projects(MakeCSPProjects(display_name=name, description="found"))[0])

    def truth(self) -> list[Remote]:
        return [_remote(one, one.display_name) for one in self.server.admin.state().projects]


class KeystoneSite:
    """The real Keystone, a domain of it."""

    name = "keystone"
    deletion_policy = "Delete"
    repeats_creation = True
    unique_names = True
    content: Mapping[str, Any] = {"tags": [{"name": "colour", "value": "blue"}]}
    single = "/v3/projects/*"
    listing = "/v3/projects"

    def __init__(self) -> None:
        self._server = EmbeddedKeystone(report=Report(sys.__stderr__))
        self._domain: Domain | None = None

    @property
    def url(self) -> str:
        return self._server.url.removesuffix("/v3")

    @property
    def domain(self) -> Domain:
        assert self._domain is not None, "it was not started"
        return self._domain

    def start(self) -> None:
        self._server.start()
        self._domain = make_domain(self._server)

    def stop(self) -> None:
        self._server.close()

    def secret(self) -> Mapping[str, str]:
        return {"username": self.domain.manager.name, "password": PASSWORD}

    def member(self) -> Mapping[str, Any]:
        auth = {"password": {"secretRef": {"name": self.name}}}
        return {"keystone": {"url": self.domain.url, "domain": {"id": self.domain.id}, "auth": auth}}

    def lag(self, seconds: float) -> None:
        """It has none."""

    def end_tokens(self, shown: Collection[str]) -> Mapping[str, str]:
        for token in shown:
            with contextlib.suppress(SandboxError):  # it has ended already
                self.domain.admin.revoke(token)
        return {}

    def plant(self, name: str) -> str:
        return self.domain.admin.make_project(name, self.domain.id, description="found")

    def truth(self) -> list[Remote]:
        return [_remote(one, one.name) for one in self.domain.admin.projects(self.domain.id)]

    def made(self) -> list[Made]:
        answered = self._server.requests(CALLER)
        return [Made("", 0.0) for one in answered if (one.method, one.path, one.status) == CREATED]


SITES: Final[Mapping[str, type[Site]]] = {
    "nscale": NscaleSite,
    "keystone": KeystoneSite,
    "otc": OTCSite,
    "k5": K5Site,
    "csp": CSPSite,
}


def _remote(snapshot: Any, name: str, *, leaving: bool = False) -> Remote:
    document = snapshot.model_dump(mode="json") if isinstance(snapshot, BaseModel) else dataclasses.asdict(snapshot)
    text = json.dumps(document, sort_keys=True, default=sorted)
    found = MARK_PATTERN.search(text)
    return Remote(snapshot.id, name, found[4] if found else "", leaving, text)


def named(remotes: Sequence[Remote], name: str) -> list[Remote]:
    """Those of that name."""
    return [one for one in remotes if one.name == name]
