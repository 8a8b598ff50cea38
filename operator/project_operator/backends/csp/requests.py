"""Every request that there is, computed from what is wanted and sent nowhere: plans show the very requests that calls
then send.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote, urlencode

from project_operator.api.v1alpha1.csp import CSPApiVersions, CSPRoleKind
from project_operator.backends import marked_description
from project_operator.backends.base import ProjectContent, RemoteProject, RoleAssignment
from project_operator.backends.csp.errors import Operation
from project_operator.backends.csp.payloads import CUSTOM, SCOPES, VRN
from project_operator.backends.csp.roles import GrantableRole, parse_role_id
from project_operator.backends.requests import Request

IDENTITY: Final = "/csp/gateway/am/api"
RESOURCE: Final = "/csp/gateway/resource/api"
"""Where identity and access management, and the resource manager, are (V1-1)."""

UNKNOWN: Final = "{id}"
"""Stands in a plan for what is not known before the project is there: its id."""

LONGEST_DESCRIPTION: Final = 255
"""Characters, the mark's included (V2-10)."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things of one organization are."""

    organization_id: str
    versions: CSPApiVersions = field(default_factory=CSPApiVersions)

    def projects(self, version: str) -> str:
        """The projects, by the API of ``version``."""
        return f"{RESOURCE}/{version}/orgs/{quote(self.organization_id, safe='')}/projects"

    @property
    def listed(self) -> str:
        """The list of projects."""
        return self.projects(self.versions.read)

    @property
    def deleted(self) -> str:
        """The list of soft-deleted projects (V2-5)."""
        return f"{self.listed}/deleted"

    def project(self, version: str, project_id: str) -> str:
        """One project."""
        return f"{self.projects(version)}/{project_id if project_id == UNKNOWN else quote(project_id, safe='')}"

    @property
    def groups(self) -> str:
        """The list of groups."""
        return f"{IDENTITY}/orgs/{quote(self.organization_id, safe='')}/groups"

    def group_roles(self, group_id: str) -> str:
        """The roles of one group."""
        return f"{self.groups}/{quote(group_id, safe='')}/roles"


def get(operation: Operation, path: str, **query: str) -> Request[Operation]:
    """A read of ``path``."""
    return Request(operation, "GET", f"{path}?{urlencode(query)}" if query else path)


def creation(paths: Paths, content: ProjectContent) -> Request[Operation]:
    """The POST that makes a project (V2-1)."""
    settings: dict[str, Any] = {
        "displayName": content.name,
        "description": marked_description.write(content.description, content.mark) or None,
        "parentProjectId": content.parent_id,
        "subResourceServiceScopes": _scopes(content),
        "type": CUSTOM,
        "vrn": content.particulars.get(VRN),
    }
    body = _body({name: value for name, value in settings.items() if value is not None})
    path = paths.projects(paths.versions.create)
    return Request(Operation.CREATE_PROJECT, "POST", path, f"create project '{content.name}'", body)


def update(
    paths: Paths, current: RemoteProject, content: ProjectContent, *, reparent: bool
) -> tuple[Request[Operation], ...]:
    """What makes ``current`` into ``content``: the settings in one PATCH, then the roles, a PATCH for each group. What
    cannot change is left out, and so is the parent without ``reparent``.
    """
    changes = _changes(current.content, content, reparent=reparent)
    steps: list[Request[Operation]] = []
    if changes:
        path = paths.project(paths.versions.update, current.id)
        words = ", ".join(_WORDS[name] for name in changes)
        summary = f"change {words} of '{current.content.name}'"
        steps.append(Request(Operation.UPDATE_PROJECT, "PATCH", path, summary, _body(changes)))
    roles = role_changes(
        paths,
        current.content.particulars.get(VRN, ""),
        current.content.role_assignments,
        content.role_assignments,
    )
    return (*steps, *roles)


