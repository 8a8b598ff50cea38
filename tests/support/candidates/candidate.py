"""What the contract suite needs to know of a backend, so that nothing of a vendor is in its tests."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

from scripted_server import Received
from troubles import PATIENCE

from candidates.answers import ErrorRow
from candidates.fields import Scene
from project_operator.backends.addresses import AddressRules
from project_operator.backends.base import Backend, ProjectContent, Tag
from project_operator.backends.calls import TransportSettings
from project_operator.backends.vendor import Vendor

LOOPBACK: Final = TransportSettings(
    allow_http=True, addresses=AddressRules(allowed=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
)


class Purpose(StrEnum):
    """What a request is for."""

    SIGN_IN = "sign in"
    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


WRITES: Final = frozenset({Purpose.CREATE, Purpose.UPDATE, Purpose.DELETE})
CALLS: Final = WRITES | {Purpose.READ}
"""Everything but signing in, which a backend does when it needs to."""


@dataclass(frozen=True)
class Remark:
    """What is otherwise with one kind of server than the table of capabilities says of all."""

    words: str
    test: str = ""
    """What proves it, below `tests/contract`; "": the test that proves it elsewhere too."""


@dataclass(frozen=True)
class Connecting:
    """Changes to the way a connection is made; None: as it works."""

    url: str | None = None
    credential: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    ca_bundle: str = ""
    timeout: float = PATIENCE
    connections: int = 8


AS_IT_WORKS: Final = Connecting()


class Candidate(ABC):
    """A running identity server of one kind, with one organization and a credential that may do everything in it."""

    vendor: ClassVar[Vendor]
    url_field: ClassVar[str]
    ca_field: ClassVar[str]
    organization_field: ClassVar[str]
    asynchronous: ClassVar[bool]
    """Whether provisioning goes on after the answer, and deletion."""
    completes: ClassVar[frozenset[str]] = frozenset({"role_assignments"})
    """Fields of `ProjectContent` that a creation does not send: they follow as an update."""
    required_requests: ClassVar[int]
    """Requests that `Backend.connect` cannot do without, sign-in apart; what it asks then is only good to know."""
    looks_before: ClassVar[Mapping[str, int]] = MappingProxyType({})
    """Reads that a call begins with, whatever was read before, by its name."""
    names: ClassVar[tuple[str, ...]]
    """Names at the bounds of what is allowed."""
    tags: ClassVar[tuple[Tag, ...]]
    """Likewise."""
    error_rows: ClassVar[tuple[ErrorRow, ...]]
    """What its answers mean."""
    remarks: ClassVar[Mapping[str, Remark]] = MappingProxyType({})
    """By the test that the table of capabilities (`scripts/capabilities.py`) names."""
    gives_access: ClassVar[bool] = True
    """Whether `access` gives any."""
    answers_in_full: ClassVar[bool] = True
    """Whether the answer to a creation shows the project; otherwise it is to be read."""

    url: str
    credential: str
    secrets: set[str]
    """What must not show anywhere: the credential, and what it was exchanged for as far as that came by."""
    organization_id: str
    organization_name: str

    @classmethod
    @abstractmethod
    def start(cls, fixture: Callable[[str], Any]) -> AbstractContextManager[Self]:
        """Run the server; `reset` is for the test to call. ``fixture`` gets one of the whole run by its name."""

    @abstractmethod
    def open(
        self, how: Connecting = AS_IT_WORKS, *, admission: Any = None, transport: TransportSettings = LOOPBACK
    ) -> Backend:
        """A connection; `Backend.connect` is for the test to call."""

    @abstractmethod
    def ways(self) -> Iterable[Connecting]:
        """Every way to name the organization."""

    @abstractmethod
    def strangers(self) -> Iterable[Connecting]:
        """Organizations that this credential does not see."""

    @abstractmethod
    def purpose(self, request: Received) -> Purpose:
        """What a request of the backend is for."""

    @abstractmethod
    def secrets_in(self, request: Received) -> Iterable[str]:
        """The secrets that a request carries."""

    @abstractmethod
    def held(self, content: ProjectContent) -> ProjectContent:
        """What a project has that was created with ``content``, with what the server chose by itself."""

    @abstractmethod
    def truth(self) -> dict[str, ProjectContent]:
        """All projects of the organization as they really are, without those being deleted, by id."""

    @abstractmethod
    def look(self, project_id: str) -> ProjectContent:
        """One project as it really is, wherever it is."""

    @abstractmethod
    def make(self, content: ProjectContent) -> str:
        """A project that somebody else made, to be seen at once; its id."""

    @abstractmethod
    def make_many(self, count: int) -> set[str]:
        """Many projects of no interest; their ids."""

    @abstractmethod
    def make_elsewhere(self) -> str:
        """A project of another organization, which the server lists with ours if it can be made to; its id."""

    @abstractmethod
    def vanish(self, project_id: str) -> None:
        """Let a project be gone at once, for reads too."""

    @abstractmethod
    def empty(self) -> None:
        """Let all projects be gone likewise."""

    @abstractmethod
    def catch_up(self) -> None:
        """Let reads show what was written."""

    @abstractmethod
    def make_group(self, name: str) -> str:
        """A group that can be given access to projects; its id."""

    @abstractmethod
    def access(self, group_ids: Iterable[str]) -> dict[str, Any]:
        """The fields of `ProjectContent` by which these groups, and no others, have access; empty: it gives none."""

    @abstractmethod
    def scene(self) -> Scene:
        """What examples of fields can refer to."""

    @abstractmethod
    def allowing_everything(self, scene: Scene) -> Connecting:
        """A connection that may set every field."""

    @abstractmethod
    def further_changes(self) -> Iterable[dict[str, Any]]:
        """Changes of what not every backend has, as fields of `ProjectContent`."""

    @abstractmethod
    def lose_rights(self) -> None:
        """Take all rights from the credential."""

    @abstractmethod
    def revoke_credential(self) -> None:
        """Let the credential be refused from now on."""

    @abstractmethod
    def take_name(self, name: str) -> None:
        """Make the name unusable for creations."""

    @abstractmethod
    def slow_down(self) -> None:
        """Let provisioning and deletion take for ever, where they take any time."""

    @abstractmethod
    def wrong_contents(self) -> Iterator[ProjectContent]:
        """Contents that the server refuses."""

    @abstractmethod
    def unused_id(self) -> str:
        """An id as the server makes them, of nothing."""

    @abstractmethod
    def reset(self) -> None:
        """Be as new."""

    @property
    def deletes_later(self) -> bool:
        """Whether deletion goes on after the answer."""
        return self.asynchronous

    def fit(self, content: ProjectContent) -> ProjectContent:
        """``content`` as far as this kind of backend has room for it."""
        return content

    def look_at(self, request: Received) -> None:
        """Remember the secrets that came by."""
        self.secrets.update(self.secrets_in(request))


def plain(content: ProjectContent) -> ProjectContent:
    """``content`` as far as every read shows it, in an order of our own: not every server keeps the order of tags."""
    return ProjectContent(
        content.name,
        content.description,
        tuple(sorted(content.tags)),
        content.group_ids,
        content.mark,
        None,
        content.enabled,
        content.parent_id,
        dict(content.particulars),
    )
