"""Makes a project, in the domain where it belongs."""

from collections.abc import Callable

from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.backends.keystone_v3 import requests
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import DOMAIN_ID, IS_DOMAIN, read_project
from project_operator.backends.keystone_v3.projects import ProjectReader
from project_operator.backends.keystone_v3.reach import Reach, is_domain
from project_operator.backends.keystone_v3.requests import Asked
from project_operator.backends.requests import Request
from project_operator.errors import PermissionDenied, ProjectNotFound, RequestRefused

_OPERATION = Operation.CREATE_PROJECT


class Creation:
    """One POST; a read of the parent before it, where that may be in one of several domains."""

    def __init__(self, client: KeystoneClient, projects: ProjectReader, reach: Reach, dialect: Dialect) -> None:
        self._client = client
        self._projects = projects
        self._reach = reach
        self._dialect = dialect

    def steps(self, content: ProjectContent) -> tuple[Request[Asked], ...]:
        """The POST, and the role assignments that follow as an update."""
        post = requests.creation(content, self._reach.homes[0].id, self._dialect.mark_place)
        return (post, *requests.role_changes(requests.UNKNOWN_ID, (), content.role_assignments))

    async def carry_out(self, content: ProjectContent, before_send: Callable[[], None]) -> RemoteProject:
        """Of two creations with one name one is refused, in whatever way they meet (K6-1).

        Raises:
            RequestRefused: it would be in a domain that the connection is not about.
        """
        domain_id = await self._domain_of(content)
        request = requests.creation(content, domain_id, self._dialect.mark_place)
        answer = await self._client.send(request, before_send)
        project = read_project(answer.body, self._dialect.mark_place)
        if project is None or project.content.name != content.name:
            raise self._client.answers.unusable(_OPERATION, answer)
        return self._reach.note(project)

    async def _domain_of(self, content: ProjectContent) -> str:
        """Where ``content`` is to be: as it says, else where its parent is, which Keystone wants to be told (K4-4)."""
        path, home = self._dialect.spec_path, self._reach.homes[0].id
        if content.particulars.get(IS_DOMAIN) == "true":
            if not self._reach.manages_domains:
                raise _refused(f"a domain is only made where the backend object has {path}.manageDomains")
            return home
        domain_id = content.particulars.get(DOMAIN_ID)
        if domain_id is not None:
            if domain_id not in self._reach.domain_ids:
                raise _refused(f"{DOMAIN_ID} must be the backend object's domain or in {path}.additionalDomains")
            return domain_id
        alone = len(self._reach.homes) == 1 and not self._reach.manages_domains
        if content.parent_id is None or alone:
            return home
        if content.parent_id in self._reach.domain_ids:
            return content.parent_id
        return await self._domain_of_parent(content.parent_id, home)

    async def _domain_of_parent(self, parent_id: str, home: str) -> str:
        try:
            parent = await self._projects.get(parent_id)
        except (ProjectNotFound, PermissionDenied):
            return home  # Keystone says what is wrong with it
        except RequestRefused:
            raise _refused("the parent is in none of the domains that the backend object is for") from None
        if is_domain(parent) and parent.id not in self._reach.domain_ids:
            raise _refused(
                f"the parent is a domain that no Project made; name it in {self._dialect.spec_path}.additionalDomains"
            )
        return parent.organization_id


def _refused(words: str) -> RequestRefused:
    return RequestRefused(f"{_OPERATION.words}: {words}", operation=_OPERATION)