def role_changes(
    paths: Paths, vrn: str, current: Sequence[RoleAssignment] | None, wanted: Sequence[RoleAssignment] | None
) -> tuple[Request[Operation], ...]:
    """What gives groups the ``wanted`` roles on the project with ``vrn`` instead of the ``current`` ones (V7-3). None:
    not known, or not our affair.
    """
    if wanted is None:
        return ()
    have, want = set(current or ()), set(wanted)
    groups = sorted({assignment.group_id for assignment in have ^ want})
    return tuple(_role_change(paths, vrn, group_id, want - have, have - want) for group_id in groups)


def deletion(paths: Paths, project_id: str) -> Request[Operation]:
    """The DELETE that is not documented (V2-7)."""
    path = paths.project(paths.versions.delete, project_id)
    return Request(Operation.DELETE_PROJECT, "DELETE", path, "delete the project")


def description_length(content: ProjectContent) -> int:
    """Characters that the description takes, the mark's included."""
    return len(marked_description.write(content.description, content.mark))


_WORDS: Final = {
    "displayName": "name",
    "description": "description",
    "vrn": "VRN",
    "newParentProjectId": "parent",
}


def _changes(current: ProjectContent, content: ProjectContent, *, reparent: bool) -> dict[str, Any]:
    """The settings that differ, by their names in PATCH (V2-15); a description is cleared by "" (V2-19)."""
    changes: dict[str, Any] = {}
    if content.name != current.name:
        changes["displayName"] = content.name
    description = marked_description.write(content.description, content.mark)
    if description != marked_description.write(current.description, current.mark):
        changes["description"] = description
    vrn = content.particulars.get(VRN)
    if vrn is not None and vrn != current.particulars.get(VRN, ""):
        changes["vrn"] = vrn
    if reparent and content.parent_id is not None and content.parent_id != current.parent_id:
        changes["newParentProjectId"] = content.parent_id
    return changes


def _scopes(content: ProjectContent) -> list[str] | None:
    word = content.particulars.get(SCOPES, "")
    return word.split(",") if word else None


def _role_change(
    paths: Paths, vrn: str, group_id: str, added: Iterable[RoleAssignment], removed: Iterable[RoleAssignment]
) -> Request[Operation]:
    verbs = (("rolesToAdd", added), ("rolesToRemove", removed))
    lists: dict[tuple[CSPRoleKind, str], dict[str, list[dict[str, str]]]] = {}
    summary = []
    for verb, assignments in verbs:
        roles = sorted(_role(one) for one in assignments if one.group_id == group_id)
        if roles:
            names = ", ".join(role.name for role in roles)
            summary.append(f"{'give' if verb == 'rolesToAdd' else 'take'} {names}")
        for place, members in groupby(
            sorted(roles, key=lambda role: (role.kind, role.service)), key=lambda role: (role.kind, role.service)
        ):
            lists.setdefault(place, {})[verb] = [{"name": role.name, "resource": vrn} for role in members]
    # Without being told, the platform may write to everybody in the group (V7-8).
    body: dict[str, Any] = {"notifyUsersInGroups": False}
    for (kind, service), changes in lists.items():
        match kind:
            case CSPRoleKind.ORGANIZATION:
                body["organizationRoles"] = changes
            case CSPRoleKind.CUSTOM:
                body["customRoles"] = changes
            case CSPRoleKind.SERVICE:
                body.setdefault("serviceRoles", []).append({"serviceDefinitionId": service, **changes})
    words = f"group {group_id}: {'; '.join(summary)} on the project"
    return Request(Operation.CHANGE_GROUP_ROLES, "PATCH", paths.group_roles(group_id), words, _body(body))


def _role(assignment: RoleAssignment) -> GrantableRole:
    role = parse_role_id(assignment.role_id)
    if role is None:
        raise AssertionError("roles are only wanted, and only ours, by ids that we made")
    return role


def _body(settings: dict[str, Any]) -> bytes:
    return json.dumps(settings).encode("ascii")
