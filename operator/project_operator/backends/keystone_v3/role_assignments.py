"""Which roles groups have on a project."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from project_operator.backends.base import RoleAssignment
from project_operator.backends.keystone_v3 import requests
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import item_to_role, items_to_assignments
from project_operator.backends.keystone_v3.requests import get
from project_operator.errors import PermissionDenied, RequestRefused

_OPERATION: Final = Operation.READ_ROLE_ASSIGNMENTS


async def read_role_assignments(
    client: KeystoneClient, project_id: str, group_ids: Iterable[str]
) -> tuple[RoleAssignment, ...]:
    """Those of every group, in one list; where that is not allowed (K7-3) or not implemented (501), those of
    ``group_ids``, one by one.

    Raises:
        PermissionDenied: neither is allowed.
    """
    request = get(_OPERATION, requests.ASSIGNMENTS, **{"scope.project.id": project_id})
    try:
        items = await client.items(request, "role_assignments")
    except (PermissionDenied, RequestRefused) as error:
        if isinstance(error, RequestRefused) and error.status != 501:  # noqa: PLR2004 - a status of HTTP
            raise
        return await read_group_by_group(client, project_id, group_ids)
    return client.answers.whole(_OPERATION, items_to_assignments(items, project_id))


async def read_group_by_group(
    client: KeystoneClient, project_id: str, group_ids: Iterable[str]
) -> tuple[RoleAssignment, ...]:
    """Those of ``group_ids``, one read each."""
    found: list[RoleAssignment] = []
    for group_id in sorted(group_ids):
        path = f"{requests.project_path(project_id)}/groups/{quote(group_id, safe='')}/roles"
        items = await client.items(get(_OPERATION, path, {group_id}), "roles")
        roles = [client.answers.whole(_OPERATION, item_to_role(item)) for item in items]
        found += [RoleAssignment(group_id, role.id) for role in roles]
    return tuple(sorted(found))
