"""Reads of Open Telekom Cloud: complete and of this account, or an error of our tree."""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Final

from project_operator.backends.base import Group, RemoteProject, Role, RoleAssignment
from project_operator.backends.calls import Answer
from project_operator.backends.documents import read
from project_operator.backends.keystone_v3.absence import not_in_the_list
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.domains import Domain
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import item_to_group
from project_operator.backends.keystone_v3.requests import GROUPS, ROLES, get
from project_operator.backends.keystone_v3.role_assignments import read_group_by_group
from project_operator.backends.otc import requests
from project_operator.backends.otc.listing import list_projects
from project_operator.backends.otc.names import RegionNames
from project_operator.backends.otc.payloads import (
    ProjectPayload,
    RolePayload,
    read_numbered_page,
    read_project,
    remote_project,
    roles_on_projects,
)
from project_operator.backends.otc.sightings import Sightings
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
)

logger = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Statuses that are read at one time: others have something to ask meanwhile."""

_NOT_FOUND: Final = 404
_PATH_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")


class OTCReader:
    """What one connection reads. Whose deadline a read has is its caller's affair."""

    def __init__(
        self, client: KeystoneClient, names: RegionNames, sightings: Sightings, pause: Callable[[float], None]
    ) -> None:
        """``pause`` holds up everybody's requests for so many seconds, as the account's limit was reached."""
        self._client = client
        self._names = names
        self._sightings = sightings
        self._pause = pause
        self._account: Domain | None = None
        self._region_id = ""

    def settle(self, account: Domain, region_id: str) -> None:
        """The account, and the id of its project of the region, are known."""
        self._account, self._region_id = account, region_id

    @property
    def account(self) -> Domain:
        """Raises BackendUnavailable as long as it is not known."""
        if self._account is None:
            raise BackendUnavailable("the account is not known yet: connect() has not succeeded")
        return self._account

    @property
    def region_id(self) -> str:
        """Id of the region's own project, in which all others are."""
        return self._region_id

    def check_id(self, operation: Operation, project_id: str) -> None:
        """Raise RequestRefused where no project that people make can have this id."""
        if not _PATH_SEGMENT.fullmatch(project_id):
            # "." and ".." would be another path, and DELETE of that another thing.
            words = f"{operation.words}: {project_id[:64]!r} is no id of a project"
            raise RequestRefused(words, operation=operation)
        if project_id in {self._region_id, self.account.id}:
            words = f"{operation.words}: it is the project of the region itself"
            raise RequestRefused(words, operation=operation)

    async def region_project(self, domain_id: str) -> ProjectPayload | None:
        """The region's own project in an account; None where it is not shown."""
        request = requests.region_project(domain_id, self._names.region)
        answer = await self._client.send(request)
        found = read_numbered_page(answer.body)
        if found is None or not self._client.answers.succeeded(request.asked.operation, answer):
            raise self._client.answers.unusable(request.asked.operation, answer)
        return next((one for one in found if one.name == self._names.region and one.domain_id == domain_id), None)

    async def verify_access(self) -> None:
        """Look for the project of the region, which is always there (T1-20)."""
        if await self.region_project(self.account.id) is None:
            operation = Operation.VERIFY_READ_ACCESS
            words = (
                f"{operation.words}: not even the region's own project is shown; the user needs the role Security"
                " Administrator"
            )
            raise PermissionDenied(words, operation=operation)

    async def projects(self) -> tuple[RemoteProject, ...]:
        """Those of the region, of all pages; whole where the status is known, a few of which are read again (T8-6)."""
        account = self.account
        payloads = await list_projects(self._client, account.id)
        ours = [self._remote(payload) for payload in payloads if payload.domain_id == account.id]
        projects = [project for project in ours if project is not None]
        later = self._sightings.not_shown_yet(project.id for project in projects)
        await self._renew_statuses()
        return (*(self._sightings.completed(project) for project in projects), *later)

    async def project(self, project_id: str) -> RemoteProject:
        """With its status. Where it is forbidden, the list decides, which such a credential is given whole or not at
        all.
        """
        try:
            return await self._by_itself(project_id)
        except PermissionDenied as denied:
            return await self._in_the_list(project_id, denied)

    async def assignments(self, project_id: str, group_ids: frozenset[str]) -> tuple[RoleAssignment, ...]:
        """Group by group: the list of all is discarded (T6-3). A project that was just made has none."""
        try:
            return await read_group_by_group(self._client, project_id, group_ids)
        except BackendUnavailable as unavailable:
            if unavailable.status == _NOT_FOUND and self._sightings.believed(project_id) is not None:
                return ()
            raise

    async def groups(self) -> tuple[Group, ...]:
        """Those of the account."""
        operation = Operation.LIST_GROUPS
        items = await self._client.items(get(operation, GROUPS, domain_id=self.account.id), "groups")
        return tuple(self._client.answers.whole(operation, item_to_group(item)) for item in items)

    async def roles(self) -> tuple[Role, ...]:
        """The system's and the account's own, which are two lists (T6-7), by their display names."""
        operation = Operation.LIST_ROLES
        items = await self._client.items(get(operation, ROLES), "roles")
        items += await self._client.items(get(operation, ROLES, domain_id=self.account.id), "roles")
        return roles_on_projects(self._client.answers.whole(operation, read(RolePayload, item)) for item in items)

    def project_in(self, answer: Answer) -> RemoteProject | None:
        """What an answer shows; None where it is no project of the region."""
        payload = read_project(answer.body)
        return None if payload is None else self._remote(payload)

    def _remote(self, payload: ProjectPayload) -> RemoteProject | None:
        return remote_project(payload, self._names)

    async def _by_itself(self, project_id: str) -> RemoteProject:
        operation = Operation.GET_PROJECT
        self.check_id(operation, project_id)
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
        project = self._remote(payload)
        if project is None or payload.domain_id != self.account.id:
            raise RequestRefused(
                f"get project: it is not one of the region {self._names.region!r}, and so none of those that the"
                " backend object is for",
                operation=operation,
            )
        self._sightings.has_status(project_id, payload.status)
        return self._sightings.completed(project)

    async def _in_the_list(self, project_id: str, denied: PermissionDenied) -> RemoteProject:
        """The project as a complete list shows it, now that it cannot be read by itself.

        Raises:
            ProjectNotFound: the list does not show it, and would if it were there.
            PermissionDenied: ``denied``, as there is no such list.
        """
        try:
            await self.verify_access()
            payloads = await list_projects(self._client, self.account.id)
        except PermissionDenied:
            raise denied from None
        if any(one.id == project_id for one in payloads):
            raise denied
        if (believed := self._sightings.believed(project_id)) is not None:
            return believed
        self._sightings.is_gone(project_id)
        raise not_in_the_list(denied, "account") from None

    async def _renew_statuses(self) -> None:
        """Where one cannot be read, what was known stays good, and so does the list; the rest is left to the next."""
        due = self._sightings.to_renew()
        for start in range(0, len(due), AT_ONCE):
            outcomes = await asyncio.gather(*map(self._by_itself, due[start : start + AT_ONCE]), return_exceptions=True)
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
