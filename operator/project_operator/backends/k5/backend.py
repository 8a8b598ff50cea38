"""Fujitsu K5 as a `Backend`: one domain in one region, one credential."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from project_operator.api.marks import Mark
from project_operator.backends.base import (
    ConnectionFacts,
    Group,
    PlannedCall,
    ProjectContent,
    RemoteProject,
    Role,
)
from project_operator.backends.calls import Endpoint
from project_operator.backends.documents import read
from project_operator.backends.k5 import requests as k5_requests
from project_operator.backends.k5.dialect import K5
from project_operator.backends.k5.domains import domain_of
from project_operator.backends.k5.errors import ANSWERS, NOT_IMPLEMENTED
from project_operator.backends.k5.names import same_name
from project_operator.backends.keystone_v3 import requests
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.config import KeystoneConfig
from project_operator.backends.keystone_v3.domains import Domain
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import (
    DomainDocument,
    VersionDocument,
    item_to_group,
    item_to_project,
    item_to_role,
    read_project,
)
from project_operator.backends.keystone_v3.requests import Asked, get
from project_operator.backends.keystone_v3.role_assignments import read_role_assignments
from project_operator.backends.requests import Request
from project_operator.backends.transport import Transport
from project_operator.backends.vendor import Surroundings
from project_operator.errors import BackendError, BackendUnavailable, NameTaken, OutcomeUnknown, RequestRefused

_BATCH: Final = 250
"""Projects that are read before others have a turn: some 5 ms."""

_MANY: Final = 4
"""How often the time of one request a call of several has; each has its own besides."""

_PATH_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")

_NO_DELETION: Final = "delete project: projects of K5 cannot be deleted; `deletionPolicy: Disable` switches it off"


class K5Backend:
    """Keeps the promises of `project_operator.backends.base`; this says how.

    The organization is the domain of the contract. A call of several requests has one deadline for all of them. Writes
    have been done when they are answered. The project that the token is for is left alone: it is not changed, and
    neither listed nor imported unless it carries a mark, for what a Project is about must not seem to be gone. What K5
    says it has not implemented (501) is not asked again of the same connection, where it is a write.
    """

    def __init__(self, config: KeystoneConfig, surroundings: Surroundings) -> None:
        """Nothing is sent yet.

        Raises:
            ConnectionRefused: the URL is not allowed here, or the CA bundle cannot be read.
        """
        endpoint = Endpoint(
            config.url, K5.spec_path, config.ca_bundle, timeout=config.timeout, connections=config.connections
        )
        transport = Transport(
            endpoint, surroundings.transport, admission=surroundings.admission, token_hex=surroundings.token_hex
        )
        self._config = config
        self._client = KeystoneClient(transport, config.credential, K5, surroundings.now)
        self._domain: Domain | None = None
        self._missing: dict[Operation, RequestRefused] = {}

    async def connect(self) -> ConnectionFacts:
        """Ask for the version, which needs no credential; sign in; try to list the projects."""
        with self._client.one_deadline(_MANY):
            answer = await self._client.ask_openly(get(Operation.CONNECT, requests.VERSION))
            document = read(VersionDocument, answer.body)
            if document is None:
                raise ANSWERS.unusable(Operation.CONNECT, answer)
            token = await self._client.token()
            self._domain = domain_of(token, self._config.domain)
            await self.verify_read_access()
            return ConnectionFacts(
                self._domain.id,
                self._domain.name,
                token.user,
                document.version.id,
                credential_expires_at=token.credential_expires_at,
            )

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """All of the domain, in one answer (F6-1), but the one that the token is for, unless it is a Project's."""
        with self._client.one_deadline():
            operation, domain_id = Operation.LIST_PROJECTS, self._home.id
            own = (await self._client.token()).project_id
            items = await self._items(get(operation, requests.PROJECTS, domain_id=domain_id), "projects")
            found: list[RemoteProject] = []
            for start in range(0, len(items), _BATCH):
                batch = [item_to_project(item, K5.mark_place) for item in items[start : start + _BATCH]]
                found += [_plain(ANSWERS.whole(operation, project)) for project in batch]
                await asyncio.sleep(0)
            return tuple(
                project
                for project in found
                if project.organization_id == domain_id and (project.id != own or _is_managed(project))
            )

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """One project of the domain."""
        with self._client.one_deadline(_MANY):
            operation = Operation.GET_PROJECT
            answer = await self._client.send(get(operation, _path(operation, project_id), {project_id}))
            project = read_project(answer.body, K5.mark_place)
            if project is None or project.id != project_id:
                raise ANSWERS.unusable(operation, answer)
            if project.organization_id != self._home.id:
                words = "get project: it is in another domain, and so none of those that the backend object is for"
                raise RequestRefused(words, operation=operation)
            if not _is_managed(project):
                await self._spare_own_scope(operation, project_id)
            project = _plain(project)
            if not group_ids:
                return project
            assignments = await read_role_assignments(self._client, project_id, group_ids)
            return replace(project, content=replace(project.content, role_assignments=assignments))

    async def verify_read_access(self) -> None:
        """Ask for the list. Where it is empty, the domain itself must be shown (F4-3), so that at least something is:
        every contract comes with a project (F6-2), so an empty list is doubtful.
        """
        with self._client.one_deadline(_MANY):
            operation = Operation.VERIFY_READ_ACCESS
            if not await self._items(get(operation, requests.PROJECTS, domain_id=self._home.id), "projects"):
                await self._client.read(DomainDocument, get(operation, f"{requests.DOMAINS}/{self._home.id}"))

    async def list_groups(self) -> tuple[Group, ...]:
        """Those of the domain."""
        operation = Operation.LIST_GROUPS
        items = await self._items(get(operation, requests.GROUPS, domain_id=self._home.id), "groups")
        return tuple(ANSWERS.whole(operation, item_to_group(item)) for item in items)

    async def list_roles(self) -> tuple[Role, ...]:
        """All there are: K5 has none that belong to a domain (F7-5)."""
        operation = Operation.LIST_ROLES
        items = await self._items(get(operation, requests.ROLES), "roles")
        return tuple(ANSWERS.whole(operation, item_to_role(item)) for item in items)

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """Of two creations with one name one is refused, whatever the case of either (F6-5)."""
        request = k5_requests.creation(content, self._home.id)
        answer = await self._write(request, before_send)
        project = read_project(answer.body, K5.mark_place)
        if project is None or not same_name(project.content.name, content.name):
            raise ANSWERS.unusable(Operation.CREATE_PROJECT, answer)
        return _plain(project)

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """Exactly the requests of `plan_update`, in order."""
        with self._client.one_deadline(_MANY):
            operation = Operation.UPDATE_PROJECT
            _path(operation, current.id)
            await self._spare_own_scope(operation, current.id)
            for request in k5_requests.update(current, content):
                try:
                    answer = await self._write(request, before_send)
                except OutcomeUnknown as unknown:
                    if await self._is_taken(unknown, current, content.name):
                        raise _taken(unknown) from None
                    raise
                if not ANSWERS.succeeded(request.asked.operation, answer):
                    continue
                if request.asked.operation is operation:
                    if read_project(answer.body, K5.mark_place) is None:
                        raise ANSWERS.unusable(operation, answer)
                elif answer.body.strip():
                    raise ANSWERS.unusable(request.asked.operation, answer)

    async def delete_project(
        self,
        project_id: str,  # noqa: ARG002 - it is the same with all
        *,
        before_send: Callable[[], None],  # noqa: ARG002 - nothing is sent
    ) -> None:
        """Refused: there is no such call (F8-1)."""
        raise RequestRefused(_NO_DELETION, operation=Operation.DELETE_PROJECT)

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """One POST, and one PUT for each role of a group."""
        roles = requests.role_changes(requests.UNKNOWN_ID, (), content.role_assignments)
        return tuple(request.planned() for request in (k5_requests.creation(content, self._home.id), *roles))

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """At most one PATCH, and one PUT or DELETE for each role of a group that is to come or to go."""
        return tuple(request.planned() for request in k5_requests.update(current, content))

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:  # noqa: ARG002 - nothing is sent for any
        """Nothing is sent."""
        return ()

    async def aclose(self) -> None:
        """Calls under way end at once."""
        await self._client.aclose()

    @property
    def _home(self) -> Domain:
        if self._domain is None:
            raise BackendUnavailable("the domain is not known yet: connect() has not succeeded")
        return self._domain

    async def _items(self, request: Request[Asked], key: str) -> list[Any]:
        return await self._client.items(request, key)

    async def _write(self, request: Request[Asked], before_send: Callable[[], None]) -> Any:
        """The answer to a write; the refusal that K5 has given once where it has not implemented it."""
        operation = request.asked.operation
        if (refused := self._missing.get(operation)) is not None:
            raise RequestRefused(str(refused), operation=operation, status=refused.status, trace_id=refused.trace_id)
        try:
            return await self._client.send(request, before_send)
        except RequestRefused as error:
            if error.status == NOT_IMPLEMENTED:
                self._missing[operation] = error
            raise

    async def _spare_own_scope(self, operation: Operation, project_id: str) -> None:
        """Whoever disables the project that the token is for has no token any more, and cannot undo it (F8-3)."""
        if project_id == (await self._client.token()).project_id:
            words = (
                f"{operation.words}: it is the project that the credential's own token is for, and is left alone; set"
                f" `{K5.spec_path}.auth.password.project` to another one, which no Project is about"
            )
            raise RequestRefused(words, operation=operation)

    async def _is_taken(self, unknown: OutcomeUnknown, current: RemoteProject, name: str) -> bool:
        """Whether a rename cannot have been done, as another project has the name: Keystone says 500 then (K6-5)."""
        if unknown.status != 500 or same_name(name, current.content.name):  # noqa: PLR2004 - a status of HTTP
            return False
        try:
            found = await self.list_projects()
        except BackendError:
            return False
        return any(project.id != current.id and same_name(project.content.name, name) for project in found)


def _path(operation: Operation, project_id: str) -> str:
    if not _PATH_SEGMENT.fullmatch(project_id):
        # "." and ".." would be another path.
        raise RequestRefused(f"{operation.words}: {project_id[:64]!r} is no id of a project", operation=operation)
    return requests.project_path(project_id)


def _is_managed(project: RemoteProject) -> bool:
    """Whether a Project is about it, here or in another cluster."""
    return Mark.parse(project.content.mark) is not None


def _plain(project: RemoteProject) -> RemoteProject:
    """``project`` without what only other kinds of Keystone have."""
    return replace(project, content=replace(project.content, particulars={}))


def _taken(unknown: OutcomeUnknown) -> NameTaken:
    """What ``unknown`` is, now that another project is shown to have the name."""
    return NameTaken(
        "update project: another project of the domain has this name, whatever its case; choose another `spec.name`",
        operation=unknown.operation,
        status=unknown.status,
        trace_id=unknown.trace_id,
    )
