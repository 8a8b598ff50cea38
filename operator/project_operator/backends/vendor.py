"""What a backend's folder has to offer, so that the rest of the operator needs to know no vendor by name."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.base import Backend, UnsupportedField
from project_operator.backends.calls import TransportSettings
from project_operator.backends.keeping import Keeper, NoKeeper
from project_operator.backends.load import Load
from project_operator.backends.transport import Admission


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _nothing(_: IdentityBackendSpec) -> str:
    return ""


def _all_held(_spec: ProjectSpec, _backend: IdentityBackendSpec, _organization_id: str) -> tuple[UnsupportedField, ...]:
    return ()


def _no_limiter(_seconds: float) -> None:
    return None


def _unchanged(vendor: "Vendor", _: IdentityBackendSpec) -> "Vendor":
    return vendor


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connection gets from the process around it, rather than from its backend object."""

    transport: TransportSettings = field(default_factory=TransportSettings)
    admission: Admission | None = None
    """Held during each request: the limiter of this credential. None: no limit but the number of connections."""
    pause: Callable[[float], None] = _no_limiter
    """Send nothing for so many seconds: told where a backend asks for that and the call succeeds all the same. Of a
    call that raises `Throttled` it is known."""
    now: Callable[[], datetime] = _utc_now
    """Wall clock, aware; for what servers say in dates."""
    token_hex: Callable[[int], str] = secrets.token_hex
    """Random bytes in hex, for trace ids and for ids that nothing has."""
    keeper: Keeper = field(default_factory=NoKeeper)
    """Where a credential that replaces itself is kept."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind of backend can do at all."""

    create: bool = True
    update: bool = True
    delete: bool = True
    roles: bool = False
    """Groups are given roles on a project; otherwise they are associated with it and bring their own."""
    disable: bool = False
    """Projects can be switched off without being deleted."""
    ignores_case: bool = False
    """Names that differ in nothing but case are one name."""
    repeats_creation: bool = True
    """A creation whose outcome is not known may be sent again once its mark has been looked for long enough: how late
    a request takes effect and a read shows it is known. Otherwise a person decides."""
    destroys: str = ""
    """What a deletion takes with it although nobody asked for that by name, to be said before; "": nothing."""
    fixed: frozenset[str] = frozenset()
    """What cannot change once a project is there: ``parentID``, and keys of `ProjectContent.particulars`."""


class Open(Protocol):
    """Makes a connection; sends nothing."""

    def __call__(self, spec: IdentityBackendSpec, secret: Mapping[str, bytes], surroundings: Surroundings) -> Backend:
        """A backend for ``spec`` with the credential in ``secret``.

        ``secret`` is the decoded ``data`` of the Secret that ``spec.secret_ref`` names; that of each further one of
        ``spec.secret_refs`` stands in it too, its keys with the Secret's name and a slash before them.

        Raises:
            ConnectionRefused: URL, CA bundle or credential cannot be used as they are written.
        """


class Unsupported(Protocol):
    """Says what cannot be held."""

    def __call__(
        self, spec: ProjectSpec, *, name: str, deletion_policy: DeletionPolicy
    ) -> tuple[UnsupportedField, ...]:
        """The fields of ``spec`` that cannot be held as written, given the name and the deletion policy in force."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """A kind of backend."""

    key: str
    """The member of the union in `IdentityBackendSpec`: its attribute name there."""
    title: str
    """For people."""
    default_deletion_policy: DeletionPolicy
    """In force where neither the Project nor the backend object says otherwise: the strongest that the vendor
    documents as safe to offer."""
    capabilities: Capabilities
    open: Open
    unsupported: Unsupported
    endpoint: Callable[[IdentityBackendSpec], str]
    """Type and URL in one normal form: equal for two spellings of the same, different for two places."""
    unsupported_here: Callable[[ProjectSpec, IdentityBackendSpec, str], tuple[UnsupportedField, ...]] = _all_held
    """The fields of a Project that the kind can hold and one backend object is not set up for: its spec, and the id of
    the organization that was resolved."""
    load: Load = field(default_factory=Load)
    """What it is asked to bear where the backend object says nothing else."""
    replaces: Callable[[IdentityBackendSpec], str] = _nothing
    """Key of the Secret whose value the backend may replace (`keeping.Keeper`); "" where it replaces none."""
    configured: Callable[["Vendor", IdentityBackendSpec], "Vendor"] = _unchanged
    """The same kind as one backend object has it, where that may switch on what is off by default."""
