"""V8: deleting, as far as anybody knows."""

from typing import Any

import pytest
from candidates import Purpose
from candidates.csp import CSPCandidate
from middlebox import Middlebox
from scripted_server import say
from troubles import failing

from project_operator.backends.base import Backend, ProjectContent
from project_operator.errors import BackendUnavailable, ProjectNotFound, RequestRefused
from project_operator.sandbox.identity.csp.admin_models import MakeProjects, RoleSnapshot


async def test_it_is_off_unless_switched_on(opened: Any, box: Middlebox, platform: CSPCandidate) -> None:
    careful = await opened(delete=False)
    project_id = platform.make(ProjectContent("a"))
    with pytest.raises(RequestRefused, match=r"vmwareCSP\.capabilities\.delete is off"):
        await careful.delete_project(project_id, before_send=lambda: None)
    assert not box.requests


async def test_what_has_services_is_not_deleted(backend: Backend, box: Middlebox, platform: CSPCandidate) -> None:
    (project_id,) = platform.server.admin.make_projects(MakeProjects(services=("s1", "s2")))
    with pytest.raises(RequestRefused, match=r"services are enabled in it \(s1, s2\)"):
        await backend.delete_project(project_id, before_send=lambda: None)
    assert not box.writes  # V8-1, V9-3


async def test_what_has_children_is_not_deleted(backend: Backend, box: Middlebox, platform: CSPCandidate) -> None:
    parent = platform.make(ProjectContent("above"))
    platform.server.admin.make_projects(MakeProjects(display_name="below", parent_id=parent))
    await backend.get_project(parent)
    with pytest.raises(RequestRefused, match="it has children"):
        await backend.delete_project(parent, before_send=lambda: None)
    assert not box.writes


async def test_what_the_platform_holds_back_is_explained_in_its_words(backend: Backend, platform: CSPCandidate) -> None:
    project_id = platform.make(ProjectContent("a"))
    project = await backend.get_project(project_id)
    vrn = project.content.particulars["csp.vrn"]
    role = RoleSnapshot(kind="customRoles", name="x", resource=vrn, service="", membership="DIRECT")
    platform.server.admin.make_group("those who may", role)
    with pytest.raises(RequestRefused, match=r"has to go first.*users or groups have access"):
        await backend.delete_project(project_id, before_send=lambda: None)  # V8-1, V8-3
    assert set(platform.truth()) == {project_id}


@pytest.mark.parametrize("status", [405, 501])
async def test_a_server_without_it_is_asked_once(
    backend: Backend, box: Middlebox, platform: CSPCandidate, status: int
) -> None:
    ids = [platform.make(ProjectContent(name)) for name in ("a", "b")]
    box.spoil(say(status), frozenset({Purpose.DELETE}))
    for project_id in ids:
        with pytest.raises(RequestRefused, match="has no such call"):
            await backend.delete_project(project_id, before_send=lambda: None)  # V9-11
    assert len(box.writes) == 1


async def test_so_does_one_that_says_so_itself(backend: Backend, platform: CSPCandidate) -> None:
    platform.server.admin.configure(deletes=False)
    project_id = platform.make(ProjectContent("a"))
    with pytest.raises(RequestRefused, match="has no such call"):
        await backend.delete_project(project_id, before_send=lambda: None)  # V2-7
    assert set(platform.truth()) == {project_id}


async def test_absence_is_proved_by_the_list_of_deleted_ones_where_that_is_asked_for(
    opened: Any, platform: CSPCandidate
) -> None:
    strict = await opened(verify_soft_delete=True)
    project_id = platform.make(ProjectContent("a"))
    platform.vanish(project_id)
    with pytest.raises(ProjectNotFound):
        await strict.get_project(project_id)  # V2-5, V8-2
    with pytest.raises(BackendUnavailable, match="a right may have been lost"):
        await strict.get_project(platform.unused_id())  # V9-8


async def test_what_was_seen_before_does_not_count(backend: Backend, box: Middlebox, platform: CSPCandidate) -> None:
    used, parent, child = (platform.make(ProjectContent(name)) for name in ("used", "above", "below"))
    for project_id in (used, parent):
        await backend.get_project(project_id)
    await backend.list_projects()
    platform.server.admin.edit_project(used, services=("s1",))
    platform.server.admin.edit_project(child, parent_id=parent)
    platform.catch_up()
    with pytest.raises(RequestRefused, match="services are enabled"):
        await backend.delete_project(used, before_send=lambda: None)  # V9-3
    with pytest.raises(RequestRefused, match="it has children"):
        await backend.delete_project(parent, before_send=lambda: None)
    assert not box.writes


async def test_without_the_look_before_nothing_is_sent(
    backend: Backend, box: Middlebox, platform: CSPCandidate
) -> None:
    project = await backend.get_project(platform.make(ProjectContent("a")))
    box.spoil(say(500))
    await failing(backend.delete_project(project.id, before_send=lambda: None), BackendUnavailable, platform.secrets)
    assert not box.writes  # V9-3
