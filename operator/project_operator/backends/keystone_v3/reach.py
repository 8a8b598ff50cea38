"""What a connection is about: the domains of its backend object and, where domains are managed, those that Projects
have made.
"""

from project_operator.api.marks import MARK_PREFIX
from project_operator.backends.base import RemoteProject
from project_operator.backends.keystone_v3.domains import Domain
from project_operator.backends.keystone_v3.payloads import IS_DOMAIN
from project_operator.errors import BackendUnavailable


class Reach:
    """Learns from every project that is read. Belongs to one connection."""

    def __init__(self, *, manages_domains: bool) -> None:
        self.manages_domains = manages_domains
        """Whether projects that are domains are among those that it is about."""
        self._homes: tuple[Domain, ...] = ()
        self._made: set[str] = set()
        self._kinds: dict[str, bool] = {}

    @property
    def homes(self) -> tuple[Domain, ...]:
        """The domains that the backend object names; the first is where projects are made that name no other.

        Raises:
            BackendUnavailable: they are not known yet.
        """
        if not self._homes:
            raise BackendUnavailable("the domain is not known yet: connect() has not succeeded")
        return self._homes

    def settle(self, homes: tuple[Domain, ...]) -> None:
        """Take ``homes`` for the domains that the backend object names."""
        self._homes = homes

    @property
    def domain_ids(self) -> tuple[str, ...]:
        """Ids of the domains that projects are kept in: the homes, and those that carry a mark. Only who administers
        the whole cloud can put one on a domain.
        """
        homes = tuple(domain.id for domain in self.homes)
        return (*homes, *sorted(self._made.difference(homes)))

    def is_home(self, project_id: str) -> bool:
        """Whether the connection stands on this domain."""
        return any(domain.id == project_id for domain in self.homes)

    def holds(self, project: RemoteProject) -> bool:
        """Whether ``project`` is one of those that the connection is about."""
        return self.manages_domains if is_domain(project) else project.organization_id in self.domain_ids

    def note(self, project: RemoteProject) -> RemoteProject:
        """Learn from ``project``, which was read; the same again."""
        self._kinds[project.id] = is_domain(project)
        if is_domain(project):
            self.note_domain(project)
        return project

    def note_domain(self, domain: RemoteProject) -> None:
        """Learn from a ``domain`` that a list shows."""
        self._kinds[domain.id] = True
        if self.manages_domains and domain.content.mark.startswith(MARK_PREFIX):
            self._made.add(domain.id)
        else:
            self._made.discard(domain.id)

    def forget(self, project_id: str) -> None:
        """It is gone."""
        self._kinds.pop(project_id, None)
        self._made.discard(project_id)

    def kind(self, project_id: str) -> bool | None:
        """Whether the project is a domain, which never changes (K1-16); None: it was not read by itself."""
        return self._kinds.get(project_id)


def is_domain(project: RemoteProject) -> bool:
    """Whether ``project`` is a domain as well."""
    return project.content.particulars[IS_DOMAIN] == "true"
