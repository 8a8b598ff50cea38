"""V2: creating a project, and what is nobody's to manage."""

import json
from dataclasses import replace
from typing import Any

import pytest
from candidates import Connecting, Purpose
from candidates.csp import CSPCandidate
from middlebox import Middlebox
from scripted_server import say
from troubles import failing, marked

from project_operator.backends.base import Backend, ProjectContent
from project_operator.errors import BackendUnavailable, OutcomeUnknown, PermissionDenied, RequestRefused
from project_operator.sandbox.identity.csp.admin_models import MakeProjects
from project_operator.sandbox.identity.csp.resources import ORG_DEFAULT, SYSTEM
from project_operator.sandbox.identity.csp.state import MEMBER
from project_operator.sandbox.identity.faults import Fault, FaultAction


async def test_what_is_sent(backend: Backend, box: Middlebox, platform: CSPCandidate) -> None:
    parent = platform.make(ProjectContent("above"))
    content = ProjectContent(
        "web",
        "Sells things",
        mark="iproj1:x",
        parent_id=parent,
        particulars={"csp.vrn": "vrn/a", "csp.subResourceServiceScopes": "s1,s2"},
    )
    project = await backend.create_project(content, before_send=lambda: None)
    (request,) = box.writes
    assert request.target == f"/csp/gateway/resource/api/v2/orgs/{platform.organization_id}/projects"  # V2-1
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"].startswith("Bearer ")
    assert json.loads(request.body) == {
        "displayName": "web",
        "description": "Sells things iproj1:x",
        "parentProjectId": parent,
        "subResourceServiceScopes": ["s1", "s2"],
        "type": "CUSTOM",
        "vrn": "vrn/a",
    }
    assert (await backend.get_project(project.id)).content == content


async def test_the_answer_shows_the_id_alone_so_the_rest_is_pending(backend: Backend, box: Middlebox) -> None:
    project = await backend.create_project(marked(), before_send=lambda: None)
    assert [request.method for request in box.requests] == ["POST"], "the link beside the id is not followed"
    assert (project.provisioning_status, project.health_status) == ("pending", "unknown")  # V9-10
    read = await backend.get_project(project.id)
    assert (read.provisioning_status, read.health_status) == ("provisioned", "healthy")


async def test_asked_twice_it_makes_two_of_one_name(backend: Backend, platform: CSPCandidate) -> None:
    for _ in range(2):
        await backend.create_project(ProjectContent("same"), before_send=lambda: None)
    assert [one.name for one in platform.truth().values()] == ["same", "same"]  # V5-1


async def test_a_description_without_room_for_the_mark_is_refused_unsent(backend: Backend, box: Middlebox) -> None:
    content = replace(marked(), description="x" * 247, mark="iproj1:")
    await backend.create_project(content, before_send=lambda: None)
    box.forget()
    with pytest.raises(RequestRefused, match="shorten it by 1"):
        await backend.create_project(replace(content, description="x" * 248), before_send=lambda: None)
    assert not box.requests


async def test_a_parent_that_is_not_there_is_no_absence_of_the_project(backend: Backend) -> None:
    with pytest.raises(RequestRefused, match="the parent"):
        await backend.create_project(marked(parent_id="none"), before_send=lambda: None)  # V6-2


async def test_a_member_may_not_and_hears_who_may(backend: Backend, platform: CSPCandidate) -> None:
    platform.server.admin.set_role(MEMBER)
    who = "project administrator, organization administrator or organization owner"
    with pytest.raises(PermissionDenied, match=who):
        await backend.create_project(marked(), before_send=lambda: None)


@pytest.mark.parametrize("kind", [SYSTEM, ORG_DEFAULT])
async def test_its_own_projects_are_neither_listed_nor_read_nor_deleted(
    backend: Backend, platform: CSPCandidate, kind: str
) -> None:
    (project_id,) = platform.server.admin.make_projects(MakeProjects(display_name="theirs", type=kind))
    platform.catch_up()
    assert await backend.list_projects() == ()
    with pytest.raises(RequestRefused, match=kind):
        await backend.get_project(project_id)
    with pytest.raises(RequestRefused, match=f"its type is {kind}"):
        await backend.delete_project(project_id, before_send=lambda: None)


