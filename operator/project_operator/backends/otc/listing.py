"""The account's projects, page by page, complete or an error."""

from typing import Final

from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.otc import requests
from project_operator.backends.otc.dialect import OTC
from project_operator.backends.otc.payloads import ProjectPayload, read_numbered_page
from project_operator.errors import BackendUnavailable

_OPERATION: Final = Operation.LIST_PROJECTS
_MOST_PAGES: Final = 100
_WALKS: Final = 4

Projects = dict[str, ProjectPayload]


async def list_projects(
    client: KeystoneClient, domain_id: str, per_page: int = OTC.page_limit
) -> tuple[ProjectPayload, ...]:
    """Every project of the account.

    Pages are counted, not linked: what is deleted between two of them hides another (T4-3). Two walks that show the
    same prove that nothing was deleted during the first.
    """
    before: Projects | None = None
    for _ in range(_WALKS):
        found, pages = await _walk(client, domain_id, per_page)
        if pages == 1 or (before is not None and set(before) == set(found)):
            return tuple(found.values())
        before = found
    raise BackendUnavailable(
        f"{_OPERATION.words}: the list changes faster than it can be read whole", operation=_OPERATION
    )


async def _walk(client: KeystoneClient, domain_id: str, per_page: int) -> tuple[Projects, int]:
    """What the pages show from the first to the last, and how many there were."""
    found: Projects = {}
    for number in range(1, _MOST_PAGES + 1):
        answer = await client.send(requests.numbered_page(domain_id, number, per_page))
        page = read_numbered_page(answer.body)
        if page is None or not client.answers.succeeded(_OPERATION, answer):
            raise client.answers.unusable(_OPERATION, answer)
        fresh = {project.id: project for project in page if project.id not in found}
        if number > 1 and page and not fresh:
            # The same again: whoever answers does not count pages, and nobody knows what is missing.
            raise client.answers.unusable(_OPERATION, answer)
        found |= fresh
        if len(page) < per_page:
            return found, number
    raise BackendUnavailable(
        f"{_OPERATION.words}: the list does not end within {_MOST_PAGES} pages", operation=_OPERATION
    )
