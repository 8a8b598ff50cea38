"""The closed set of reasons of Kubernetes Events.

Most are what ``Ready`` says when it becomes True or False: the Event has the condition's reason and message. The others
tell of what no condition could: an end, a find, a credential that changed.
"""

from enum import StrEnum
from typing import Final, Literal, Self

from project_operator.api.conditions import Reason

EventType = Literal["Normal", "Warning"]


class EventReason(StrEnum):
    """Every reason an Event of ours can carry."""

    type: EventType
    """Warning: a person should look."""
    meaning: str
    """What is the case, in one sentence."""
    remedy: str
    """What a person should do, in one sentence."""

    def __new__(cls, value: str, type_: EventType = "Warning", meaning: str = "", remedy: str = "") -> Self:
        """A member is a row: its wire value and its type; what it means and what to do, unless a condition's reason
        says that.
        """
        member = str.__new__(cls, value)
        member._value_ = str(value)
        member.type = type_
        member.meaning, member.remedy = (
            (value.meaning, value.remedy) if isinstance(value, Reason) else (meaning, remedy)
        )
        return member

    # Ready became True.
    SUCCEEDED = Reason.SUCCEEDED, "Normal"
    OBSERVED = Reason.OBSERVED, "Normal"
    DRIFTED = Reason.DRIFTED, "Normal"
    # True or, where there is something to be done, False: what was asked for, either way.
    PLANNED = Reason.PLANNED, "Normal"

    # Ready stays as it is or, where a deletion waits for it, became False: what was asked for, either way.
    SUSPENDED = Reason.SUSPENDED, "Normal"

    # Ready became False.
    OUTCOME_UNKNOWN = Reason.OUTCOME_UNKNOWN
    DELETION_BLOCKED = Reason.DELETION_BLOCKED
    INVALID_SPEC = Reason.INVALID_SPEC
    UNSUPPORTED = Reason.UNSUPPORTED
    NOT_PERMITTED = Reason.NOT_PERMITTED
    REQUEST_REFUSED = Reason.REQUEST_REFUSED
    NAME_TAKEN = Reason.NAME_TAKEN
    GROUP_NOT_FOUND = Reason.GROUP_NOT_FOUND
    GROUP_AMBIGUOUS = Reason.GROUP_AMBIGUOUS
    ROLE_NOT_FOUND = Reason.ROLE_NOT_FOUND
    ROLE_AMBIGUOUS = Reason.ROLE_AMBIGUOUS
    DEPENDENCY_NOT_READY = Reason.DEPENDENCY_NOT_READY
    IMPORT_NOT_FOUND = Reason.IMPORT_NOT_FOUND
    IMPORT_AMBIGUOUS = Reason.IMPORT_AMBIGUOUS
    CONFLICT = Reason.CONFLICT
    MISSING = Reason.MISSING
    PROVISIONING_FAILED = Reason.PROVISIONING_FAILED
    UNHEALTHY = Reason.UNHEALTHY
    BACKEND_NOT_FOUND = Reason.BACKEND_NOT_FOUND
    BACKEND_NOT_READY = Reason.BACKEND_NOT_READY
    BACKEND_CHANGED = Reason.BACKEND_CHANGED
    CREDENTIALS_REJECTED = Reason.CREDENTIALS_REJECTED
    PERMISSION_DENIED = Reason.PERMISSION_DENIED
    THROTTLED = Reason.THROTTLED
    BACKEND_UNAVAILABLE = Reason.BACKEND_UNAVAILABLE
    SUSPICIOUS_ABSENCE = Reason.SUSPICIOUS_ABSENCE
    DELETION_PROTECTED = Reason.DELETION_PROTECTED
    SECRET_NOT_FOUND = Reason.SECRET_NOT_FOUND
    SECRET_NOT_LABELLED = Reason.SECRET_NOT_LABELLED
    SECRET_INVALID = Reason.SECRET_INVALID
    ENDPOINT_INVALID = Reason.ENDPOINT_INVALID
    ORGANIZATION_NOT_FOUND = Reason.ORGANIZATION_NOT_FOUND

    # Whatever Ready says.
    DUPLICATE_FOUND = Reason.DUPLICATE_FOUND
    DESTROYING = (
        "Destroying",
        "Warning",
        "The deletion is about to be sent, and takes more with it than the project; the message says what.",
        "Nothing, if it is meant; if not, set `deletionPolicy: Orphan` at once, which keeps what is still there.",
    )
    DELETED = (
        "Deleted",
        "Normal",
        "The project is proved gone, and the finalizer is off the Project.",
        "Nothing.",
    )
    RELEASED = (
        "Released",
        "Normal",
        "The finalizer is off the Project, and what it names in the backend stays there; the message says why.",
        "Nothing; to manage it again, import it by `id` in a new Project.",
    )
    LEFT_OVER = (
        "LeftOver",
        "Warning",
        "On a backend object: a project carries the mark of a Project that no longer exists.",
        "Delete it in the backend, or import it by `id` in a Project of the former name.",
    )
    CREDENTIAL_REPLACED = (
        "CredentialReplaced",
        "Normal",
        "The credential was replaced before it expired; the new one is in the Secret with `-rotated` in its name.",
        "Nothing.",
    )
    CREDENTIAL_NOT_REPLACED = (
        "CredentialNotReplaced",
        "Warning",
        "The credential is to be replaced, and could not be; the present one stays in use.",
        "Remove the cause that the message names; it is tried again.",
    )
    CREDENTIAL_EXPIRES = (
        "CredentialExpires",
        "Warning",
        "The credential expires soon and nothing replaces it.",
        "Put a new one into the Secret; it is followed without a restart.",
    )


WITHOUT_EVENT: Final = frozenset(
    {Reason.PROGRESSING, Reason.PROGRESSING_WITH_RETRY, Reason.DELETING, Reason.IN_USE, Reason.ANSWERING}
)
"""What is under way is no outcome; and that a backend answers is told by what ``Ready`` becomes."""


def event_reason(reason: Reason) -> EventReason | None:
    """The Event that tells of a condition's reason; None where there is none."""
    return None if reason in WITHOUT_EVENT else EventReason(reason)
