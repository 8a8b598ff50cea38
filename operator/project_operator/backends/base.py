"""The contract between the operator and an identity backend. This is the file a backend author reads.

The operator owns the order of things (``docs/protocol.md``); a backend only makes single calls and says truthfully
what came of them.

Promises of every backend:

* ``connect`` proves the credential, resolves the organisation (or domain) and writes nothing.
* ``list_projects`` is complete or raises. It never returns a page for a whole, and never an empty tuple for a
  failure. Objects of another organisation that the server mixes in are left out.
* ``get_project`` raises `ProjectNotFound` only for the vendor's own not-found answer for that id; where a credential
  hears "forbidden" of what is missing, only for a complete listing begun since the call, which such a credential is
  given whole or not at all.
* ``verify_read_access`` succeeds only if a project of this organisation that exists would be shown to this credential.
* ``create_project`` sends at most one request that creates, never retries it, and does nothing that can fail after
  it. ``before_send`` is called when everything else (pool, limiter, TLS) has been waited for, immediately before the
  bytes leave; what it raises is raised, and nothing is sent. A request that was refused for its token alone (401) was
  none: it may be sent again with another token, after ``before_send`` was called again.
* ``update_project`` makes the project's content what it is told and leaves everything that `ProjectContent` does not
  name as it was in ``current``. It may take several requests; what fails is the first that fails, and those before it
  stand, but for what must not stay so (a lock that is off, a domain that is disabled), which is put right.
* ``plan_create``, ``plan_update`` and ``plan_delete`` send nothing and name the very writes that the call would send,
  in order. What nothing would be sent for is an empty tuple.
* A role assignment is one of a group on the project itself: what is inherited or of a user is neither shown nor
  touched.
* ``delete_project`` of the missing succeeds. It starts deletion and never waits for its end. Other projects, groups or
  users never go with a project: where they would, `DeletionBlocked` names them.
* Every request ends within ``timeout``, counted from when the limiter let it through; a call of several has a deadline
  for all of them that its backend says. None waits for provisioning. Redirects are not followed.
* Every failure is one of the `BackendError` classes. A write with no usable answer is `OutcomeUnknown`, never
  anything milder.
* No secret, and no text of an answer that did not parse as this vendor's error, gets into an exception, a log line or
  a ``repr``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol


class ProvisioningStatus(StrEnum):
    """Normalised ``provisioningStatus``; the vocabulary of nscale, onto which other vendors' states are mapped."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    PROVISIONING = "provisioning"
    PROVISIONED = "provisioned"
    DEPROVISIONING = "deprovisioning"
    ERROR = "error"


class HealthStatus(StrEnum):
    """Normalised ``healthStatus``."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    ERROR = "error"


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """A name and a value; compared in wire form, so both exactly."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the organisation, as far as we need it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role that groups can have on a project; ``name`` is what people know it by."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, order=True)
class RoleAssignment:
    """A role that a group has on a project."""

    group_id: str
    role_id: str


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A request that would be sent."""

    verb: str
    """Its HTTP method."""
    target: str
    """Its path, as on the wire; ``{id}`` where the id is not known yet."""
    summary: str
    """What it would do, for people, in a few words."""


_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
"""One for all the projects of which there is nothing to say."""


@dataclass(frozen=True, slots=True)
class ProjectContent:
    """The writable whole of a project, complete: what the CR wants plus what it leaves to others.

    To create, None means "as the backend chooses". As read, None means that the backend has no such thing or, of
    ``role_assignments``, that this read did not show them.

    ``description`` None means that the project has none. ``mark`` is the value the mark is to have (a token,
    `marks.ORPHANED`, or "" for no mark); where it is kept (a reserved tag, the description) is the backend's affair,
    so ``tags`` and ``description`` never hold it. As read it may be any text: what others wrote there, or a word that
    is no mark where several marks are found.
    """

    name: str
    description: str | None = None
    tags: tuple[Tag, ...] = ()
    group_ids: tuple[str, ...] = ()
    """Groups associated with the project, where they bring their roles with them (nscale)."""
    mark: str = ""
    role_assignments: tuple[RoleAssignment, ...] | None = None
    """Where roles are granted to groups on the project (Keystone). `create_project` sends none: they follow as an
    update."""
    enabled: bool | None = None
    parent_id: str | None = None
    particulars: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """What only one family of backends has, by the path of the field in the Project's spec: ``keystone.immutable``.
    Booleans are ``true`` and ``false``. To be written, what is absent is left as it is."""


@dataclass(frozen=True, slots=True)
class RemoteProject:
    """A project as one answer showed it."""

    id: str
    organization_id: str
    content: ProjectContent
    provisioning_status: ProvisioningStatus
    health_status: HealthStatus
    raw_status: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """The vendor's own words, unnormalised, for ``status.observed``."""
    creation_time: datetime | None = None
    created_by: str = ""
    modified_time: datetime | None = None
    modified_by: str = ""
    deletion_time: datetime | None = None
    whole: bool = True
    """Whether all of it is shown. A list may leave out the state (``enabled``, both statuses, ``deletion_time``) where
    only a read of the project alone shows that, until there was one."""

    @property
    def deleting(self) -> bool:
        """Whether its deletion has been accepted."""
        return self.deletion_time is not None


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """What ``connect`` found out."""

    organization_id: str
    organization_name: str = ""
    principal: str = ""
    """Who we are to the backend, as ``createdBy`` would say it; "" where that cannot be told."""
    server_version: str = ""
    credential_expires_at: datetime | None = None
    """When the credential stops being accepted; aware, None where the backend does not tell."""
    credential_renews: bool = False
    """Whether the connection replaces it before that."""
    not_renewed: str = ""
    """Why it does not although it is told to, and what to do; "" where it does, or is not told to."""
    principal_in_doubt: bool = False
    """Whether it could not be asked this time who we are: connecting again may tell."""


@dataclass(frozen=True, slots=True)
class UnsupportedField:
    """A field of a Project that this backend cannot hold as it is written."""

    path: str
    reason: str


class Backend(Protocol):
    """An open connection to one organisation with one credential; promises in the module's docstring."""

    async def connect(self) -> ConnectionFacts:
        """Prove URL, CA, credential and organisation. Called again it stays with the organisation that it found.

        Raises:
            ConnectionRefused: a field of the backend object is wrong; names it.
            BackendError: anything else, by class.
        """

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """Every project of the organisation that the credential may see, those being deleted included."""

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """One project. Raises `ProjectNotFound` for the vendor's not-found.

        With ``group_ids``, ``role_assignments`` are shown where the backend grants roles, complete at least for those
        groups; `PermissionDenied` where the credential may not read them. Without, they need not be.
        """

    async def verify_read_access(self) -> None:
        """Return only if an existing project would have been shown. Raises `PermissionDenied` if not."""

    async def list_groups(self) -> tuple[Group, ...]:
        """Every group of the organisation. Names may repeat."""

    async def list_roles(self) -> tuple[Role, ...]:
        """Every role that a group can be given on a project; empty where roles are not granted. Names may repeat."""

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """Send one creation. Raises `OutcomeUnknown` where a project may exist although no usable answer came."""

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """Replace the content of ``current``. `WriteConflict`: read again, compare again."""

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        """Start the deletion of one project; succeeds if it is missing. `DeletionBlocked`: something is in the way."""

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """What `create_project`, and the update that completes it, would send."""

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """What `update_project` would send."""

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        """What `delete_project` would send."""

    async def aclose(self) -> None:
        """Close the connections; calls in flight end with `BackendUnavailable` or `OutcomeUnknown`."""
