"""What would go with a domain, and what is below a project, in words: how many of each kind, and the first names.

With a domain go its projects, groups and users, the identity providers whose users it has, and the configuration of
its own (K8-7). What is on the domain itself, as role assignments are, is no content: it goes with a project too (K8-5).
"""

from collections.abc import Sequence
from typing import Final

from project_operator.backends.answers import clipped, quotable
from project_operator.backends.documents import read
from project_operator.backends.keystone_v3 import requests
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import (
    DomainConfigDocument,
    IdentityProviderPayload,
    NamedPayload,
    peek,
)
from project_operator.backends.keystone_v3.requests import get

SHOWN: Final = 3
"""So many of a kind are named."""

_COUNTED: Final = 100
"""So many are counted, of what is listed page by page."""

_LONGEST_NAME: Final = 16

_PAGED: Final = (
    (Operation.LIST_PROJECTS, requests.PROJECTS, "projects"),
    (Operation.LIST_GROUPS, requests.GROUPS, "groups"),
    (Operation.LIST_USERS, requests.USERS, "users"),
)


class Contents:
    """Looks things up with one connection. Every method raises BackendError where a look fails."""

    def __init__(self, client: KeystoneClient) -> None:
        self._client = client

    async def below(self, project_id: str) -> str:
        """The projects whose parent it is: ``2 projects ('a', 'b')``; "": there are none."""
        return await self._first_page(Operation.LIST_PROJECTS, requests.PROJECTS, "projects", parent_id=project_id)

    async def of_domain(self, domain_id: str) -> str:
        """What would go with a domain: ``1 user ('ann'), its configuration ('ldap')``; "": nothing would."""
        found = [await self._first_page(*kind, domain_id=domain_id) for kind in _PAGED]
        found += [await self._identity_providers(domain_id), await self._configuration(domain_id)]
        return ", ".join(words for words in found if words)

    async def _first_page(self, operation: Operation, path: str, key: str, **query: str) -> str:
        answer = await self._client.send(get(operation, path, **query, limit=str(_COUNTED)))
        found = peek(answer.body, key)
        # A page that is empty and says that it was cut proves nothing.
        if found is None or found == ([], True):
            raise self._client.answers.unusable(operation, answer)
        items, there_is_more = found
        read_items = (read(NamedPayload, item) for item in items[:SHOWN])
        return _counted(len(items), key, [item.name for item in read_items if item], there_is_more=there_is_more)

    async def _identity_providers(self, domain_id: str) -> str:
        """All are listed: they cannot be filtered by domain, and have no pages that end (K5-15)."""
        operation = Operation.LIST_IDENTITY_PROVIDERS
        items = await self._client.items(get(operation, requests.IDENTITY_PROVIDERS), "identity_providers")
        listed = (self._client.answers.whole(operation, read(IdentityProviderPayload, item)) for item in items)
        inside = [item.id for item in listed if item.domain_id == domain_id]
        return _counted(len(inside), "identity providers", inside[:SHOWN])

    async def _configuration(self, domain_id: str) -> str:
        request = get(Operation.READ_DOMAIN_CONFIG, requests.config_path(domain_id), {domain_id})
        document = await self._client.read(DomainConfigDocument, request)
        groups = sorted(document.config) if document else []
        return f"its configuration ({_names(groups[:SHOWN], cut=len(groups) > SHOWN)})" if groups else ""


def _counted(count: int, kind: str, names: Sequence[str], *, there_is_more: bool = False) -> str:
    if not count:
        return ""
    number = f"more than {count}" if there_is_more else str(count)
    what = kind if count > 1 else kind.removesuffix("s")
    return f"{number} {what} ({_names(names, cut=count > SHOWN or there_is_more)})"


def _names(names: Sequence[str], *, cut: bool) -> str:
    shown = [f"'{clipped(quotable(name), _LONGEST_NAME)}'" for name in names]
    return ", ".join([*shown, "…"] if cut else shown)
