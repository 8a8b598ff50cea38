"""Keystone as a `Backend`: some domains, one credential."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from project_operator.backends.base import (
    ConnectionFacts,
    Group,
    PlannedCall,
    ProjectContent,
    RemoteProject,
    Role,
)
from project_operator.backends.calls import Endpoint
from project_operator.backends.keystone_v3 import requests
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.config import KeystoneConfig
from project_operator.backends.keystone_v3.credentials import Reference
from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.domains import Domain, find_domain, require_sight
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import (
    DOMAIN_ID,
    IS_DOMAIN,
    DomainDocument,
    VersionDocument,
    item_to_project,
    items_to_groups,
    items_to_roles,
    read,
    read_page,
    read_project,
)
from project_operator.backends.keystone_v3.requests import Request, get
from project_operator.backends.keystone_v3.role_assignments import read_role_assignments
from project_operator.backends.transport import Transport
from project_operator.backends.vendor import Surroundings
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionRefused,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
)

_BATCH: Final = 250
"""Projects that are read before others have a turn: some 5 ms."""

_PATH_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")


class KeystoneBackend:
    """Keeps the promises of `project_operator.backends.base`; this says how.

    The organization is a domain. A call of several requests has the deadline for each of them. Writes have been done
    when they are answered.
    """

    def __init__(self, config: KeystoneConfig, dialect: Dialect, surroundings: Surroundings) -> None:
        """Nothing is sent yet.

        Raises:
            ConnectionRefused: the URL is not allowed here, or the CA bundle cannot be read.
        """
        endpoint = Endpoint(
            config.url,
            dialect.spec_path,
            config.ca_bundle,
            timeout=config.timeout,
            connections=config.connections,
        )
        transport = Transport(
            endpoint, surroundings.transport, admission=surroundings.admission, token_hex=surroundings.token_hex
        )
        self._config = config
        self._dialect = dialect
        self._client = KeystoneClient(transport, config.credential, dialect, surroundings.now)
        self._domains: tuple[Domain, ...] = ()
        self._seen_domains: set[str] = set()
        """Ids of projects that are domains, as far as they were read: their deletion takes one request more."""

    async def connect(self) -> ConnectionFacts:
        """Ask for the version, which needs no credential; sign in; find the domains; try to list each of them."""
        answer = await self._client.ask_openly(get(Operation.CONNECT, requests.VERSION))
        document = read(VersionDocument, answer.body)
        if document is None:
            raise self._client.answers.unusable(Operation.CONNECT, answer)
        token = await self._client.token()
        wanted = [(self._config.domain, self._dialect.domain_field)]
        elsewhere = f"{self._dialect.spec_path}.additionalDomains"
        wanted += [(Reference(domain_id), elsewhere) for domain_id in self._config.additional_domains]
        domains: dict[str, Domain] = {}
        for reference, where in wanted:
            domain = await find_domain(self._client, reference, where)
            require_sight(token, domain, self._dialect, where)
            domains[domain.id] = domain
        if self._config.manage_domains and token.domain_id:
            raise ConnectionRefused(
                "domains are managed with a credential for the whole cloud; this one's scope is a domain",
                field=f"{self._dialect.spec_path}.manageDomains",
            )
        self._domains = tuple(domains.values())
        await self.verify_read_access()
        home = self._domains[0]
        return ConnectionFacts(
            home.id, home.name, token.user, document.version.id, credential_expires_at=token.credential_expires_at
        )

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """Domain by domain, page by page; and the domains themselves where they are managed."""
        found: dict[str, RemoteProject] = {}
        for domain in self._homes:
            for project in await self._list(domain_id=domain.id):
                if project.organization_id == domain.id:
                    found[project.id] = project
        if self._config.manage_domains:
            domains = await self._list(is_domain="true")
            found |= {project.id: project for project in domains if _is_domain(project)}
            self._seen_domains = {project.id for project in domains if _is_domain(project)}
        return tuple(found.values())

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """Whoever manages one domain only hears "forbidden" of a project that is gone (K4-1). Then the list decides,
        which such a credential is given whole or not at all.
        """
        try:
            project = await self._get(project_id)
        except PermissionDenied as denied:
            project = await self._look_up(project_id, denied)
        if not group_ids:
            return project
        assignments = await read_role_assignments(self._client, project_id, group_ids)
        return replace(project, content=replace(project.content, role_assignments=assignments))

    async def verify_read_access(self) -> None:
        """Ask for a list of each domain. It is refused as a whole or given as a whole (K4-2); where it is empty, the
        domain itself must be shown, so that at least something of it is.
        """
        operation = Operation.VERIFY_READ_ACCESS
        for domain in self._homes:
            request = get(operation, requests.PROJECTS, domain_id=domain.id, limit="1")
            answer = await self._client.send(request)
            page = read_page(answer.body, "projects")
            if page is None:
                raise self._client.answers.unusable(operation, answer)
            if not page.items:
                await self._client.read(DomainDocument, get(operation, f"{requests.DOMAINS}/{domain.id}"))

    async def list_groups(self) -> tuple[Group, ...]:
        """Those of the domains of this connection."""
        operation = Operation.LIST_GROUPS
        items: list[Any] = []
        for domain in self._homes:
            items += await self._client.list_all(operation, requests.GROUPS, "groups", domain_id=domain.id)
        return self._client.answers.whole(operation, items_to_groups(items))

    async def list_roles(self) -> tuple[Role, ...]:
        """Those of the cloud, and those of each domain where the credential may see them: a manager may not, and may
        not grant them either (K3-11).
        """
        operation = Operation.LIST_ROLES
        items = await self._client.list_all(operation, requests.ROLES, "roles")
        for domain in self._homes:
            try:
                items += await self._client.list_all(operation, requests.ROLES, "roles", domain_id=domain.id)
            except PermissionDenied:
                break
        return self._client.answers.whole(operation, items_to_roles(items))

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """Of two creations with one name one is refused, in whatever way they meet (K6-1)."""
        self._check(content)
        request = self._creation(content)
        answer = await self._client.send(request, before_send)
        project = read_project(answer.body, self._dialect.mark_place)
        if project is None or project.content.name != content.name:
            raise self._client.answers.unusable(Operation.CREATE_PROJECT, answer)
        return self._noted(project)

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """Exactly the requests of `plan_update`, in order."""
        self._path(Operation.UPDATE_PROJECT, current.id)
        self._spare_homes(Operation.UPDATE_PROJECT, current.id)
        steps = self._update(current, content)
        for position, request in enumerate(steps):
            try:
                await self._acknowledged(request, before_send)
            except (NameTaken, RequestRefused):
                await self._lock_again(current.id, steps[:position], before_send)
                raise
            except PermissionDenied as denied:
                await self._lock_again(current.id, steps[:position], before_send)
                if request.asked.operation is Operation.UPDATE_PROJECT and await self._is_gone(current.id):
                    raise _gone(denied) from None
                raise
            except OutcomeUnknown as unknown:
                if content.name != current.content.name and await self._is_taken(unknown, current, content.name):
                    raise _taken(unknown) from None
                raise

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        """Exactly the requests of `plan_delete`, in order. It is gone when this returns."""
        self._path(Operation.DELETE_PROJECT, project_id)
        self._spare_homes(Operation.DELETE_PROJECT, project_id)
        for request in self._deletion(project_id):
            try:
                await self._acknowledged(request, before_send)
            except ProjectNotFound:
                return
            except PermissionDenied:
                if await self._is_gone(project_id):
                    return
                raise

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """One POST, and one PUT for each role of a group."""
        roles = requests.role_changes(requests.UNKNOWN_ID, (), content.role_assignments)
        return tuple(request.planned() for request in (self._creation(content), *roles))

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """At most two PATCHes, and one PUT or DELETE for each role of a group that is to come or to go."""
        return tuple(request.planned() for request in self._update(current, content))

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        """One DELETE; of a domain, a PATCH before it."""
        return tuple(request.planned() for request in self._deletion(project_id))

    async def aclose(self) -> None:
        """Calls under way end at once."""
        await self._client.aclose()

    @property
    def _homes(self) -> tuple[Domain, ...]:
        if not self._domains:
            raise BackendUnavailable("the domain is not known yet: connect() has not succeeded")
        return self._domains

    def _creation(self, content: ProjectContent) -> Request:
        return requests.creation(content, self._homes[0].id, self._dialect.mark_place)

    def _update(self, current: RemoteProject, content: ProjectContent) -> tuple[Request, ...]:
        return requests.update(current, content, self._dialect.mark_place)

    def _deletion(self, project_id: str) -> tuple[Request, ...]:
        return requests.deletion(project_id, is_domain=project_id in self._seen_domains)

    def _path(self, operation: Operation, project_id: str) -> str:
        if not _PATH_SEGMENT.fullmatch(project_id):
            # "." and ".." would be another path, and DELETE of that another thing.
            words = f"{operation.words}: {project_id[:64]!r} is no id of a project"
            raise RequestRefused(words, operation=operation)
        return requests.project_path(project_id)

    def _spare_homes(self, operation: Operation, project_id: str) -> None:
        """Nobody's Project changes the very domains that this connection stands on."""
        if any(domain.id == project_id for domain in self._homes):
            words = f"{operation.words}: it is a domain that the backend object is for"
            raise RequestRefused(words, operation=operation)

    async def _lock_again(self, project_id: str, done: tuple[Request, ...], before_send: Callable[[], None]) -> None:
        """A change that was refused straight after our unlocking must not leave the project without its lock."""
        if done and requests.unlocks(done[-1]):
            with contextlib.suppress(BackendError):
                await self._acknowledged(requests.lock(project_id), before_send)

    def _check(self, content: ProjectContent) -> None:
        """Refuse what this backend object does not allow."""
        operation = Operation.CREATE_PROJECT
        path = self._dialect.spec_path
        if content.particulars.get(IS_DOMAIN) == "true":
            if not self._config.manage_domains:
                words = f"create project: a domain is only made where the backend object has {path}.manageDomains"
                raise RequestRefused(words, operation=operation)
            return
        domain_id = content.particulars.get(DOMAIN_ID)
        if domain_id is not None and all(domain.id != domain_id for domain in self._homes):
            words = f"create project: {DOMAIN_ID} must be the backend object's domain or in {path}.additionalDomains"
            raise RequestRefused(words, operation=operation)

    async def _list(self, **query: str) -> list[RemoteProject]:
        operation = Operation.LIST_PROJECTS
        items = await self._client.list_all(operation, requests.PROJECTS, "projects", **query)
        found: list[RemoteProject] = []
        for start in range(0, len(items), _BATCH):
            batch = [item_to_project(item, self._dialect.mark_place) for item in items[start : start + _BATCH]]
            found += [self._client.answers.whole(operation, project) for project in batch]
            await asyncio.sleep(0)
        return found

    async def _get(self, project_id: str) -> RemoteProject:
        operation = Operation.GET_PROJECT
        answer = await self._client.send(get(operation, self._path(operation, project_id), {project_id}))
        project = read_project(answer.body, self._dialect.mark_place)
        if project is None or project.id != project_id:
            raise self._client.answers.unusable(operation, answer)
        if self._is_ours(project):
            return self._noted(project)
        what = "it is a domain" if _is_domain(project) else "it is in another domain"
        raise RequestRefused(
            f"get project: {what}, and so none of those that the backend object is for", operation=operation
        )

    async def _look_up(self, project_id: str, denied: PermissionDenied) -> RemoteProject:
        """The project as a complete list shows it, now that it cannot be read by itself.

        Raises:
            ProjectNotFound: the list does not show it, and would if it were there.
            PermissionDenied: ``denied``, as there is no such list.
        """
        try:
            await self.verify_read_access()
            projects = await self.list_projects()
        except PermissionDenied:
            raise denied from None
        found = next((project for project in projects if project.id == project_id), None)
        if found is None:
            raise _gone(denied) from None
        return found

    async def _is_gone(self, project_id: str) -> bool:
        """Whether a write was forbidden because there is nothing to write to (K4-1)."""
        try:
            await self.get_project(project_id)
        except ProjectNotFound:
            return True
        except (PermissionDenied, RequestRefused):
            return False
        return False

    async def _is_taken(self, unknown: OutcomeUnknown, current: RemoteProject, name: str) -> bool:
        """Whether a rename cannot have been done, as another project has the name: some releases say 500 (K6-5)."""
        if unknown.status != 500 or _is_domain(current):  # noqa: PLR2004 - a status of HTTP
            return False
        try:
            found = await self._list(domain_id=current.organization_id, name=name)
        except BackendError:
            return False
        return any(project.id != current.id and project.content.name == name for project in found)

    async def _acknowledged(self, request: Request, before_send: Callable[[], None]) -> None:
        """Send a write, and raise where a success of it is not Keystone's."""
        answer = await self._client.send(request, before_send)
        if not self._client.answers.succeeded(request.asked.operation, answer):
            return
        if request.asked.operation is Operation.UPDATE_PROJECT:
            if read_project(answer.body, self._dialect.mark_place) is None:
                raise self._client.answers.unusable(request.asked.operation, answer)
        elif answer.body.strip():
            raise self._client.answers.unusable(request.asked.operation, answer)

    def _is_ours(self, project: RemoteProject) -> bool:
        if _is_domain(project):
            return self._config.manage_domains
        return any(domain.id == project.organization_id for domain in self._homes)

    def _noted(self, project: RemoteProject) -> RemoteProject:
        if _is_domain(project):
            self._seen_domains.add(project.id)
        return project


def _is_domain(project: RemoteProject) -> bool:
    return project.content.particulars[IS_DOMAIN] == "true"


def _gone(denied: PermissionDenied) -> ProjectNotFound:
    """What ``denied`` is, now that a complete list does not show the project."""
    return ProjectNotFound(
        f"{denied.operation.replace('_', ' ')}: a complete list of the domain does not show the project",
        operation=denied.operation,
        status=denied.status,
        trace_id=denied.trace_id,
    )


def _taken(unknown: OutcomeUnknown) -> NameTaken:
    """What ``unknown`` is, now that another project is shown to have the name."""
    return NameTaken(
        "update project: another project of the domain has this name; choose another `spec.name`",
        operation=unknown.operation,
        status=unknown.status,
        trace_id=unknown.trace_id,
    )
