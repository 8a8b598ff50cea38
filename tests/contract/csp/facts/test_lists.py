"""V4: lists, and what stands in for one that is empty."""

import json
from typing import Any

import pytest
from candidates.csp import CSPCandidate
from middlebox import Middlebox
from scripted_server import say
from troubles import failing, marked

from project_operator.backends.base import Backend
from project_operator.errors import BackendUnavailable, PermissionDenied
from project_operator.sandbox.identity.csp.admin_models import MakeProjects
from project_operator.sandbox.identity.csp.state import PROJECT_ADMIN
from project_operator.sandbox.identity.faults import Fault, FaultAction


@pytest.mark.parametrize(
    "settings", [{"links": False}, {"tells_total": False}, {"links": True}], ids=["no links", "no total", "both"]
)
async def test_they_are_whole_however_pages_hang_together(
    backend: Backend, platform: CSPCandidate, settings: dict[str, Any]
) -> None:
    platform.server.admin.configure(**settings)  # V4-1 to V4-3
    ids = platform.make_many(2100)
    assert {project.id for project in await backend.list_projects()} == ids


async def test_one_that_says_it_has_more_than_it_shows_is_no_list(
    backend: Backend, box: Middlebox, platform: CSPCandidate
) -> None:
    box.spoil(say(200, b'{"results": [], "totalResults": 7}'))
    error = await failing(backend.list_projects(), BackendUnavailable, platform.secrets)
    assert "has 7 items and shows 0" in str(error)


async def test_one_that_is_partial_is_no_list(backend: Backend, box: Middlebox) -> None:
    box.spoil(say(200, b'{"results": [], "totalResults": 0, "errors": [{"message": "x"}]}'))
    with pytest.raises(BackendUnavailable):
        await backend.list_projects()


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example.com/csp/gateway/resource/api/v1/orgs/o/projects?pageStart=2",
        "//elsewhere.example.com/x?pageStart=2",
        "/csp/gateway/am/api/orgs/o/groups?pageStart=2",
        "?pageStart=2",
        "PATH",
        "PATH?pageStart=1",
        "PATH?pageStart=0",
        "PATH?pageStart=two",
        "PATH?pageStart=2&pageStart=3",
    ],
)
async def test_a_link_that_leads_elsewhere_or_in_a_circle_is_not_followed(
    backend: Backend, box: Middlebox, platform: CSPCandidate, link: str
) -> None:
    path = f"/csp/gateway/resource/api/v1/orgs/{platform.organization_id}/projects"
    body = {"results": [], "nextLink": link.replace("PATH", path)}
    box.spoil(say(200, json.dumps(body).encode()))
    await failing(backend.list_projects(), BackendUnavailable, platform.secrets)
    assert len(box.requests) == 1


async def test_what_is_made_shows_late_and_is_found_by_its_mark(backend: Backend, platform: CSPCandidate) -> None:
    platform.server.admin.configure(list_lag=3600.0)  # V5-2
    await backend.create_project(marked(7, description="text"), before_send=lambda: None)
    assert await backend.list_projects() == ()
    platform.catch_up()
    (found,) = await backend.list_projects()
    assert found.content.mark == "iproj1:7"
    assert found.content.description == "text"


async def test_they_show_the_scopes(backend: Backend, platform: CSPCandidate) -> None:
    platform.server.admin.make_projects(MakeProjects(display_name="a", scopes=("two", "one")))
    platform.catch_up()
    (listed,) = await backend.list_projects()
    assert listed.content.particulars["csp.subResourceServiceScopes"] == "one,two"  # V4-5
    assert listed == await backend.get_project(listed.id)


async def test_where_nothing_is_shown_the_default_project_must_be(
    backend: Backend, box: Middlebox, platform: CSPCandidate
) -> None:
    empty = say(200, b'{"results": [], "totalResults": 0}')
    box.spoil(empty, count=1)
    await backend.verify_read_access()
    platform.server.admin.add_fault(Fault(action=FaultAction.SERVER_ERROR, operation="getProject"))
    box.spoil(empty, count=1)
    await failing(backend.verify_read_access(), BackendUnavailable, platform.secrets)


async def test_a_default_project_that_is_not_shown_is_a_missing_right(
    backend: Backend, box: Middlebox, platform: CSPCandidate
) -> None:
    async def nothing(exchange: Any) -> None:
        if "?" in exchange.request.target:
            await exchange.answer(200, b'{"results": [], "totalResults": 0}')
        else:
            await exchange.answer(404, b'{"statusCode": 404, "requestId": "a"}')

    box.spoil(nothing)
    error = await failing(backend.verify_read_access(), PermissionDenied, platform.secrets)
    assert "role" in str(error)


async def test_a_project_administrator_may_not_list_groups(backend: Backend, platform: CSPCandidate) -> None:
    platform.server.admin.set_role(PROJECT_ADMIN)
    assert await backend.list_projects() == ()
    with pytest.raises(PermissionDenied, match="organization administrator or organization owner"):
        await backend.list_groups()  # V7-1
