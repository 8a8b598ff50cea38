"""Open Telekom Cloud as a `Backend`: one region of one account, one credential."""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from project_operator.backends.base import (
    ConnectionFacts,
    Group,
    PlannedCall,
    ProjectContent,
    RemoteProject,
    Role,
    RoleAssignment,
)
from project_operator.backends.calls import Answer, Endpoint
from project_operator.backends.documents import read
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.domains import Domain
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import VersionDocument, item_to_group
from project_operator.backends.keystone_v3.requests import GROUPS, ROLES, UNKNOWN_ID, VERSION, Asked, get, role_changes
from project_operator.backends.keystone_v3.role_assignments import read_group_by_group
from project_operator.backends.otc import requests
from project_operator.backends.otc.config import OTCConfig
from project_operator.backends.otc.dialect import OTC
from project_operator.backends.otc.errors import SPEC_PATH
from project_operator.backends.otc.listing import list_projects
from project_operator.backends.otc.payloads import (
    NORMAL,
    SUSPENDED,
    ProjectPayload,
    RolePayload,
    read_numbered_page,
    read_project,
    remote_project,
    roles_on_projects,
)
from project_operator.backends.otc.sightings import Sightings
from project_operator.backends.requests import Request
from project_operator.backends.transport import Transport
from project_operator.backends.vendor import Surroundings
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionRefused,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
)

logger = logging.getLogger(__name__)

_MANY: Final = 4
"""How many times the time of one request a call of many has."""

AT_ONCE: Final = 4
"""Statuses that are read at one time: others have something to ask meanwhile."""

_NO_CONTENT: Final = 204
_NOT_FOUND: Final = 404
_PATH_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")


