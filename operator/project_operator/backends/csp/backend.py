"""VMware Cloud Services Platform as a `Backend`: one organization, one credential."""

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
)
from project_operator.backends.calls import Endpoint
from project_operator.backends.csp import requests
from project_operator.backends.csp.checks import check_change, check_content, check_emptiness, check_id, check_managed
from project_operator.backends.csp.client import CSPClient
from project_operator.backends.csp.config import CSPConfig
from project_operator.backends.csp.errors import ANSWERS, ORGANIZATION_FIELD, SPEC_PATH, Operation
from project_operator.backends.csp.payloads import CUSTOM, DEFAULT_ID, CreatedPayload, ProjectPayload, Sight
from project_operator.backends.csp.reader import CSPReader
from project_operator.backends.csp.requests import Paths
from project_operator.backends.csp.sights import Sights
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
        self._reader = CSPReader(self._client, config, self._paths)
        self._sights = Sights()
        self._connected = False
        self._no_deletion: RequestRefused | None = None
        """What the server said when it turned out to have no such call."""

    async def connect(self) -> ConnectionFacts:
        """Sign in, which proves the organization; try to list it; and ask which project is its default one."""
        with self._client.one_deadline():
            token = await self._client.connect()
            try:
                shows_any = await self._reader.shows_any()
            except RequestRefused as error:
                if error.status != _NOT_FOUND:
                    raise
                raise ConnectionRefused(str(error), field=ORGANIZATION_FIELD, status=error.status) from None
            default_id = await self._reader.default_id()
        if not (shows_any or default_id):
            raise _nothing_shown()
        self._sights.default_id = default_id or self._sights.default_id
        self._connected = True
        return ConnectionFacts(self._config.organization_id, principal=token.principal, credential_renews=False)

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """Without what the platform made for itself, and without the default project (V9-4)."""
        self._require_connection()
        return self._sights.replace(await self._reader.projects())

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """A 404 is the absence; where the backend object says so, only with the list of what was deleted to prove it
        (V9-8).
        """
        self._require_connection()
        operation = Operation.GET_PROJECT
        check_id(operation, project_id, self._sights)
        with self._client.one_deadline():
            sight = await self._look(project_id)
            check_managed(operation, sight, self._sights)
            if not group_ids or not self._config.group_roles:
                return sight.project
            assignments = await self._reader.roles(sight.project, group_ids)
        return replace(sight.project, content=replace(sight.project.content, role_assignments=assignments))

    async def verify_read_access(self) -> None:
        """Ask for a list, which is refused to who may not read (V2-22). Where it is empty, the default project must be
        shown, which every organization has (V2-20).
        """
        self._require_connection()
        with self._client.one_deadline():
            if not (await self._reader.shows_any() or await self._reader.default_id()):
                raise _nothing_shown()

    async def list_groups(self) -> tuple[Group, ...]:
        """Page by page (V7-1)."""
        self._require_connection()
        return await self._reader.groups()

    async def list_roles(self) -> tuple[Role, ...]:
        """Those that the backend object names, as the platform lists none (V7-7)."""
        return tuple(role.shown() for role in self._config.group_roles)

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """The answer shows the id alone (V2-1), so what is returned is what was sent, and pending until it is read: a
        project of that id without the mark is found out then, before it counts as made.
        """
        self._require_connection()
        operation = Operation.CREATE_PROJECT
        check_content(operation, content)
        answer = await self._client.send(requests.creation(self._paths, content), before_send)
        created = read(CreatedPayload, answer.body)
        if created is None or created.id.lower() == DEFAULT_ID or created.id == self._sights.default_id:
            raise ANSWERS.unusable(operation, answer)
        project = RemoteProject(
            id=created.id,
            organization_id=self._config.organization_id,
            content=replace(content, role_assignments=None),
            provisioning_status=ProvisioningStatus.PENDING,
            health_status=HealthStatus.UNKNOWN,
        )
        self._sights.saw(Sight(project, CUSTOM, (), leaf=True))
        return project

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """Exactly the requests of `plan_update`, in order."""
        self._require_connection()
        operation = Operation.UPDATE_PROJECT
        check_id(operation, current.id, self._sights)
        check_managed(operation, self._sights.of(current.id), self._sights)
        steps = self._update(current, content)
        if not steps:
            return
        check_content(operation, content)
        check_change(current, content, self._sights)
        with self._client.one_deadline():
            for request in steps:
                answer = await self._client.send(request, before_send)
                if answer.body.strip() and read(ProjectPayload, answer.body) is None and request.asked is operation:
                    raise ANSWERS.unusable(operation, answer)  # it has no body (V2-4), or in days to come the project

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        """Guarded by what is read right before (V9-3)."""
        self._require_connection()
        operation = Operation.DELETE_PROJECT
        check_id(operation, project_id, self._sights)
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
        self._sights.lost(project_id)
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

    def _require_connection(self) -> None:
        if not self._connected:
            raise BackendUnavailable("the organization is not proved yet: connect() has not succeeded")

    def _update(self, current: RemoteProject, content: ProjectContent) -> tuple[Request[Operation], ...]:
        return requests.update(self._paths, current, content, reparent=self._config.reparent)

    async def _look(self, project_id: str) -> Sight:
        try:
            sight = await self._reader.project(project_id)
        except ProjectNotFound:
            self._sights.lost(project_id)
            raise
        self._sights.saw(sight)
        return sight

    async def _guard(self, project_id: str) -> None:
        """Raise if the project is of another type than people make, or has something in it."""
        try:
            sight = await self._look(project_id)
        except ProjectNotFound:
            return  # deleting the missing succeeds; and what is so new that no read shows it has nothing in it yet
        check_emptiness(sight)
        if not sight.leaf and await self._reader.has_children(project_id):
            operation = Operation.DELETE_PROJECT
            raise RequestRefused(f"{operation.words}: it has children; delete them first", operation=operation)


def _nothing_shown() -> PermissionDenied:
    operation = Operation.VERIFY_READ_ACCESS
    return PermissionDenied(
        f"{operation.words}: not even the default project is shown; the credential needs the role organization"
        " administrator or organization owner",
        operation=operation,
    )
