"""``plan_*`` names the very requests that the calls then send, and sends nothing itself."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from candidates import DELETING, Candidate, plain, where
from middlebox import Middlebox
from troubles import marked, noticed
from twins import SayingLess

from project_operator.api.marks import ORPHANED
from project_operator.backends.base import Backend, PlannedCall, ProjectContent, RemoteProject, Tag

CHANGES: dict[str, dict[str, Any]] = {
    "name": {"name": "renewed"},
    "description": {"description": "new"},
    "tags": {"tags": (Tag("a", "b"),)},
    "mark": {"mark": ORPHANED},
    "everything": {"name": "renewed", "description": "new", "tags": (), "mark": "iproj1:2"},
    "nothing": {},
}


@pytest.fixture
async def current(backend: Backend, candidate: Candidate) -> RemoteProject:
    content = ProjectContent("there", "as it was", (Tag("team", "red"),), mark="iproj1:1")
    return await backend.get_project(candidate.make(content))


async def sent_is_planned(
    box: Middlebox, planned: Callable[[], tuple[PlannedCall, ...]], call: Callable[[], Awaitable[Any]], **known: str
) -> int:
    """The number of requests, as planned; ``known``: the ids that were not known yet."""
    box.forget()
    plan = planned()
    assert not box.server.requests
    assert all(step.summary for step in plan)
    await call()
    assert [(step.verb, step.target.format(**known)) for step in plan] == [
        (request.method, request.target) for request in box.writes
    ]
    return len(plan)


async def an_update_is_as_planned(
    backend: Backend, box: Middlebox, current: RemoteProject, content: ProjectContent
) -> int:
    return await sent_is_planned(
        box,
        lambda: backend.plan_update(current, content),
        lambda: backend.update_project(current, content, before_send=lambda: None),
    )


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_an_update_is_as_planned(
    backend: Backend, box: Middlebox, candidate: Candidate, current: RemoteProject, change: dict[str, Any]
) -> None:
    wanted = candidate.fit(replace(current.content, **change))
    count = await an_update_is_as_planned(backend, box, current, wanted)
    assert count == (plain(wanted) != plain(current.content))


async def test_so_is_one_of_what_only_this_backend_has(backend: Backend, box: Middlebox, candidate: Candidate) -> None:
    for change in candidate.further_changes():
        project = await backend.get_project(candidate.make(ProjectContent(f"before-{hash(str(change))}")))
        wanted = replace(project.content, **change)
        if "particulars" in change:
            wanted = replace(wanted, particulars={**project.content.particulars, **change["particulars"]})
        assert await an_update_is_as_planned(backend, box, project, wanted)


@where(lambda candidate: candidate.gives_access)
async def test_so_is_one_of_the_access_of_groups(backend: Backend, box: Middlebox, candidate: Candidate) -> None:
    one, two = candidate.make_group("one"), candidate.make_group("two")
    project_id = candidate.make(ProjectContent("there"))
    for group_ids in ((one,), (one, two), (two,), ()):
        current = await backend.get_project(project_id, group_ids=frozenset({one, two}))
        wanted = replace(current.content, description=f"{len(group_ids)}", **candidate.access(group_ids))
        assert await an_update_is_as_planned(backend, box, current, wanted)
        current = await backend.get_project(project_id, group_ids=frozenset({one, two}))
        assert not backend.plan_update(current, replace(current.content, **candidate.access(group_ids)))


async def test_that_check_notices_a_backend_that_says_less(
    backend: Backend, box: Middlebox, current: RemoteProject
) -> None:
    less: Any = SayingLess(backend)
    with noticed():
        await an_update_is_as_planned(less, box, current, replace(current.content, name="renewed"))


async def test_a_creation_and_what_completes_it_are_as_planned(
    backend: Backend, box: Middlebox, candidate: Candidate
) -> None:
    group_id = candidate.make_group("those who may")
    content = marked(**candidate.access([group_id]))
    plan = backend.plan_create(content)
    made: list[RemoteProject] = []

    async def create() -> None:
        made.append(await backend.create_project(content, before_send=lambda: None))
        candidate.catch_up()
        project = await backend.get_project(made[0].id, group_ids=frozenset({group_id}))
        wanted = replace(project.content, **candidate.access([group_id]))
        await backend.update_project(project, wanted, before_send=lambda: None)

    box.forget()
    await create()
    assert [(step.verb, step.target.format(id=made[0].id)) for step in plan] == [
        (request.method, request.target) for request in box.writes
    ]
    assert all(step.summary for step in plan)
    truth = candidate.truth()[made[0].id]
    assert truth == replace(truth, **candidate.access([group_id]))


@pytest.mark.parametrize("server", DELETING, indirect=True)
async def test_a_deletion_is_as_planned(backend: Backend, box: Middlebox, candidate: Candidate) -> None:
    project_id = candidate.make(ProjectContent("going"))
    await backend.get_project(project_id)
    count = await sent_is_planned(
        box,
        lambda: backend.plan_delete(project_id),
        lambda: backend.delete_project(project_id, before_send=lambda: None),
    )
    assert count == 1
    assert not candidate.truth()
