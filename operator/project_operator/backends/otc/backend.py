"""Open Telekom Cloud as a `Backend`: one region of one account, one credential."""

import asyncio
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
)
from project_operator.backends.calls import Answer, Endpoint
from project_operator.backends.documents import read
from project_operator.backends.keystone_v3.absence import is_gone, not_in_the_list
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.domains import Domain
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import VersionDocument
from project_operator.backends.keystone_v3.requests import UNKNOWN_ID, VERSION, Asked, get, role_changes
from project_operator.backends.otc import requests
from project_operator.backends.otc.config import OTCConfig
from project_operator.backends.otc.dialect import OTC
from project_operator.backends.otc.errors import SPEC_PATH
from project_operator.backends.otc.payloads import NORMAL, SUSPENDED
from project_operator.backends.otc.reader import OTCReader
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
)

_MANY: Final = 4
"""How many times the time of one request a call of many has."""

_NOT_FOUND: Final = 404


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
        self._names = config.names
        self._client = KeystoneClient(transport, config.credential, OTC, surroundings.now)
        self._sightings = Sightings(lambda: asyncio.get_running_loop().time(), surroundings.now)
        self._reader = OTCReader(self._client, config.names, self._sightings, surroundings.pause)

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
        found = await self._reader.region_project(token.domain_id)
        if found is None:
            raise ConnectionRefused(
                f"the account has no project {self._names.region!r}, which every region has; the region must be one of"
                " the account's",
                field=f"{SPEC_PATH}.region",
            )
        self._reader.settle(Domain(token.domain_id, token.domain_name), found.id)
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
            return await self._reader.projects()

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """With its status. Where it is forbidden, the list decides, which such a credential is given whole or not at
        all.
        """
        with self._client.one_deadline(_MANY):
            project = await self._reader.project(project_id)
            if not group_ids:
                return project
            assignments = await self._reader.assignments(project_id, group_ids)
        return replace(project, content=replace(project.content, role_assignments=assignments))

    async def verify_read_access(self) -> None:
        """Look for the project of the region, which is always there (T1-20)."""
        await self._reader.verify_access()

    async def list_groups(self) -> tuple[Group, ...]:
        """Those of the account."""
        return await self._reader.groups()

    async def list_roles(self) -> tuple[Role, ...]:
        """The system's and the account's own, which are two lists (T6-7), by their display names."""
        with self._client.one_deadline():
            return await self._reader.roles()

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """Of two creations with one name one is refused (T1-11)."""
        answer = await self._client.send(self._creation(content), before_send)
        project = self._reader.project_in(answer)
        if project is None or project.content.name != content.name:
            raise self._client.answers.unusable(Operation.CREATE_PROJECT, answer)
        self._sightings.was_made(project)
        return self._sightings.completed(project)

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """Exactly the requests of `plan_update`, in order."""
        self._reader.check_id(Operation.UPDATE_PROJECT, current.id)
        with self._client.one_deadline(_MANY):
            for request in self._update(current, content):
                await self._change(request, current.id, before_send)
        self._notice_status(current.id, current.content, content)

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        """The one request of `plan_delete`. The project is there until everything in it is gone (T7-2)."""
        self._reader.check_id(Operation.DELETE_PROJECT, project_id)
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

    def _creation(self, content: ProjectContent) -> Request[Asked]:
        return requests.creation(content, self._reader.account.id, self._reader.region_id, self._names)

    def _update(self, current: RemoteProject, content: ProjectContent) -> tuple[Request[Asked], ...]:
        return requests.update(current, content, self._names)

    async def _change(self, request: Request[Asked], project_id: str, before_send: Callable[[], None]) -> None:
        """Send one request of an update; what refuses it speaks of a project that everybody knows."""
        try:
            await self._write(request, project_id, before_send)
        except (ProjectNotFound, RequestRefused) as refused:
            raise self._unless_new(project_id, refused) from None
        except PermissionDenied as denied:
            if request.asked.operation is Operation.UPDATE_PROJECT and await is_gone(self._reader.project(project_id)):
                raise not_in_the_list(denied, "account") from None
            raise

    async def _deleted(self, project_id: str, before_send: Callable[[], None]) -> Answer | None:
        """The answer to a deletion; None where it was forbidden because there is nothing to delete."""
        try:
            return await self._client.send(requests.deletion(project_id), before_send)
        except PermissionDenied:
            if await is_gone(self._reader.project(project_id)):
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
        project = self._reader.project_in(answer)
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
