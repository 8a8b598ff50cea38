"""Keystone as a `Backend`: some domains, one credential."""

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
from project_operator.backends.calls import Endpoint
from project_operator.backends.documents import read
from project_operator.backends.keystone_v3 import requests
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.config import KeystoneConfig
from project_operator.backends.keystone_v3.creation import Creation
from project_operator.backends.keystone_v3.credentials import Reference
from project_operator.backends.keystone_v3.deletion import Deletion
from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.domains import Domain, find_domain, require_sight
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import VersionDocument, item_to_group, item_to_role
from project_operator.backends.keystone_v3.projects import ProjectReader
from project_operator.backends.keystone_v3.reach import Reach
from project_operator.backends.keystone_v3.requests import Asked, get
from project_operator.backends.keystone_v3.role_assignments import read_role_assignments
from project_operator.backends.keystone_v3.update import Update
from project_operator.backends.requests import Request
from project_operator.backends.transport import Transport
from project_operator.backends.vendor import Surroundings
from project_operator.errors import ConnectionRefused, PermissionDenied

_MANY: Final = 4
"""So many times the timeout for calls of as many requests as there are pages, or kinds of things in a domain."""


class KeystoneBackend:
    """Keeps the promises of `project_operator.backends.base`; this says how.

    The organization is a domain. Writes have been done when they are answered. All requests of a call have one
    deadline: the timeout, or four times that where lists of many pages, or the content of a domain, have to be read;
    what puts things right after a failure has the timeout once more.
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
        client = self._client = KeystoneClient(transport, config.credential, dialect, surroundings.now)
        place = dialect.mark_place
        reach = self._reach = Reach(manages_domains=config.manage_domains)
        projects = self._projects = ProjectReader(client, reach, place)
        self._creation = Creation(client, projects, reach, dialect)
        self._update = Update(client, projects, reach, place)
        self._deletion = Deletion(client, projects, reach)

    async def connect(self) -> ConnectionFacts:
        """Ask for the version, which needs no credential; sign in; find the domains; try to list each of them."""
        with self._client.one_deadline(_MANY):
            return await self._connect()

    async def _connect(self) -> ConnectionFacts:
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
        self._reach.settle(tuple(domains.values()))
        await self.verify_read_access()
        home = self._reach.homes[0]
        return ConnectionFacts(
            home.id, home.name, token.user, document.version.id, credential_expires_at=token.credential_expires_at
        )

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """Domain by domain, page by page; and the domains themselves where they are managed, with what is in those that
        Projects have made.
        """
        with self._client.one_deadline(_MANY):
            return await self._projects.list_all()

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """A missing project costs who manages one domain a list, which all share that ask at the time."""
        with self._client.one_deadline(_MANY):
            project = await self._projects.get(project_id)
            if not group_ids:
                return project
            assignments = await read_role_assignments(self._client, project_id, group_ids)
        return replace(project, content=replace(project.content, role_assignments=assignments))

    async def verify_read_access(self) -> None:
        """One page of each domain, of one item."""
        with self._client.one_deadline():
            await self._projects.verify_access()

    async def list_groups(self) -> tuple[Group, ...]:
        """Those of the domains that projects are kept in."""
        operation = Operation.LIST_GROUPS
        found: list[Group] = []
        with self._client.one_deadline(_MANY):
            for domain_id in self._reach.domain_ids:
                found += await self._client.list_all(
                    operation, requests.GROUPS, "groups", item_to_group, domain_id=domain_id
                )
        return tuple(found)

    async def list_roles(self) -> tuple[Role, ...]:
        """Those of the cloud, and those of each domain where the credential may see them: a manager may not, and may
        not grant them either (K3-11).
        """
        operation, path = Operation.LIST_ROLES, requests.ROLES
        with self._client.one_deadline(_MANY):
            found = await self._client.list_all(operation, path, "roles", item_to_role)
            for domain_id in self._reach.domain_ids:
                try:
                    found += await self._client.list_all(operation, path, "roles", item_to_role, domain_id=domain_id)
                except PermissionDenied:
                    break
        return tuple(found)

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """One POST; a read of the parent before it, where that may be in one of several domains."""
        with self._client.one_deadline():
            return await self._creation.carry_out(content, before_send)

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """Exactly the requests of `plan_update`, in order; and the lock, where what fails would leave none."""
        with self._client.one_deadline():
            await self._update.carry_out(current, content, before_send)

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        """Exactly the requests of `plan_delete`, in order, reads apart; and what enables a domain again that could not
        be deleted. It is gone when this returns.
        """
        with self._client.one_deadline(_MANY):
            await self._deletion.carry_out(project_id, before_send)

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """One POST, and one PUT for each role of a group."""
        return _planned(self._creation.steps(content))

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """At most two PATCHes, and one PUT or DELETE for each role of a group that is to come or to go."""
        return _planned(self._update.steps(current, content))

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        """One DELETE; of a domain, a PATCH before it."""
        return _planned(self._deletion.steps(project_id))

    async def aclose(self) -> None:
        """Calls under way end at once."""
        await self._client.aclose()


def _planned(steps: tuple[Request[Asked], ...]) -> tuple[PlannedCall, ...]:
    return tuple(request.planned() for request in steps)