class OTCBackend:
    """Keeps the promises of `project_operator.backends.base`; this says how.

    The organization is the account. Writes have been done when they are answered, but for deletions, which go on. A
    creation does not send ``enabled``, which follows as an update (T8-5). What was made is believed for two minutes
    where reads do not show it (T8-7).
    """

    def __init__(self, config: OTCConfig, surroundings: Surroundings) -> None:
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
        self._pause = surroundings.pause
        self._names = config.names
        self._client = KeystoneClient(transport, config.credential, OTC, surroundings.now)
        self._sightings = Sightings(lambda: asyncio.get_running_loop().time(), surroundings.now)
        self._account: Domain | None = None
        self._region_id = ""

    async def connect(self) -> ConnectionFacts:
        """Ask for the version, which needs no credential; sign in; look for the project of the region (T8-4)."""
        with self._client.one_deadline():
            return await self._connected()

    async def _connected(self) -> ConnectionFacts:
        answer = await self._client.ask_openly(get(Operation.CONNECT, VERSION))
        document = read(VersionDocument, answer.body)
        if document is None:
            raise self._client.answers.unusable(Operation.CONNECT, answer)
        token = await self._client.token()
        if not token.domain_id:
            raise ConnectionRefused(
                "the token is not for the account as a whole, which managing projects takes", field=OTC.domain_field
            )
        found = await self._region_project(token.domain_id)
        if found is None:
            raise ConnectionRefused(
                f"the account has no project {self._names.region!r}, which every region has; the region must be one of"
                " the account's",
                field=f"{SPEC_PATH}.region",
            )
        self._account, self._region_id = Domain(token.domain_id, token.domain_name), found.id
        return ConnectionFacts(
            token.domain_id,
            token.domain_name,
            token.user,
            document.version.id,
            credential_expires_at=token.credential_expires_at,
        )

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """Those of the region, of all pages; whole where the status is known, a few of which are read again (T8-6)."""
        with self._client.one_deadline(_MANY):
            return await self._list()

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """With its status. Where it is forbidden, the list decides, which such a credential is given whole or not at
        all.
        """
        with self._client.one_deadline(_MANY):
            try:
                project = await self._get(project_id)
            except PermissionDenied as denied:
                project = await self._look_up(project_id, denied)
            if not group_ids:
                return project
            assignments = await self._assignments(project_id, group_ids)
        return replace(project, content=replace(project.content, role_assignments=assignments))

    async def verify_read_access(self) -> None:
        """Look for the project of the region, which is always there (T1-20)."""
        if await self._region_project(self._home.id) is None:
            operation = Operation.VERIFY_READ_ACCESS
            words = (
                f"{operation.words}: not even the region's own project is shown; the user needs the role Security"
                " Administrator"
            )
            raise PermissionDenied(words, operation=operation)

    async def list_groups(self) -> tuple[Group, ...]:
        """Those of the account."""
        operation = Operation.LIST_GROUPS
        items = await self._client.items(get(operation, GROUPS, domain_id=self._home.id), "groups")
        return tuple(self._client.answers.whole(operation, item_to_group(item)) for item in items)

    async def list_roles(self) -> tuple[Role, ...]:
        """The system's and the account's own, which are two lists (T6-7), by their display names."""
        operation = Operation.LIST_ROLES
        with self._client.one_deadline():
            items = await self._client.items(get(operation, ROLES), "roles")
            items += await self._client.items(get(operation, ROLES, domain_id=self._home.id), "roles")
        return roles_on_projects(self._client.answers.whole(operation, read(RolePayload, item)) for item in items)

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """Of two creations with one name one is refused (T1-11)."""
        answer = await self._client.send(self._creation(content), before_send)
        project = self._project_in(answer)
        if project is None or project.content.name != content.name:
            raise self._client.answers.unusable(Operation.CREATE_PROJECT, answer)
        self._sightings.was_made(project)
        return self._sightings.completed(project)

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """Exactly the requests of `plan_update`, in order."""
        self._check_id(Operation.UPDATE_PROJECT, current.id)
        with self._client.one_deadline(_MANY):
            for request in self._update(current, content):
                await self._change(request, current.id, before_send)
        self._notice_status(current.id, current.content, content)

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        """The one request of `plan_delete`. The project is there until everything in it is gone (T7-2)."""
        self._check_id(Operation.DELETE_PROJECT, project_id)
        with self._client.one_deadline(_MANY):
            answer = await self._deleted(project_id, before_send)
        if answer is None:
            return
        if answer.status == _NOT_FOUND:
            if self._sightings.believed(project_id) is not None:
                raise self._not_shown_yet(Operation.DELETE_PROJECT)
            self._sightings.is_gone(project_id)
            return
        if answer.body.strip():
            raise self._client.answers.unusable(Operation.DELETE_PROJECT, answer)
        self._sightings.is_leaving(project_id)

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """One POST; a PUT where it is to be suspended; one PUT for each role of a group."""
        completing = (
            *requests.status_changes(UNKNOWN_ID, current=True, wanted=content.enabled),
            *role_changes(UNKNOWN_ID, (), content.role_assignments),
        )
        return tuple(request.planned() for request in (self._creation(content), *completing))

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """A PATCH, a PUT for the status, and one PUT or DELETE for each role of a group that is to come or to go."""
        return tuple(request.planned() for request in self._update(current, content))

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        """One DELETE."""
        return (requests.deletion(project_id).planned(),)

    async def aclose(self) -> None:
        """Calls under way end at once."""
        await self._client.aclose()

    @property
    def _home(self) -> Domain:
        if self._account is None:
            raise BackendUnavailable("the account is not known yet: connect() has not succeeded")
        return self._account

    def _creation(self, content: ProjectContent) -> Request[Asked]:
        return requests.creation(content, self._home.id, self._region_id, self._names)

    def _update(self, current: RemoteProject, content: ProjectContent) -> tuple[Request[Asked], ...]:
        return requests.update(current, content, self._names)

    def _read(self, payload: ProjectPayload) -> RemoteProject | None:
        return remote_project(payload, self._names)

    def _project_in(self, answer: Answer) -> RemoteProject | None:
        payload = read_project(answer.body)
        return None if payload is None else self._read(payload)

    def _check_id(self, operation: Operation, project_id: str) -> None:
        if not _PATH_SEGMENT.fullmatch(project_id):
            # "." and ".." would be another path, and DELETE of that another thing.
            words = f"{operation.words}: {project_id[:64]!r} is no id of a project"
            raise RequestRefused(words, operation=operation)
        if project_id in {self._region_id, self._home.id}:
            words = f"{operation.words}: it is the project of the region itself"
            raise RequestRefused(words, operation=operation)

    async def _region_project(self, domain_id: str) -> ProjectPayload | None:
        request = requests.region_project(domain_id, self._names.region)
        answer = await self._client.send(request)
        found = read_numbered_page(answer.body)
        if found is None or not self._client.answers.succeeded(request.asked.operation, answer):
            raise self._client.answers.unusable(request.asked.operation, answer)
        return next((one for one in found if one.name == self._names.region and one.domain_id == domain_id), None)

    async def _get(self, project_id: str) -> RemoteProject:
        operation = Operation.GET_PROJECT
        self._check_id(operation, project_id)
        try:
            answer = await self._client.send(requests.reading(project_id))
        except ProjectNotFound:
            if (believed := self._sightings.believed(project_id)) is not None:
                return believed
            self._sightings.is_gone(project_id)
            raise
        payload = read_project(answer.body)
        if payload is None or payload.id != project_id or not payload.status:
            raise self._client.answers.unusable(operation, answer)
        project = self._read(payload)
        if project is None or payload.domain_id != self._home.id:
            raise RequestRefused(
                f"get project: it is not one of the region {self._names.region!r}, and so none of those that the"
                " backend object is for",
                operation=operation,
            )
        self._sightings.has_status(project_id, payload.status)
        return self._sightings.completed(project)

    async def _renew_statuses(self) -> None:
        """Where one cannot be read, what was known stays good, and so does the list; the rest is left to the next."""
        due = self._sightings.to_renew()
        for start in range(0, len(due), AT_ONCE):
            outcomes = await asyncio.gather(*map(self._get, due[start : start + AT_ONCE]), return_exceptions=True)
            errors = [one for one in outcomes if isinstance(one, BaseException)]
            failed = next((one for one in errors if not isinstance(one, ProjectNotFound)), None)
            if failed is None:
                continue
            if not isinstance(failed, BackendError):
                raise failed
            if isinstance(failed, Throttled):
                self._pause(failed.retry_after or 1.0)
            logger.info("statuses were not read again, and are taken to be as they were: %s", failed)
            return

    async def _assignments(self, project_id: str, group_ids: frozenset[str]) -> tuple[RoleAssignment, ...]:
        """Group by group: the list of all is discarded (T6-3). A project that was just made has none."""
        try:
            return await read_group_by_group(self._client, project_id, group_ids)
        except BackendUnavailable as unavailable:
            if unavailable.status == _NOT_FOUND and self._sightings.believed(project_id) is not None:
                return ()
            raise

    async def _list(self) -> tuple[RemoteProject, ...]:
        account = self._home
        payloads = await list_projects(self._client, account.id)
        ours = [self._read(payload) for payload in payloads if payload.domain_id == account.id]
        projects = [project for project in ours if project is not None]
        later = self._sightings.not_shown_yet(project.id for project in projects)
        await self._renew_statuses()
        return (*(self._sightings.completed(project) for project in projects), *later)

    async def _change(self, request: Request[Asked], project_id: str, before_send: Callable[[], None]) -> None:
        """Send one request of an update; what refuses it speaks of a project that everybody knows."""
        try:
            await self._write(request, project_id, before_send)
        except (ProjectNotFound, RequestRefused) as refused:
            raise self._unless_new(project_id, refused) from None
        except PermissionDenied as denied:
            if request.asked.operation is Operation.UPDATE_PROJECT and await self._is_gone(project_id):
                raise _gone(denied) from None
            raise

    async def _deleted(self, project_id: str, before_send: Callable[[], None]) -> Answer | None:
        """The answer to a deletion; None where it was forbidden because there is nothing to delete."""
        try:
            return await self._client.send(requests.deletion(project_id), before_send)
        except PermissionDenied:
            if await self._is_gone(project_id):
                return None
            raise

    async def _write(self, request: Request[Asked], project_id: str, before_send: Callable[[], None]) -> None:
        """Send a write, and raise where a success of it is not IAM's."""
        answer = await self._client.send(request, before_send)
        if not self._client.answers.succeeded(request.asked.operation, answer):
            return
        if request.method != "PATCH":
            if answer.body.strip():
                raise self._client.answers.unusable(request.asked.operation, answer)
            return
        project = self._project_in(answer)
        if project is None or project.id != project_id:
            raise self._client.answers.unusable(request.asked.operation, answer)
        self._sightings.was_changed(project)

    def _notice_status(self, project_id: str, current: ProjectContent, content: ProjectContent) -> None:
        """What `requests.update` has set."""
        if requests.status_changes(project_id, current=current.enabled, wanted=content.enabled):
            self._sightings.has_status(project_id, NORMAL if content.enabled else SUSPENDED)

    def _unless_new(self, project_id: str, refused: BackendError) -> BackendError:
        """``refused``, unless it speaks of a project that was just made and is not there for everybody yet (T5-1)."""
        if refused.status == _NOT_FOUND and self._sightings.believed(project_id) is not None:
            return self._not_shown_yet(refused.operation)
        return refused

    def _not_shown_yet(self, operation: str) -> BackendUnavailable:
        words = f"{operation.replace('_', ' ')}: the project was just made, and IAM does not know it everywhere yet"
        return BackendUnavailable(words, operation=operation, status=_NOT_FOUND)

    async def _look_up(self, project_id: str, denied: PermissionDenied) -> RemoteProject:
        """The project as a complete list shows it, now that it cannot be read by itself.

        Raises:
            ProjectNotFound: the list does not show it, and would if it were there.
            PermissionDenied: ``denied``, as there is no such list.
        """
        try:
            await self.verify_read_access()
            payloads = await list_projects(self._client, self._home.id)
        except PermissionDenied:
            raise denied from None
        if any(one.id == project_id for one in payloads):
            raise denied
        if (believed := self._sightings.believed(project_id)) is not None:
            return believed
        self._sightings.is_gone(project_id)
        raise _gone(denied) from None

    async def _is_gone(self, project_id: str) -> bool:
        """Whether a write was forbidden because there is nothing to write to."""
        try:
            await self.get_project(project_id)
        except ProjectNotFound:
            return True
        except (PermissionDenied, RequestRefused):
            return False
        return False


def _gone(denied: PermissionDenied) -> ProjectNotFound:
    """What ``denied`` is, now that a complete list does not show the project."""
    return ProjectNotFound(
        f"{denied.operation.replace('_', ' ')}: a complete list of the account does not show the project",
        operation=denied.operation,
        status=denied.status,
        trace_id=denied.trace_id,
    )
