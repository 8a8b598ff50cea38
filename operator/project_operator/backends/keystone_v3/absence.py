"""Whether "forbidden" means that there is nothing: managers of one domain hear it of what is gone (K4-1)."""

from collections.abc import Awaitable

from project_operator.backends.base import RemoteProject
from project_operator.errors import BackendError, PermissionDenied, ProjectNotFound, RequestRefused


async def is_gone(reading: Awaitable[RemoteProject]) -> bool:
    """Whether a write was forbidden because there is nothing to write to; ``reading`` reads the project.

    Raises:
        BackendError: the project could not be read, for a reason that says nothing of it.
    """
    try:
        await reading
    except ProjectNotFound:
        return True
    except (PermissionDenied, RequestRefused):
        return False
    return False


def not_in_the_list(denied: BackendError, whole: str) -> ProjectNotFound:
    """What ``denied`` is, now that a complete list, of the ``whole`` that it names, does not show the project."""
    return ProjectNotFound(
        f"{denied.operation.replace('_', ' ')}: a complete list of the {whole} does not show the project",
        operation=denied.operation,
        status=denied.status,
        trace_id=denied.trace_id,
    )