@pytest.mark.parametrize("project_id", ["default", "DEFAULT", "Default"])
async def test_default_is_nobodys_id(backend: Backend, box: Middlebox, project_id: str) -> None:
    current = await backend.create_project(marked(), before_send=lambda: None)
    box.forget()
    with pytest.raises(RequestRefused, match="no id of a project"):
        await backend.get_project(project_id)
    with pytest.raises(RequestRefused, match="no id of a project"):
        await backend.delete_project(project_id, before_send=lambda: None)
    with pytest.raises(RequestRefused, match="no id of a project"):
        await backend.update_project(replace(current, id=project_id), ProjectContent("x"), before_send=lambda: None)
    assert not box.requests  # V2-20


@pytest.mark.parametrize("tells_type", [True, False], ids=["with types", "without"])
async def test_the_default_project_is_nobodys_by_its_own_id_either(
    opened: Any, box: Middlebox, platform: CSPCandidate, *, tells_type: bool
) -> None:
    platform.server.admin.configure(tells_type=tells_type)
    ours, default = platform.make(ProjectContent("ours")), platform.server.state.default_id
    backend = await opened()
    assert [project.id for project in await backend.list_projects()] == [ours]
    named = replace(await backend.get_project(ours), id=default)
    box.forget()
    with pytest.raises(RequestRefused, match="the organization's default project"):
        await backend.get_project(default)
    with pytest.raises(RequestRefused, match="the organization's default project"):
        await backend.update_project(named, ProjectContent("x"), before_send=lambda: None)
    with pytest.raises(RequestRefused, match="the organization's default project"):
        await backend.delete_project(default, before_send=lambda: None)
    assert not box.requests  # V2-20, V9-4


async def test_which_project_that_is_is_asked_once(box: Middlebox, platform: CSPCandidate) -> None:
    backend = platform.open(Connecting(url=box.url))
    await backend.connect()
    await backend.get_project(platform.make(ProjectContent("a")))
    await backend.list_projects()
    await backend.verify_read_access()
    assert [request.target.rpartition("/")[2] for request in box.requests].count("default") == 1
    await backend.aclose()


async def test_where_it_is_not_shown_what_has_no_type_is_nobodys(
    opened: Any, box: Middlebox, platform: CSPCandidate
) -> None:
    platform.server.admin.configure(shows_default=False)
    project_id = platform.make(ProjectContent("a"))
    backend = await opened()
    (project,) = await backend.list_projects()
    platform.server.admin.configure(tells_type=False)
    assert await backend.list_projects() == ()
    with pytest.raises(RequestRefused, match="it may be the organization's default project"):
        await backend.get_project(project_id)
    with pytest.raises(RequestRefused, match="it may be the organization's default project"):
        await backend.update_project(project, ProjectContent("x"), before_send=lambda: None)
    with pytest.raises(RequestRefused, match="its type is not told"):
        await backend.delete_project(project_id, before_send=lambda: None)
    assert not box.writes  # V9-4


@pytest.mark.parametrize("told", [{"id": "default"}, {"displayName": "d"}], ids=("alias", "no id"))
async def test_an_answer_that_does_not_tell_its_id_keeps_nobody_out(
    opened: Any, box: Middlebox, platform: CSPCandidate, told: dict[str, str]
) -> None:
    box.spoil(say(200, json.dumps(told).encode()), frozenset({Purpose.READ}), skip=1, count=1)
    platform.make(ProjectContent("a"))
    platform.server.admin.configure(tells_type=False)
    assert await (await opened()).list_projects() == ()  # V9-4


async def test_an_answer_that_does_not_come_is_no_refusal(platform: CSPCandidate) -> None:
    platform.server.admin.add_fault(Fault(action=FaultAction.SERVER_ERROR, operation="getProject"))
    backend = platform.open()
    await failing(backend.connect(), BackendUnavailable, platform.secrets)
    await backend.connect()
    await backend.aclose()


@pytest.mark.parametrize("word", ["default", "Default", ""], ids=["default", "Default", "its own id"])
async def test_no_creation_makes_the_default_project(
    backend: Backend, box: Middlebox, platform: CSPCandidate, word: str
) -> None:
    answer = {"id": word or platform.server.state.default_id, "refLink": "/"}
    box.spoil(say(201, json.dumps(answer).encode()), frozenset({Purpose.CREATE}))
    await failing(backend.create_project(marked(), before_send=lambda: None), OutcomeUnknown, platform.secrets)
