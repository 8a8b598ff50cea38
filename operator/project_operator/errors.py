"""Every error this package raises on purpose.

::

    ProjectOperatorError
    ├── ConfigurationError          settings, command line, environment: to stderr, exit code 2
    ├── TaskEnded                   a part of the operator ended by itself: a defect; the process ends too
    ├── SandboxError                the embedded control plane or an embedded server cannot run
    ├── KubeError                   a call to the API server failed
    │   ├── KubeConflict            409: the object is not what it was; read it and decide anew
    │   ├── KubeNotFound            404: no such object (or kind)
    │   ├── KubeInvalid             400, 422: our own request is wrong
    │   ├── KubeForbidden           401, 403: rights are missing
    │   └── KubeUnavailable         no answer, 429, 5xx: a write may or may not have been applied
    └── BackendError                a call to an identity backend failed
        ├── ProjectNotFound         the vendor's own not-found for that project id
        ├── RequestRefused          a clean refusal of what was asked; asking again changes nothing
        ├── NameTaken               a clean refusal because another project has the name
        ├── DeletionBlocked         a clean refusal because something is in it; tried again later and later
        ├── WriteConflict           a clean refusal because somebody else wrote; read and try again
        ├── CredentialsRejected     the credential is not accepted (401)
        ├── PermissionDenied        the credential may not do this, or may not see it (403)
        ├── Throttled               too many requests; not applied
        ├── BackendUnavailable      no usable answer, and certainly nothing was applied
        │   ├── BreakerOpen         our own: the endpoint fails at present, so the call was not begun
        │   └── CredentialNotKept   a new credential could not have been kept, so none was asked for
        ├── OutcomeUnknown          no usable answer to a write: it may have been applied, now or later
        ├── RightExpired            our own check, just before sending: nothing was sent
        │   └── NotLeading              another process may be in charge of the backend by now
        └── ConnectionRefused       connect(): URL, CA, organisation or version do not fit; says which field
"""

from typing import Self


class ProjectOperatorError(Exception):
    """Root of the tree. ``str()`` of each is one line for a person, without secrets."""


class ConfigurationError(ProjectOperatorError):
    """A setting, option or environment variable is wrong; the message names it and the way out."""


class TaskEnded(ProjectOperatorError):
    """A task that lasts as long as the process ended by itself; the log says how."""


class SandboxError(ProjectOperatorError):
    """The embedded control plane or an embedded identity server cannot be built or started."""


class KubeError(ProjectOperatorError):
    """A call to the API server failed."""

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class KubeConflict(KubeError):
    """The write was refused because the object changed (resourceVersion or uid); nothing was applied."""


class KubeNotFound(KubeError):
    """There is no such object, or its kind is not served."""


class KubeInvalid(KubeError):
    """The API server refused the request as malformed: a defect of ours; nothing was applied."""


class KubeForbidden(KubeError):
    """The operator's ServiceAccount lacks the right; nothing was applied."""


class KubeUnavailable(KubeError):
    """No usable answer: a write may or may not have been applied."""


class BackendError(ProjectOperatorError):
    """A call to an identity backend failed.

    ``message`` quotes the vendor only where the answer parsed as that vendor's error, and has at most 256 characters.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        trace_id: str = "",
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.status = status
        self.retry_after = retry_after
        self.trace_id = trace_id

    def __copy__(self) -> Self:
        """The same for another who raises it, without the traceback. `copy.copy` would not know what ``__init__`` of a
        subclass asks for.
        """
        return self.saying(*self.args)

    def saying(self, message: str) -> Self:
        """The same in other words."""
        twin = type(self).__new__(type(self), message)
        twin.__dict__.update(self.__dict__)
        return twin


class ProjectNotFound(BackendError):
    """The vendor says that this project id does not exist (or is not visible yet)."""


class RequestRefused(BackendError):
    """A clean refusal of the request itself: a person must change something. Nothing was applied."""


class NameTaken(BackendError):
    """A clean refusal: another project has this name. Nothing was applied."""


class DeletionBlocked(BackendError):
    """A clean refusal of a deletion: something is in the project, and would be lost with it. Nothing was deleted."""


class WriteConflict(BackendError):
    """A clean refusal: the project changed between the server's read and its write. Nothing was applied."""


class CredentialsRejected(BackendError):
    """The credential is missing, wrong, expired or revoked. Nothing was applied."""


class PermissionDenied(BackendError):
    """The credential is good but may not do (or see) this. Nothing was applied."""


class Throttled(BackendError):
    """Too many requests; ``retry_after`` is in seconds where the server named it. Nothing was applied."""


class HeldBack(Throttled):
    """The call was not begun, because the backend asked a moment ago for a long time without requests; ``retry_after``
    is what is left of it.
    """


class BackendUnavailable(BackendError):
    """No usable answer; nothing can have been applied (a read, or the request never left)."""


class BreakerOpen(BackendUnavailable):
    """The call was not begun, because the endpoint gives no usable answers at present; ``retry_after`` is when it is
    tried next whether it does.
    """


class CredentialNotKept(BackendUnavailable):
    """The credential was not replaced: nowhere to keep the new one, or what came of an earlier attempt is not known
    yet. Nothing was asked for.
    """


class OutcomeUnknown(BackendError):
    """A write left and no usable answer came: it may have been applied, or may still be."""


class RightExpired(BackendError):
    """The permission to send was gone when the bytes were about to leave; nothing was sent."""


class NotLeading(RightExpired):
    """This process is not, or not certainly, the one that talks to the backend; nothing was sent."""


class ConnectionRefused(BackendError):
    """The backend cannot be used as configured; ``field`` is the path in the backend object's spec to look at."""

    def __init__(self, message: str, *, field: str, operation: str = "connect", status: int | None = None) -> None:
        super().__init__(message, operation=operation, status=status)
        self.field = field
