"""What is refused before it is sent: what the platform would take, and must not get."""

import re
from typing import Final

from project_operator.backends.answers import clipped, quotable
from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.backends.csp import requests
from project_operator.backends.csp.errors import Operation
from project_operator.backends.csp.payloads import CUSTOM, DEFAULT_ID, VRN, Sight
from project_operator.backends.csp.requests import LONGEST_DESCRIPTION
from project_operator.backends.csp.sights import Sights
from project_operator.errors import RequestRefused

_PATH_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")


def check_id(operation: Operation, project_id: str, sights: Sights) -> None:
    """Refuse what would be another path, or the organization's default project by either of its ids (V2-20, V9-4)."""
    if not _PATH_SEGMENT.fullmatch(project_id) or project_id.lower() == DEFAULT_ID:
        raise _refused(operation, f"{project_id[:64]!r} is no id of a project")
    if project_id == sights.default_id:
        raise _refused(operation, f"{project_id} is the organization's default project")


def check_managed(operation: Operation, sight: Sight | None, sights: Sights) -> None:
    """Refuse what is not people's to manage (V9-4), as far as it was seen."""
    if sight is not None and (why := sights.why_not(sight)):
        raise _refused(operation, why)


def check_content(operation: Operation, content: ProjectContent) -> None:
    """Refuse what cannot be held together with the mark (V9-1), and a project without a name (V2-9)."""
    length = requests.description_length(content)
    if length > LONGEST_DESCRIPTION:
        raise _refused(
            operation,
            f"the description has {length} characters with the operator's mark in it, of {LONGEST_DESCRIPTION}; shorten"
            f" it by {length - LONGEST_DESCRIPTION}",
        )
    if not content.name:
        raise _refused(operation, "a project must have a name")


def check_change(current: RemoteProject, content: ProjectContent, sights: Sights) -> None:
    """Refuse a project that would be its own parent, and roles that would reach beyond the project (V7-4, V9-9)."""
    operation = Operation.UPDATE_PROJECT
    if content.parent_id == current.id:
        raise _refused(operation, "a project cannot be its own parent")
    if not (content.role_assignments or (content.role_assignments is not None and current.content.role_assignments)):
        return
    vrn = current.content.particulars.get(VRN, "")
    if not vrn:
        # A role without a resource would be one on the whole organization.
        raise _refused(operation, "the project has no VRN that roles could be limited to; none is given")
    if others := sights.sharing_vrn(current.id, vrn):
        raise _refused(operation, f"project {others[0]} has the same VRN, so roles would be given on both; none is")
    if content.particulars.get(VRN, vrn) != vrn:
        raise _refused(
            operation,
            f"roles are given on the VRN that the project has; take them away before `spec.{VRN}` is changed",
        )


def check_emptiness(sight: Sight) -> None:
    """Refuse to delete what is of another type than people make, or has services in it (V8-1, V9-3)."""
    operation = Operation.DELETE_PROJECT
    if sight.type != CUSTOM:
        raise _refused(operation, f"its type is {sight.type or 'not told'}, and only {CUSTOM} is deleted")
    if sight.services:
        services = ", ".join(sight.services)[:100]
        raise _refused(operation, f"services are enabled in it ({services}); take them away first")


def _refused(operation: Operation, words: str) -> RequestRefused:
    # What the server says of a project stands in some of these words.
    return RequestRefused(clipped(quotable(f"{operation.words}: {words}")), operation=operation)
