"""What can be done next about one Project: one guarded write, one backend call, or rest."""

from dataclasses import dataclass
from enum import StrEnum

from project_operator.api.events import EventReason
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.reconcile.memory import Announced
from project_operator.reconcile.record import Right


@dataclass(frozen=True, slots=True)
class Notice:
    """A Kubernetes Event about an outcome; published after the write it belongs to has succeeded."""

    reason: EventReason
    action: str
    note: str

    @property
    def warning(self) -> bool:
        """Whether a person should look."""
        return self.reason.type == "Warning"


class Purpose(StrEnum):
    """Why a status is written; decides what its success means (``absorb``)."""

    REPORT = "report"
    IDENTITY = "identity"
    """R2, step 3: the id, the moment it is known."""
    ATTEMPT = "attempt"
    """Step 6: a new token buys the right to one more creation."""
    ANNOUNCE = "announce"
    """R9, R10: Ready off and the operation named, before a PUT or DELETE."""
    FORGET = "forget"
    """R6: a proven-gone id moves to ``goneIDs``."""
    CONDEMN = "condemn"
    """R8: an extra is written down."""


@dataclass(frozen=True, slots=True)
class AddFinalizer:
    """Guarded. With ``grants_right`` its success is a right to create (R2a)."""

    backend_annotation: str
    grants_right: bool


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Guarded; the end of our part in this object's life."""

    notice: Notice | None = None
    leaves_project: bool = False
    """Whether its project stays in the backend, so that the next object of the name must be able to see it."""


@dataclass(frozen=True, slots=True)
class WriteStatus:
    """Guarded write of the whole status; sent even when nothing differs, because its success is what counts."""

    status: ProjectStatus
    purpose: Purpose
    announces: Announced | None = None
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """Send the one creation that ``right`` allows, if it still holds when the bytes leave (R2)."""

    content: ProjectContent
    right: Right


@dataclass(frozen=True, slots=True)
class Update:
    """Replace the content of a project that was read just now."""

    current: RemoteProject
    content: ProjectContent


@dataclass(frozen=True, slots=True)
class Delete:
    """Start the deletion of a project that was read just now and carries our mark (or was adopted by id)."""

    project_id: str


@dataclass(frozen=True, slots=True)
class Read:
    """GET one project now, with the roles that the groups ``group_ids`` have on it."""

    project_id: str
    group_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class VerifyReadAccess:
    """Make sure that an existing project would be shown."""


@dataclass(frozen=True, slots=True)
class ReadGroups:
    """A listing of the groups begun after ``after`` (monotonic seconds)."""

    after: float


@dataclass(frozen=True, slots=True)
class ReadRoles:
    """A listing of the roles begun after ``after`` (monotonic seconds)."""

    after: float


@dataclass(frozen=True, slots=True)
class CheckDefinition:
    """Live look at whether our CRD is being deleted, before anything remote is destroyed (I14)."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Evidence wanted: about ``project_id``, or a whole listing where that is empty; begun after ``after``; first
    looked for in ``within`` seconds. A read of the project alone is to show the roles of ``group_ids`` as well.
    """

    project_id: str
    after: float
    within: float
    group_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do now. ``status`` is written where it differs; then the key sleeps until an event, evidence or
    ``wake_in`` seconds. With neither a poll nor ``wake_in`` the Project is settled.
    """

    status: ProjectStatus | None = None
    wake_in: float | None = None
    poll: Poll | None = None
    notice: Notice | None = None
    recheck_in: float | None = None
    """When a settled Project is looked at again for what no listing shows, in seconds."""


@dataclass(frozen=True, slots=True)
class Forget:
    """The object is gone and nothing of ours is left to do."""


Action = (
    AddFinalizer
    | RemoveFinalizer
    | WriteStatus
    | Create
    | Update
    | Delete
    | Read
    | VerifyReadAccess
    | ReadGroups
    | ReadRoles
    | CheckDefinition
    | Rest
    | Forget
)
