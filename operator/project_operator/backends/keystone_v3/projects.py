"""Reads of projects: one by itself, all of a connection, some that a query finds; and what proves that one is gone."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from project_operator.backends.base import RemoteProject
from project_operator.backends.deadlines import apart
from project_operator.backends.keystone_v3 import requests
from project_operator.backends.keystone_v3.absence import not_in_the_list
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.mark_place import MarkPlace
from project_operator.backends.keystone_v3.payloads import DomainDocument, item_to_project, read_page, read_project
from project_operator.backends.keystone_v3.reach import Reach, is_domain
from project_operator.backends.keystone_v3.requests import get
from project_operator.errors import PermissionDenied, RequestRefused

_MANY: Final = 4
"""So many times the timeout for a list that many wait for."""

_PATH_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")


@dataclass(frozen=True, slots=True)
class _SharedList:
    begun_at: float
    task: asyncio.Task[Mapping[str, RemoteProject]]


class ProjectReader:
    """Reads what `Reach` says that the connection is about, and tells it what it saw."""

    def __init__(self, client: KeystoneClient, reach: Reach, place: MarkPlace) -> None:
        self._client = client
        self._reach = reach
        self._place = place
        self._shared: _SharedList | None = None
        self._gets = 0

    async def list_all(self) -> tuple[RemoteProject, ...]:
        """Domain by domain, page by page; and the domains themselves, where they are managed."""
        found: dict[str, RemoteProject] = {}
        if self._reach.manages_domains:
            for domain in await self.find(is_domain="true"):
                if is_domain(domain):
                    self._reach.note_domain(domain)
                    found[domain.id] = domain
        for domain_id in self._reach.domain_ids:
            for project in await self.find(domain_id=domain_id):
                if project.organization_id == domain_id:
                    found[project.id] = project
        return tuple(found.values())

    async def find(self, **query: str) -> list[RemoteProject]:
        """What ``query`` finds, complete."""
        return await self._client.list_all(
            Operation.LIST_PROJECTS,
            requests.PROJECTS,
            "projects",
            lambda item: item_to_project(item, self._place),
            **query,
        )

    async def verify_access(self) -> None:
        """Ask for a list of each home. It is refused as a whole or given as a whole (K4-2); where it is empty, the
        domain itself must be shown, so that at least something of it is.
        """
        operation = Operation.VERIFY_READ_ACCESS
        for domain in self._reach.homes:
            request = get(operation, requests.PROJECTS, domain_id=domain.id, limit="1")
            answer = await self._client.send(request)
            page = read_page(answer.body, "projects")
            if page is None:
                raise self._client.answers.unusable(operation, answer)
            if not page.items:
                await self._client.read(DomainDocument, get(operation, f"{requests.DOMAINS}/{domain.id}"))

    async def get(self, project_id: str) -> RemoteProject:
        """One project. Whoever manages one domain only hears "forbidden" of a project that is gone (K4-1): then the
        list decides, which such a credential is given whole or not at all.

        Raises:
            ProjectNotFound: it is gone.
            RequestRefused: the connection is not about it.
        """
        self._gets += 1
        try:
            begun_at = asyncio.get_running_loop().time()
            try:
                return await self._get(project_id)
            except PermissionDenied as denied:
                return await self._look_up(project_id, denied, begun_at)
        finally:
            self._gets -= 1
            if not self._gets:
                self._shared = None

    async def _get(self, project_id: str) -> RemoteProject:
        operation = Operation.GET_PROJECT
        answer = await self._client.send(get(operation, path_of(operation, project_id), {project_id}))
        project = read_project(answer.body, self._place)
        if project is None or project.id != project_id:
            raise self._client.answers.unusable(operation, answer)
        if not self._reach.holds(project) and self._reach.manages_domains:
            await self._learn_of(project.organization_id)
        if self._reach.holds(project):
            return self._reach.note(project)
        what = "it is a domain" if is_domain(project) else "it is in another domain"
        raise RequestRefused(
            f"get project: {what}, and so none of those that the backend object is for", operation=operation
        )

    async def _learn_of(self, domain_id: str) -> None:
        """A domain that a Project made may not have been listed yet."""
        operation = Operation.GET_PROJECT
        answer = await self._client.send(get(operation, requests.project_path(domain_id), {domain_id}))
        domain = read_project(answer.body, self._place)
        if domain is not None and is_domain(domain):
            self._reach.note_domain(domain)

    async def _look_up(self, project_id: str, denied: PermissionDenied, since: float) -> RemoteProject:
        """The project as a complete list, begun after ``since``, shows it, now that it cannot be read by itself.

        Raises:
            ProjectNotFound: the list does not show it, and would if it were there.
            PermissionDenied: ``denied``, as there is no such list.
        """
        try:
            shown = await self._shown(since)
        except PermissionDenied:
            raise denied from None
        if project_id not in shown:
            raise not_in_the_list(denied, "domain") from None
        return self._reach.note(shown[project_id])

    async def _shown(self, since: float) -> Mapping[str, RemoteProject]:
        """A list that was begun no earlier than ``since``: however many look for what is gone, few are asked for."""
        while (shared := self._shared) is None or shared.begun_at < since:
            if shared is not None and not shared.task.done():
                await asyncio.wait([shared.task])
                continue
            loop = asyncio.get_running_loop()
            self._shared = _SharedList(loop.time(), loop.create_task(self._by_id()))
        return await asyncio.shield(shared.task)

    async def _by_id(self) -> Mapping[str, RemoteProject]:
        with apart(), self._client.one_deadline(_MANY):
            await self.verify_access()
            return {project.id: project for project in await self.list_all()}


def path_of(operation: Operation, project_id: str) -> str:
    """Path of one project.

    Raises:
        RequestRefused: it would be the path of something else: "." and ".." would, and DELETE of that another thing.
    """
    if not _PATH_SEGMENT.fullmatch(project_id):
        words = f"{operation.words}: {project_id[:64]!r} is no id of a project"
        raise RequestRefused(words, operation=operation)
    return requests.project_path(project_id)
