"""``update_project`` makes the content what it is told and leaves everything else as it was."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from contract_harness import Harness
from middlebox import WRITES, Middlebox
from scripted_server import Script, never
from troubles import TROUBLES, each, failing, marked, sent

from project_operator.api.marks import ORPHANED
from project_operator.backends.base import Backend, ProjectContent, RemoteProject, Tag
from project_operator.errors import (
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    RightExpired,
    WriteConflict,
)

FOREIGN = Tag("terraform.nscale.com/3f1c", "")
LOST = TROUBLES | {"never": never}

THERE = ProjectContent("there", "as it was", (FOREIGN, Tag("team", "red")), mark="iproj1:1")


@pytest.fixture
async def current(backend: Backend, harness: Harness) -> RemoteProject:
    return await backend.get_project(harness.make(THERE))


async def what_is_not_told_stays(backend: Backend, current: RemoteProject, harness: Harness) -> None:
    wanted = replace(current.content, name="renamed")
    await backend.update_project(current, wanted, before_send=lambda: None)
    assert harness.truth() == {current.id: replace(THERE, name="renamed")}


class TestUpdated:
    async def test_what_is_not_told_stays(self, backend: Backend, current: RemoteProject, harness: Harness) -> None:
        await what_is_not_told_stays(backend, current, harness)

    async def test_that_check_notices_a_backend_that_drops_foreign_tags(
        self, backend: Backend, current: RemoteProject, harness: Harness
    ) -> None:
        class Dropping:
            async def update_project(self, current: RemoteProject, content: ProjectContent, **more: Any) -> None:
                tags = tuple(tag for tag in content.tags if tag != FOREIGN)
                await backend.update_project(current, replace(content, tags=tags), **more)

        dropping: Any = Dropping()
        with pytest.raises(AssertionError):
            await what_is_not_told_stays(dropping, current, harness)

    @pytest.mark.parametrize(
        "change",
        [
            {"description": None},
            {"description": ""},
            {"description": "größe 漢字"},
            {"tags": ()},
            {"tags": (Tag("team", "blue"), FOREIGN, Tag("team", "red"))},
            {"mark": ORPHANED},
            {"mark": ""},
            {"name": "new", "description": "new", "tags": (Tag("new", "new"),), "mark": "iproj1:2"},
        ],
        ids=str,
    )
    async def test_each_field_becomes_what_is_told(
        self, backend: Backend, current: RemoteProject, harness: Harness, change: dict[str, Any]
    ) -> None:
        wanted = replace(current.content, **change)
        calls, before_send = sent()
        await backend.update_project(current, wanted, before_send=before_send)
        assert len(calls) == 1
        assert harness.asked("update") == 1
        assert harness.truth() == {current.id: wanted}
        harness.catch_up()
        assert (await backend.get_project(current.id)).content == wanted

    async def test_groups_are_set_and_emptied(self, backend: Backend, current: RemoteProject, harness: Harness) -> None:
        groups = (harness.make_group("one"), harness.make_group("two"))
        for group_ids in (groups, ()):
            await backend.update_project(
                current, replace(current.content, group_ids=group_ids), before_send=lambda: None
            )
            assert harness.truth()[current.id].group_ids == group_ids


class TestNotUpdated:
    async def test_a_project_that_is_gone_is_not_found(
        self, backend: Backend, current: RemoteProject, harness: Harness
    ) -> None:
        harness.vanish(current.id)
        await failing(
            backend.update_project(current, marked(), before_send=lambda: None), ProjectNotFound, harness.credential
        )
        assert not harness.truth()

    async def test_losing_a_race_is_told_apart(
        self, backend: Backend, current: RemoteProject, harness: Harness
    ) -> None:
        harness.race(current.id)
        error = await failing(
            backend.update_project(current, marked(), before_send=lambda: None), WriteConflict, harness.credential
        )
        assert "exists" not in str(error), "the vendor's words would mislead"
        assert harness.truth()[current.id].name == THERE.name

    async def test_wrong_content_is_refused(self, backend: Backend, current: RemoteProject, harness: Harness) -> None:
        for content in harness.wrong_contents():
            await failing(
                backend.update_project(current, content, before_send=lambda: None), RequestRefused, harness.credential
            )
        assert harness.truth() == {current.id: THERE}

    async def test_missing_rights_are_named(self, backend: Backend, current: RemoteProject, harness: Harness) -> None:
        harness.lose_rights()
        error = await failing(
            backend.update_project(current, marked(), before_send=lambda: None), PermissionDenied, harness.credential
        )
        assert "update" in str(error)

    async def test_nothing_is_sent_without_leave(
        self, backend: Backend, current: RemoteProject, harness: Harness
    ) -> None:
        refusal = RightExpired("too late")

        def refuse() -> None:
            raise refusal

        with pytest.raises(RightExpired) as raised:
            await backend.update_project(current, marked(), before_send=refuse)
        assert raised.value is refusal
        assert harness.asked("update") == 0


class TestLost:
    @pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
    @each("trouble", LOST)
    async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(
        self, connect: Callable[..., Any], box: Middlebox, harness: Harness, trouble: Script, *, done: bool
    ) -> None:
        backend = await connect(url=box.url, timeout=0.5)
        current = await backend.get_project(harness.make(THERE))
        box.requests.clear()
        box.spoil(trouble, WRITES, passing_on=done)
        await failing(
            backend.update_project(current, marked(), before_send=lambda: None), OutcomeUnknown, harness.credential
        )
        assert len(box.requests) == 1
        assert harness.asked("update") == done
