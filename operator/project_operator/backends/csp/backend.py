"""VMware Cloud Services Platform as a `Backend`: one organization, one credential."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from project_operator.backends.base import (
    ConnectionFacts,
    Group,
    HealthStatus,
    PlannedCall,
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
    Role,
    RoleAssignment,
)
from project_operator.backends.calls import Endpoint
from project_operator.backends.csp import requests
from project_operator.backends.csp.client import CSPClient
from project_operator.backends.csp.config import CSPConfig
from project_operator.backends.csp.errors import ANSWERS, ORGANIZATION_FIELD, SPEC_PATH, Operation
from project_operator.backends.csp.payloads import (
    CUSTOM,
    DEFAULT_ID,
    VRN,
    CreatedPayload,
    GroupRolesPayload,
    ProjectPayload,
    Sight,
    item_to_sight,
    items_to_groups,
    items_to_ids,
    read_page,
    read_sight,
)
from project_operator.backends.csp.requests import LONGEST_DESCRIPTION, Paths, get
from project_operator.backends.documents import read
from project_operator.backends.requests import Request
from project_operator.backends.transport import Transport
from project_operator.backends.vendor import Surroundings
from project_operator.errors import (
    BackendUnavailable,
    ConnectionRefused,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
)

PROJECTS_PER_PAGE: Final = 1000
GROUPS_PER_PAGE: Final = 200
"""The most that may be asked for (V4-4)."""

_BATCH: Final = 250
"""Projects that are read before others have a turn: some 5 ms."""

_PATH_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")
_NOT_FOUND: Final = 404
_NOT_THERE: Final = frozenset({405, 501})


class CSPBackend:
    """Keeps the promises of `project_operator.backends.base`; this says how.

    The mark is kept in the description (V9-1). All requests of a call share one deadline; a list
    has four times as long as a call of another kind.
    """

    def __init__(self, config: CSPConfig, surroundings: Surroundings) -> None:
        """Nothing is sent yet.

        Raises:
            ConnectionRefused: the URL is not allowed here, or the CA bundle cannot be read.
        """
        endpoint = Endpoint(
            config.url, SPEC_PATH, config.ca_bundle, timeout=config.timeout, connections=config.connections
        )
        transport = Transport(
            endpoint, surroundings.transport, admission=surroundings.admission, token_hex=surroundings.token_hex
        )
        self._config = config
        self._paths = Paths(config.organization_id, config.versions)
        self._client = CSPClient(transport, config, surroundings.now)
        self._connected = False
        self._sights: dict[str, Sight] = {}
        """What was read last of each project: whether it may be deleted."""
        self._no_deletion: RequestRefused | None = None
        """What the server said when it turned out to have no such call."""

    async def connect(self) -> ConnectionFacts:
        """Sign in, which proves the organization; and try to list it."""
        with self._client.one_deadline():
            token = await self._client.connect()
            try:
                await self._verify()
            except RequestRefused as error:
                if error.status != _NOT_FOUND:
                    raise
                raise ConnectionRefused(str(error), field=ORGANIZATION_FIELD, status=error.status) from None
        self._connected = True
        return ConnectionFacts(self._config.organization_id, principal=token.principal, credential_renews=False)

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """Page by page, with the scopes, which are not shown otherwise (V4-5); without what the platform made for
        itself (V9-4).
        """
        operation = Operation.LIST_PROJECTS
        items = await self._client.list_all(
            operation, self._listed, PROJECTS_PER_PAGE, orderByCreationDate="true", expandProject="true"
        )
        sights: dict[str, Sight] = {}
        for start in range(0, len(items), _BATCH):
            for item in items[start : start + _BATCH]:
                sight = ANSWERS.whole(operation, item_to_sight(item, self._config.organization_id))
                sights[sight.project.id] = sight
            await asyncio.sleep(0)
        self._sights = sights
        return tuple(sight.project for sight in sights.values() if sight.manageable)

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """A 404 is the absence; where the backend object says so, only with the list of what was deleted to prove it
        (V9-8).
        """
        self._require_connection()
        operation = Operation.GET_PROJECT
        with self._client.one_deadline():
            sight = await self._look(project_id)
            if not sight.manageable:
                raise RequestRefused(
                    f"{operation.words}: it is of the type {sight.type}, and so none of those that people make",
                    operation=operation,
                )
            if not group_ids or not self._config.group_roles:
                return sight.project
            assignments = await self._read_roles(sight.project, group_ids)
        return replace(sight.project, content=replace(sight.project.content, role_assignments=assignments))

    async def verify_read_access(self) -> None:
        """Ask for a list, which is refused to who may not read (V2-22). Where it is empty, the default project must be
        shown, which every organization has (V2-20).
        """
        self._require_connection()
        with self._client.one_deadline():
            await self._verify()

    async def list_groups(self) -> tuple[Group, ...]:
        """Page by page (V7-1)."""
        self._require_connection()
        operation = Operation.LIST_GROUPS
        return ANSWERS.whole(
            operation, items_to_groups(await self._client.list_all(operation, self._paths.groups, GROUPS_PER_PAGE))
        )

    async def list_roles(self) -> tuple[Role, ...]:
        """Those that the backend object names, as the platform lists none (V7-7)."""
        return tuple(role.shown() for role in self._config.group_roles)

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """The answer shows the id alone (V2-1), so what is returned is what was sent, and pending until it is read."""
        self._require_connection()
        operation = Operation.CREATE_PROJECT
        self._check(operation, content)
        answer = await self._client.send(requests.creation(self._paths, content), before_send)
        created = read(CreatedPayload, answer.body)
        if created is None or created.id.lower() == DEFAULT_ID:
            raise ANSWERS.unusable(operation, answer)
        project = RemoteProject(
            id=created.id,
            organization_id=self._config.organization_id,
            content=replace(content, role_assignments=None),
            provisioning_status=ProvisioningStatus.PENDING,
            health_status=HealthStatus.UNKNOWN,
        )
        self._sights[project.id] = Sight(project, CUSTOM, (), leaf=True)
        return project

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """Exactly the requests of `plan_update`, in order."""
        self._require_connection()
        operation = Operation.UPDATE_PROJECT
        self._require_id(operation, current.id)
        steps = self._update(current, content)
        if not steps:
            return
        self._check(operation, content)
        self._check_moves(current, content)
        with self._client.one_deadline():
            for request in steps:
                answer = await self._client.send(request, before_send)
                if answer.body.strip() and read(ProjectPayload, answer.body) is None and request.asked is operation:
                    raise ANSWERS.unusable(operation, answer)  # it has no body (V2-4), or in days to come the project

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        """Guarded by what was read last; what was never read, is read (V9-3)."""
        self._require_connection()
        operation = Operation.DELETE_PROJECT
        self._require_id(operation, project_id)
        if not self._config.delete:
            words = f"{operation.words}: it is not documented, and {SPEC_PATH}.capabilities.delete is off"
            raise RequestRefused(words, operation=operation)
        if self._no_deletion is not None:
            raise RequestRefused(str(self._no_deletion), operation=operation, status=self._no_deletion.status)
        request = requests.deletion(self._paths, project_id)
        with self._client.one_deadline():
            await self._guard(project_id)
            try:
                answer = await self._client.send(request, before_send)
            except RequestRefused as error:
                if error.status in _NOT_THERE:
                    self._no_deletion = error
                raise
        self._sights.pop(project_id, None)
        body = answer.body.strip()
        if ANSWERS.succeeded(operation, answer) and body and read(ProjectPayload, body) is None:
            raise ANSWERS.unusable(operation, answer)

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """One POST, and one PATCH for each group that is given roles."""
        roles = requests.role_changes(self._paths, "", (), content.role_assignments)
        return tuple(request.planned() for request in (requests.creation(self._paths, content), *roles))

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """At most one PATCH of the project, and one for each group whose roles change."""
        return tuple(request.planned() for request in self._update(current, content))

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        """One DELETE."""
        return (requests.deletion(self._paths, project_id).planned(),)

    async def aclose(self) -> None:
        """Calls under way end at once."""
        await self._client.aclose()

    @property
    def _listed(self) -> str:
        self._require_connection()
        return self._paths.listed

    def _require_connection(self) -> None:
        if not self._connected:
            raise BackendUnavailable("the organization is not proved yet: connect() has not succeeded")

    def _require_id(self, operation: Operation, project_id: str) -> None:
        """Refuse what would be another path, or the organization's default project (V2-20)."""
        if not _PATH_SEGMENT.fullmatch(project_id) or project_id.lower() == DEFAULT_ID:
            words = f"{operation.words}: {project_id[:64]!r} is no id of a project"
            raise RequestRefused(words, operation=operation)

    def _update(self, current: RemoteProject, content: ProjectContent) -> tuple[Request[Operation], ...]:
        return requests.update(self._paths, current, content, reparent=self._config.reparent)

    def _check(self, operation: Operation, content: ProjectContent) -> None:
        """Refuse what cannot be held together with the mark, or would be the default project's child or namesake."""
        length = requests.description_length(content)
        if length > LONGEST_DESCRIPTION:
            raise RequestRefused(
                f"{operation.words}: the description has {length} characters with the operator's mark in it, of"
                f" {LONGEST_DESCRIPTION}; shorten it by {length - LONGEST_DESCRIPTION}",
                operation=operation,
            )
        if not content.name:
            raise RequestRefused(f"{operation.words}: a project must have a name", operation=operation)

    def _check_moves(self, current: RemoteProject, content: ProjectContent) -> None:
        operation = Operation.UPDATE_PROJECT
        if content.parent_id == current.id:
            raise RequestRefused(f"{operation.words}: a project cannot be its own parent", operation=operation)
        changed = set(content.role_assignments or ()) ^ set(current.content.role_assignments or ())
        vrn = current.content.particulars.get(VRN, "")
        if content.role_assignments is None or not (changed or content.role_assignments):
            return
        if not vrn:
            # A role without a resource would be one on the whole organization (V7-4).
            words = f"{operation.words}: the project has no VRN that roles could be limited to; none is given"
            raise RequestRefused(words, operation=operation)
        others = [
            sight.project.id
            for sight in self._sights.values()
            if sight.project.content.particulars.get(VRN) == vrn and sight.project.id != current.id
        ]
        if others:
            words = f"{operation.words}: project {others[0]} has the same VRN, so roles would be given on both; none is"
            raise RequestRefused(words, operation=operation)
        if content.particulars.get(VRN, vrn) != vrn:
            words = (
                f"{operation.words}: roles are given on the VRN that the project has; take them away before"
                f" `spec.{VRN}` is changed"
            )
            raise RequestRefused(words, operation=operation)

    async def _look(self, project_id: str) -> Sight:
        operation = Operation.GET_PROJECT
        self._require_id(operation, project_id)
        request = get(operation, self._paths.project(self._config.versions.read, project_id))
        try:
            answer = await self._client.send(request)
        except ProjectNotFound:
            self._sights.pop(project_id, None)
            if self._config.verify_soft_delete:
                await self._verify_deleted(project_id)
            raise
        sight = read_sight(answer.body, self._config.organization_id)
        if sight is None or sight.project.id != project_id:
            raise ANSWERS.unusable(operation, answer)
        self._sights[project_id] = sight
        return sight

    async def _verify(self) -> None:
        operation = Operation.VERIFY_READ_ACCESS
        path = self._paths.listed
        answer = await self._client.send(get(operation, path, pageStart="1", pageLimit="1"))
        page = read_page(answer.body, path)
        if page is None:
            raise ANSWERS.unusable(operation, answer)
        if page.items:
            return
        request = get(operation, self._paths.project(self._config.versions.read, DEFAULT_ID))
        try:
            answer = await self._client.send(request)
        except RequestRefused as denied:
            words = (
                f"{operation.words}: not even the default project is shown; the credential needs the role organization"
                " administrator or organization owner"
            )
            raise PermissionDenied(words, operation=operation, status=denied.status, trace_id=denied.trace_id) from None
        if read_sight(answer.body, self._config.organization_id) is None:
            raise ANSWERS.unusable(operation, answer)

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

    async def _read_roles(self, project: RemoteProject, group_ids: frozenset[str]) -> tuple[RoleAssignment, ...]:
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

    async def _guard(self, project_id: str) -> None:
        """Raise if the project is of another type than people make, or has something in it (V8-1, V9-3)."""
        operation = Operation.DELETE_PROJECT
        sight = self._sights.get(project_id)
        if sight is None:
            try:
                sight = await self._look(project_id)
            except ProjectNotFound:
                return  # a read may lag, and deleting the missing succeeds
        if sight.type != CUSTOM:
            words = f"{operation.words}: its type is {sight.type or 'not told'}, and only {CUSTOM} is deleted"
            raise RequestRefused(words, operation=operation)
        if sight.services:
            services = ", ".join(sight.services)[:100]
            words = f"{operation.words}: services are enabled in it ({services}); take them away first"
            raise RequestRefused(words, operation=operation)
        if not sight.leaf and await self._has_children(project_id):
            raise RequestRefused(f"{operation.words}: it has children; delete them first", operation=operation)

    async def _has_children(self, project_id: str) -> bool:
        operation = Operation.LIST_CHILDREN
        path = self._paths.listed
        answer = await self._client.send(get(operation, path, parentProjectId=project_id, pageStart="1", pageLimit="1"))
        page = read_page(answer.body, path)
        if page is None:
            raise ANSWERS.unusable(operation, answer)
        return bool(page.items)
