"""What the contract suite needs to know of a backend: one class for each vendor, nothing of a vendor in the tests."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final, Literal, Protocol

from project_operator.api.names import MARK_TAG
from project_operator.backends.addresses import AddressRules
from project_operator.backends.base import Backend, ProjectContent, Tag
from project_operator.backends.calls import TransportSettings
from project_operator.backends.nscale import NscaleConfig, open_backend
from project_operator.backends.vendor import Surroundings
from project_operator.sandbox.identity.faults import Fault, FaultAction
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.tls import TLSFiles

Verb = Literal["create", "update", "delete"]

LOOPBACK: Final = TransportSettings(
    allow_http=True, addresses=AddressRules(allowed=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
)


@dataclass(frozen=True)
class Connecting:
    """Changes to the way a connection is made; None: as it works."""

    url: str | None = None
    credential: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    ca_bundle: str = ""
    timeout: float = 5.0
    connections: int = 8


class Harness(ABC):
    """An embedded identity server of one kind, with one organization and a credential that may do everything in it."""

    key: str
    url: str
    credential: str
    organization_id: str
    organization_name: str
    requests_to_find_the_organization: int
    url_field: str
    ca_field: str
    organization_field: str
    longest_name: str
    shortest_name: str
    tags: bool = True
    """Whether projects have tags."""

    @abstractmethod
    def open(self, how: Connecting = Connecting(), *, admission: Any = None) -> Backend:
        """A connection; `Backend.connect` is for the test to call."""

    @abstractmethod
    def truth(self) -> dict[str, ProjectContent]:
        """All projects of the organization as they really are, without those being deleted, by id."""

    @abstractmethod
    def asked(self, verb: Verb) -> int:
        """How many such requests have arrived since the test began."""

    @abstractmethod
    def make(self, content: ProjectContent) -> str:
        """A project that somebody else made, to be seen at once; its id."""

    @abstractmethod
    def make_many(self, count: int) -> set[str]:
        """Many projects of no interest; their ids."""

    @abstractmethod
    def make_elsewhere(self) -> str:
        """A project of another organization which the server lists with ours; its id."""

    @abstractmethod
    def vanish(self, project_id: str) -> None:
        """Let a project be gone at once, for reads too."""

    @abstractmethod
    def catch_up(self) -> None:
        """Let reads show what was written."""

    @abstractmethod
    def make_group(self, name: str) -> str:
        """A group that projects can have; its id."""

    @abstractmethod
    def lose_rights(self) -> None:
        """Take all rights from the credential, so that lists are empty."""

    @abstractmethod
    def revoke_credential(self) -> None:
        """Let the credential be refused from now on."""

    @abstractmethod
    def take_name(self, name: str) -> None:
        """Make the name unusable for creations."""

    @abstractmethod
    def race(self, project_id: str) -> None:
        """Let somebody else win the next update of the project."""

    @abstractmethod
    def drop_next(self, verb: Verb) -> None:
        """Let the server do what it is asked next and close the connection instead of answering."""

    @abstractmethod
    def provision_after(self, seconds: float) -> None:
        """Let provisioning take so long, where there is such a thing."""

    @abstractmethod
    def block_deletion(self, project_id: str) -> None:
        """Let the deletion of a project take for ever, where it takes any time."""

    @abstractmethod
    def wrong_contents(self) -> Iterator[ProjectContent]:
        """Contents that the server refuses."""

    @abstractmethod
    def unused_id(self) -> str:
        """An id as the server makes them, of nothing."""

    @abstractmethod
    def reset(self) -> None:
        """Be as new."""


class NscaleHarness(Harness):
    """nscale Identity."""

    key = "nscale"
    requests_to_find_the_organization = 1
    url_field = "spec.nscale.url"
    ca_field = "spec.nscale.caBundle"
    organization_field = "spec.nscale.organization"
    longest_name = "A" + "-_." * 20 + "z9"
    shortest_name = "x"

    _OPERATIONS: Final = {"create": "createProject", "update": "updateProject", "delete": "deleteProject"}

    def __init__(self, server: EmbeddedIdentityServer) -> None:
        self.server = server
        self.url = server.url
        self.organization_id = server.organization_id
        self.organization_name = "demo"
        self.account = server.service_account_id
        self._others: list[str] = []
        self._settings = NscaleSettings(
            dialect="1.18", read_lag=0.0, token_lag=0.0, provision_delay=0.05, acl_cache=0.0
        )

    def open(self, how: Connecting = Connecting(), *, admission: Any = None) -> Backend:
        config = NscaleConfig(
            url=how.url or self.url,
            token=how.credential or self.credential,
            organization_id=how.organization_id or "",
            organization_name=how.organization_name or "",
            ca_bundle=how.ca_bundle,
            timeout=how.timeout,
            connections=how.connections,
        )
        return open_backend(config, Surroundings(LOOPBACK, admission=admission))

    def truth(self) -> dict[str, ProjectContent]:
        return {
            project.id: ProjectContent(
                project.name,
                project.description,
                tuple(Tag(tag.name, tag.value) for tag in project.tags if tag.name != MARK_TAG),
                project.group_ids,
                project.tag(MARK_TAG) or "",
            )
            for project in self.server.admin.projects()
            if project.organization_id == self.organization_id and project.deletion_time is None
        }

    def asked(self, verb: Verb) -> int:
        counts = self.server.admin.counts().get(self._OPERATIONS[verb])
        return counts.requests if counts else 0

    def make(self, content: ProjectContent) -> str:
        (project_id,) = self.server.admin.make_projects(name_prefix=content.name, group_ids=content.group_ids)
        tags = {tag.name: tag.value for tag in content.tags} | ({MARK_TAG: content.mark} if content.mark else {})
        self.server.admin.edit_project(project_id, description=content.description, tags=tags)
        self.catch_up()
        return project_id

    def make_many(self, count: int) -> set[str]:
        ids = set(self.server.admin.make_projects(count))
        self.catch_up()
        return ids

    def make_elsewhere(self) -> str:
        organization_id = self.server.admin.make_organization("elsewhere")
        (project_id,) = self.server.admin.make_projects(organization_id=organization_id)
        self.server.admin.edit_organization(self.organization_id, ready=False)  # lists all namespaces (N4-3)
        self.catch_up()
        return project_id

    def vanish(self, project_id: str) -> None:
        self.server.admin.remove_project(project_id, at_once=True)
        self.catch_up()

    def catch_up(self) -> None:
        self.server.admin.catch_up()

    def make_group(self, name: str) -> str:
        group_id = self.server.admin.make_group(name)
        self.catch_up()
        return group_id

    def lose_rights(self) -> None:
        self.server.admin.revoke(self.account)
        self.catch_up()

    def revoke_credential(self) -> None:
        self.server.admin.rotate(self.account)
        self.catch_up()

    def take_name(self, name: str) -> None:
        self.server.admin.configure(unique_names=True)
        self.make(ProjectContent(name))

    def race(self, project_id: str) -> None:
        self.server.admin.configure(read_lag=3600.0)
        self.server.admin.edit_project(project_id, description="somebody else's")

    def drop_next(self, verb: Verb) -> None:
        self.server.admin.add_fault(Fault(action=FaultAction.DROP, operation=self._OPERATIONS[verb]))

    def provision_after(self, seconds: float) -> None:
        self.server.admin.configure(provision_delay=seconds)

    def block_deletion(self, project_id: str) -> None:
        self.server.admin.add_reference(project_id, "clusters.example.com/one")

    def wrong_contents(self) -> Iterator[ProjectContent]:
        yield ProjectContent("-not a label value-")
        yield ProjectContent("")
        yield ProjectContent("x" * 64)
        yield ProjectContent("a", group_ids=("a3ce929d-0e0e-4736-b3b4-c6a3f5a2c0de",))

    def unused_id(self) -> str:
        return "a3ce929d-0e0e-4736-b3b4-c6a3f5a2c0de"

    def make_account(self, role: str) -> str:
        """Another service account of the organization; its token."""
        account = self.server.admin.make_service_account("another", role, organization_id=self.organization_id)
        self._others.append(account.service_account_id)
        self.catch_up()
        return account.token

    def reset(self) -> None:
        admin = self.server.admin
        admin.clear_faults()
        admin.configure(**self._settings.model_dump())
        admin.edit_organization(self.organization_id, ready=True)
        admin.remove_all_projects(at_once=True)
        while self._others:
            admin.remove_service_account(self._others.pop())
        admin.restore(self.account)
        self.credential = admin.rotate(self.account).token
        admin.catch_up()
        admin.clear_requests()


@contextmanager
def nscale(tls: TLSFiles | None = None) -> Iterator[Harness]:
    """A running nscale server."""
    with EmbeddedIdentityServer(NscaleSettings(dialect="1.18", read_lag=0.0), tls=tls) as server:
        yield NscaleHarness(server)


class Start(Protocol):
    """Runs a server; https where ``tls`` is given."""

    def __call__(self, tls: TLSFiles | None = None) -> AbstractContextManager[Harness]:
        """The server's harness; `Harness.reset` is for the test to call."""


HARNESSES: Final[dict[str, Start]] = {"nscale": nscale}
"""Every backend that the suite runs over, by the key of its vendor."""
