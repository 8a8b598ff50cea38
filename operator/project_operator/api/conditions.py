"""Condition types, and the closed set of reasons: what state an object is in, and what a person should do about it.

``Ready`` is always there. ``Reconciling`` and ``Stalled`` are there only while True and never together: kstatus takes
whichever comes first. A backend object has ``Reachable`` beside them, which no tool waits for. The reason is a category
of action; the particulars (which field, which group) stand in the message.
"""

from enum import StrEnum
from typing import Self


class ConditionType(StrEnum):
    """The three conditions that kstatus, and so Flux, Helm and Argo CD, look at; and one of backend objects alone."""

    READY = "Ready"
    """True: what the spec of ``observedGeneration`` asks for is so in the backend."""
    RECONCILING = "Reconciling"
    """True: the operator is at it, or waits for something that will come without anybody's help."""
    STALLED = "Stalled"
    """True: nothing will change until a person does something."""
    REACHABLE = "Reachable"
    """True: the backend gives usable answers. False: it does not, so that no call begins until it does again."""


class ConditionStatus(StrEnum):
    """The three values of a Kubernetes condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Reason(StrEnum):
    """Every reason a condition of ours can carry; those of Events are in `project_operator.api.events`."""

    stalled: bool
    """Whether a person must act: the object then carries ``Stalled``."""
    meaning: str
    """What is the case, in one sentence."""
    remedy: str
    """What a person should do, in one sentence."""

    def __new__(cls, value: str, stalled: bool = False, meaning: str = "", remedy: str = "") -> Self:  # noqa: FBT001, FBT002 - rows of a table
        """A member is a row: its wire value, whether it stalls, what it means, what to do."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.stalled = stalled
        member.meaning = meaning
        member.remedy = remedy
        return member

    # What goes well.
    SUCCEEDED = (
        "Succeeded",
        False,
        "What the spec asks for is so in the backend.",
        "Nothing.",
    )
    OBSERVED = (
        "Observed",
        False,
        "The project was read; `managementPolicy: Observe` writes nothing.",
        "Nothing.",
    )
    DRIFTED = (
        "Drifted",
        False,
        "The project differs from the spec and `managementPolicy: ReportDrift` leaves it so.",
        "Compare `status.drift`; edit the spec, change the project in the backend, or set `managementPolicy: Manage`.",
    )
    PLANNED = (
        "Planned",
        True,
        "`managementPolicy: Plan`: nothing is written; `status.plan` lists the calls that would be made.",
        "Read `status.plan`; set `managementPolicy: Manage` to have these calls made.",
    )
    SUSPENDED = (
        "Suspended",
        False,
        "`spec.suspend` is true: nothing is read or written.",
        "Set `spec.suspend` to false to go on.",
    )

    # What is under way.
    PROGRESSING = (
        "Progressing",
        False,
        "The operator or the backend is at work.",
        "Wait.",
    )
    PROGRESSING_WITH_RETRY = (
        "ProgressingWithRetry",
        False,
        "A call failed in a way that passes; it is tried again, each time later.",
        "Wait; if it lasts, look at the cause, which is the reason of `Ready`.",
    )
    OUTCOME_UNKNOWN = (
        "OutcomeUnknown",
        False,
        "A write got no usable answer, so it may or may not have been applied; until that is known it is not repeated.",
        "Wait until the time that the message gives; where it gives none, take one of the ways out that it names.",
    )
    DELETING = (
        "Deleting",
        False,
        "The backend has accepted the deletion, or is being asked for it.",
        "Wait.",
    )
    DELETION_BLOCKED = (
        "DeletionBlocked",
        False,
        "Something inside the project is in the way of its deletion, or the backend does not finish it.",
        "Look in the backend for what is still inside the project; the message names it, or says since when.",
    )

    # What the user's Project asks for and cannot have.
    INVALID_SPEC = (
        "InvalidSpec",
        True,
        "The spec cannot be understood, or its parents go round in a circle or lead to another backend.",
        "Correct the field that the message names; where it is immutable, in a new Project.",
    )
    UNSUPPORTED = (
        "Unsupported",
        True,
        "The backend cannot hold a field, or do what a policy asks, as it is written.",
        "Change or remove the field that the message names.",
    )
    NOT_PERMITTED = (
        "NotPermitted",
        True,
        "The backend object forbids what the spec asks for.",
        "Change the spec, or ask the owner of the backend object to allow it.",
    )
    REQUEST_REFUSED = (
        "RequestRefused",
        True,
        "The backend refused the request itself; asking again changes nothing.",
        "Change what the message names.",
    )
    NAME_TAKEN = (
        "NameTaken",
        True,
        "Another project in the backend has this name.",
        "Set another `spec.name`; or, to take that project over, create a new Project with `spec.import`.",
    )
    GROUP_NOT_FOUND = (
        "GroupNotFound",
        False,
        "The organization has no such group (yet).",
        "Create the group, or correct `spec.groups`.",
    )
    GROUP_AMBIGUOUS = (
        "GroupAmbiguous",
        False,
        "Several groups of the organization have this name.",
        "Name the group by `id`; the message lists them.",
    )
    ROLE_NOT_FOUND = (
        "RoleNotFound",
        False,
        "The backend has no such role (yet), or the credential may not see it.",
        "Create the role, or correct `spec.groups[].roles`.",
    )
    ROLE_AMBIGUOUS = (
        "RoleAmbiguous",
        False,
        "Several roles have this name.",
        "Name the role by `id`; the message lists them.",
    )
    DEPENDENCY_NOT_READY = (
        "DependencyNotReady",
        False,
        "Another Project must come first: a parent must be Ready before its children, and children gone before it.",
        "Wait, or look at the Project that the message names.",
    )
    IMPORT_NOT_FOUND = (
        "ImportNotFound",
        True,
        "The project to import is not there, or the credential may not see it.",
        "Give the credential the right to read it, or create it; if `spec.import` is wrong, create a new Project.",
    )
    IMPORT_AMBIGUOUS = (
        "ImportAmbiguous",
        True,
        "Several projects have the name to import.",
        "In a new Project import by `id`; the message lists them.",
    )
    CONFLICT = (
        "Conflict",
        True,
        "The project in the backend is another Project's, lost this one's mark, or copied it; nothing is written.",
        "See the message: set `deletionPolicy: Orphan`, import one by `id`, or take a copied mark off in the backend.",
    )

    # What happened in the backend.
    MISSING = (
        "Missing",
        True,
        "The project was deleted outside, which is proved.",
        "Delete this Project and create it anew, or set `missingPolicy: Recreate`; what was inside stays lost.",
    )
    DUPLICATE_FOUND = (
        "DuplicateFound",
        False,
        "A second project carries this Project's mark; it is listed in `status.condemned`.",
        "Look at it in the backend and delete it there, or set `removeDuplicates: true` on the backend object.",
    )
    PROVISIONING_FAILED = (
        "ProvisioningFailed",
        False,
        "The backend reports an error of provisioning; most backends try again by themselves.",
        "If it lasts, ask the backend's operators; `status.observed.raw` has the backend's words.",
    )
    UNHEALTHY = (
        "Unhealthy",
        False,
        "The backend reports the project as degraded or in error.",
        "If it lasts, ask the backend's operators; `status.observed.raw` has the backend's words.",
    )

    # The way to the backend.
    ANSWERING = (
        "Answering",
        False,
        "The backend answers.",
        "Nothing.",
    )
    BACKEND_NOT_FOUND = (
        "BackendNotFound",
        False,
        "The backend object does not exist (yet).",
        "Create it, or correct `spec.backendRef` in a new Project (the field is immutable).",
    )
    BACKEND_NOT_READY = (
        "BackendNotReady",
        False,
        "The backend object is not Ready.",
        "Look at the conditions of the backend object.",
    )
    BACKEND_CHANGED = (
        "BackendChanged",
        True,
        "The backend object is not the one that this project was made with; no call is made.",
        "Restore the former backend object, or delete this Project and import the project into a new one.",
    )
    CREDENTIALS_REJECTED = (
        "CredentialsRejected",
        True,
        "The backend does not accept the credential.",
        "Put a valid token into the Secret; it is followed without a restart.",
    )
    PERMISSION_DENIED = (
        "PermissionDenied",
        True,
        "The credential is good but lacks a right.",
        "Give the service account the right that the message names.",
    )
    THROTTLED = (
        "Throttled",
        False,
        "The backend asks for fewer requests.",
        "Wait; if it lasts, lower `spec.rateLimit` of the backend object.",
    )
    BACKEND_UNAVAILABLE = (
        "BackendUnavailable",
        False,
        "The backend gives no usable answer; after a few such calls a read now and then is all that it gets.",
        "Wait; if it lasts, check the network and the backend.",
    )
    SUSPICIOUS_ABSENCE = (
        "SuspiciousAbsence",
        True,
        "Too many projects vanished from the backend at once to believe it; none is touched.",
        "Check the rights of the credential and the organization; the message says how many are missing.",
    )

    # What holds a deletion.
    DELETION_PROTECTED = (
        "DeletionProtected",
        True,
        "`spec.deletionProtection` or `spec.keystone.immutable` is true: nothing is deleted in the backend.",
        "Set the field that the message names to false to let the deletion go on.",
    )
    IN_USE = (
        "InUse",
        False,
        "The backend object is being deleted, but Projects still need it.",
        "Delete the Projects that the message names, or keep the backend object.",
    )

    # What an IdentityBackend needs.
    SECRET_NOT_FOUND = (
        "SecretNotFound",
        False,
        "The Secret does not exist (yet).",
        "Create it in the namespace of the backend object.",
    )
    SECRET_NOT_LABELLED = (
        "SecretNotLabelled",
        True,
        "The Secret does not carry the label that lets the operator use it.",
        'Label the Secret `identity.project-operator.dev/credentials: "true"`.',
    )
    SECRET_INVALID = (
        "SecretInvalid",
        True,
        "The Secret lacks the key, or its value cannot be a credential.",
        "Correct the key that the message names.",
    )
    ENDPOINT_INVALID = (
        "EndpointInvalid",
        True,
        "The URL, CA bundle or version of the backend does not fit, or its address is not allowed.",
        "Correct the field that the message names.",
    )
    ORGANIZATION_NOT_FOUND = (
        "OrganizationNotFound",
        True,
        "The credential sees no such organization, or several that fit.",
        "Give the credential access, or create a backend object that names another by `id`; see the message.",
    )
