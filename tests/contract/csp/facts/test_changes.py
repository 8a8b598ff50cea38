"""V2-15: changing a project."""

import json
from dataclasses import replace
from typing import Any

import pytest
from candidates.csp import CSPCandidate
from middlebox import Middlebox

from project_operator.backends.base import Backend, ProjectContent
from project_operator.errors import RequestRefused


async def test_only_what_differs_is_sent(backend: Backend, box: Middlebox, platform: CSPCandidate) -> None:
    project = await backend.get_project(platform.make(ProjectContent("a", "text", mark="iproj1:x")))
    box.forget()
    for change, body in (
        ({"name": "b"}, {"displayName": "b"}),
        ({"description": None}, {"description": "iproj1:x"}),
        ({"description": None, "mark": ""}, {"description": ""}),
        ({"mark": "orphaned"}, {"description": "text iproj1:orphaned"}),
    ):
        await backend.update_project(project, replace(project.content, **change), before_send=lambda: None)
        assert json.loads(box.writes[-1].body) == body  # V2-15, V2-19
    assert {request.target for request in box.writes} == {
        f"/csp/gateway/resource/api/v1/orgs/{platform.organization_id}/projects/{project.id}"
    }


async def test_the_parent_changes_only_where_that_is_switched_on(
    backend: Backend, opened: Any, platform: CSPCandidate
) -> None:
    parent, child = platform.make(ProjectContent("above")), platform.make(ProjectContent("below"))
    project = await backend.get_project(child)
    wanted = replace(project.content, parent_id=parent)
    assert backend.plan_update(project, wanted) == ()
    moving = await opened(reparent=True)
    await moving.update_project(project, wanted, before_send=lambda: None)
    assert platform.look(child).parent_id == parent
    with pytest.raises(RequestRefused, match="its own parent"):
        await moving.update_project(project, replace(project.content, parent_id=project.id), before_send=lambda: None)
