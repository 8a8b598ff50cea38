"""Reads of the Cloud Services Platform: complete and of this organization, or an error of our tree."""

import asyncio
from typing import Final

from project_operator.backends.base import Group, RemoteProject, RoleAssignment
from project_operator.backends.csp.client import CSPClient
from project_operator.backends.csp.config import CSPConfig
from project_operator.backends.csp.errors import ANSWERS, Operation
from project_operator.backends.csp.payloads import (
    DEFAULT_ID,
    VRN,
    GroupRolesPayload,
    Page,
    Sight,
    item_to_sight,
    items_to_groups,
    items_to_ids,
    read_page,
    read_sight,
)
from project_operator.backends.csp.requests import Paths, get
from project_operator.backends.documents import read
from project_operator.errors import BackendUnavailable, PermissionDenied, ProjectNotFound, RequestRefused

PROJECTS_PER_PAGE: Final = 1000
GROUPS_PER_PAGE: Final = 200
"""The most that may be asked for (V4-4)."""

_BATCH: Final = 250
"""Projects that are read before others have a turn: some 5 ms."""

_NOT_FOUND: Final = 404


class CSPReader:
    """What one connection reads. Whose deadline a read has is its caller's affair; a list has its own."""

    def __init__(self, client: CSPClient, config: CSPConfig, paths: Paths) -> None:
        self._client = client
        self._config = config
        self._paths = paths

    async def projects(self) -> tuple[Sight, ...]:
        """All that there are, page by page, with the scopes, which are not shown otherwise (V4-5)."""
        operation = Operation.LIST_PROJECTS
        items = await self._client.list_all(
            operation, self._paths.listed, PROJECTS_PER_PAGE, orderByCreationDate="true", expandProject="true"
        )
        found: list[Sight] = []
        for start in range(0, len(items), _BATCH):
            found += (
                ANSWERS.whole(operation, item_to_sight(item, self._config.organization_id))
                for item in items[start : start + _BATCH]
            )
            await asyncio.sleep(0)
        return tuple(found)

    async def project(self, project_id: str) -> Sight:
        """One project.

        Raises:
            ProjectNotFound: the platform's own not-found; where the backend object says so, only with the list of what
                was deleted to prove it (V9-8).
        """
        operation = Operation.GET_PROJECT
        try:
            answer = await self._client.send(get(operation, self._project(project_id)))
        except ProjectNotFound:
            if self._config.verify_soft_delete:
                await self._verify_deleted(project_id)
            raise
        sight = read_sight(answer.body, self._config.organization_id)
        if sight is None or sight.project.id != project_id:
            raise ANSWERS.unusable(operation, answer)
        return sight

    async def default_id(self) -> str:
        """The own id of the organization's default project (V2-20); "" where this credential is not shown it, or the
        answer, of which there is no page, does not tell.
        """
        operation = Operation.VERIFY_READ_ACCESS
        try:
            answer = await self._client.send(get(operation, self._project(DEFAULT_ID)))
        except (RequestRefused, PermissionDenied):
            return ""
        sight = read_sight(answer.body, self._config.organization_id)
        return "" if sight is None or sight.project.id.lower() == DEFAULT_ID else sight.project.id

    async def shows_any(self) -> bool:
        """Whether a list, which is refused to who may not read (V2-22), shows any project."""
        operation = Operation.VERIFY_READ_ACCESS
        return bool((await self._first(operation)).items)

    async def has_children(self, project_id: str) -> bool:
        """Whether a project has any."""
        return bool((await self._first(Operation.LIST_CHILDREN, parentProjectId=project_id)).items)

    async def groups(self) -> tuple[Group, ...]:
        """All groups of the organization (V7-1)."""
        operation = Operation.LIST_GROUPS
        return ANSWERS.whole(
            operation, items_to_groups(await self._client.list_all(operation, self._paths.groups, GROUPS_PER_PAGE))
        )

    async def roles(self, project: RemoteProject, group_ids: frozenset[str]) -> tuple[RoleAssignment, ...]:
        """The roles that the groups themselves have on the project; none where it has no VRN (V7-4)."""
        operation = Operation.READ_GROUP_ROLES
        vrn = project.content.particulars.get(VRN, "")
        found: list[RoleAssignment] = []
        for group_id in sorted(group_ids if vrn else ()):
            answer = await self._client.send(get(operation, self._paths.group_roles(group_id)))
            if not ANSWERS.succeeded(operation, answer):
                continue
            roles = read(GroupRolesPayload, answer.body)
            if roles is None:
                raise ANSWERS.unusable(operation, answer)
            found += (RoleAssignment(group_id, role) for role in roles.held(vrn))
        return tuple(sorted(set(found)))

    def _project(self, project_id: str) -> str:
        return self._paths.project(self._config.versions.read, project_id)

    async def _first(self, operation: Operation, **query: str) -> Page:
        """The first page, of one item."""
        path = self._paths.listed
        answer = await self._client.send(get(operation, path, **query, pageStart="1", pageLimit="1"))
        page = read_page(answer.body, path)
        if page is None:
            raise ANSWERS.unusable(operation, answer)
        return page

    async def _verify_deleted(self, project_id: str) -> None:
        """Raise unless the list of soft-deleted projects holds it: a right that was lost looks like an absence."""
        operation = Operation.LIST_DELETED_PROJECTS
        items = await self._client.list_all(operation, self._paths.deleted, PROJECTS_PER_PAGE)
        if project_id not in ANSWERS.whole(operation, items_to_ids(items)):
            raise BackendUnavailable(
                "get project: it is not shown, and not in the list of deleted ones either; a right may have been lost",
                operation=Operation.GET_PROJECT,
                status=_NOT_FOUND,
            )
