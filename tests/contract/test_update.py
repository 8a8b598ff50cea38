"""``update_project`` makes the content what it is told, leaves everything else as it was, and else sends nothing."""

from dataclasses import replace
from typing import Any

import pytest
from candidates import WRITES, Candidate, Purpose, plain, where
from middlebox import Middlebox
from troubles import TOO_LATE, TROUBLES, failing, noticed, sent, told
from twins import DroppingDescriptions, DroppingTags, WritingAnyway

from project_operator.api.marks import ORPHANED
from project_operator.backends.base import Backend, ProjectContent, RemoteProject, Tag
from project_operator.errors import (
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    RightExpired,
)

FOREIGN = Tag("somebody.else", "theirs")
LOST = TROUBLES | TOO_LATE

THERE = ProjectContent("there", "as it was", (FOREIGN, Tag("team", "red")), mark="iproj1:1")


@pytest.fixture
async def current(backend: Backend, box: Middlebox, candidate: Candidate) -> RemoteProject:
    project = await backend.get_project(candidate.make(THERE))
    box.forget()
    return project


def truth_of(candidate: Candidate, project: RemoteProject) -> ProjectContent:
    """The only project there is, as it really is."""
    ((project_id, truth),) = candidate.truth().items()
    assert project_id == project.id
    return plain(truth)


async def what_is_not_told_stays(backend: Backend, current: RemoteProject, candidate: Candidate) -> None:
    wanted = replace(current.content, name="renamed")
    await backend.update_project(current, wanted, before_send=lambda: None)
    assert truth_of(candidate, current) == plain(replace(candidate.held(THERE), name="renamed"))


async def nothing_to_do_is_no_call(backend: Backend, box: Middlebox, current: RemoteProject) -> None:
    calls, before_send = sent()
    await backend.update_project(current, current.content, before_send=before_send)
    assert not calls
    assert not box.requests


class TestUpdated:
    async def test_what_is_not_told_stays(self, backend: Backend, current: RemoteProject, candidate: Candidate) -> None:
        await what_is_not_told_stays(backend, current, candidate)

    async def test_that_check_notices_a_backend_that_drops_foreign_tags(
        self, backend: Backend, current: RemoteProject, candidate: Candidate
    ) -> None:
        dropping: Any = (DroppingTags if candidate.tags else DroppingDescriptions)(backend)
        with noticed():
            await what_is_not_told_stays(dropping, current, candidate)

    @pytest.mark.parametrize(
        "change",
        [
            {"description": ""},
            {"description": "größe 漢字"},
            {"tags": ()},
            {"tags": (Tag("team", "blue"), FOREIGN, Tag("team", "red"))},
            {"mark": ORPHANED},
            {"mark": ""},
            {"name": "renewed", "description": "new", "tags": (Tag("new", "new"),), "mark": "iproj1:2"},
        ],
        ids=str,
    )
    async def test_each_field_becomes_what_is_told(
        self, backend: Backend, box: Middlebox, current: RemoteProject, candidate: Candidate, change: dict[str, Any]
    ) -> None:
        wanted = candidate.fit(replace(current.content, **change))
        calls, before_send = sent()
        await backend.update_project(current, wanted, before_send=before_send)
        assert len(calls) == (plain(wanted) != plain(current.content))
        assert box.asked(Purpose.UPDATE) == len(calls)
        assert truth_of(candidate, current) == plain(wanted)
        candidate.catch_up()
        assert plain((await backend.get_project(current.id)).content) == plain(wanted)

    @where(lambda candidate: candidate.gives_access)
    async def test_access_of_groups_is_given_and_taken(
        self, backend: Backend, current: RemoteProject, candidate: Candidate
    ) -> None:
        one, two, three = (candidate.make_group(name) for name in ("one", "two", "three"))
        everybody = frozenset({one, two, three})
        for group_ids in ((one, two), (two, three), ()):
            project = await backend.get_project(current.id, group_ids=everybody)
            wanted = replace(project.content, **candidate.access(group_ids))
            await backend.update_project(project, wanted, before_send=lambda: None)
            truth = candidate.truth()[current.id]
            assert truth == replace(truth, **candidate.access(group_ids))
        assert truth_of(candidate, current) == plain(current.content), "nothing else has changed"


class TestNothingToDo:
    async def test_nothing_to_do_is_no_call(self, backend: Backend, box: Middlebox, current: RemoteProject) -> None:
        await nothing_to_do_is_no_call(backend, box, current)

    async def test_that_check_notices_a_backend_that_writes_anyway(
        self, backend: Backend, box: Middlebox, current: RemoteProject
    ) -> None:
        writing: Any = WritingAnyway(backend)
        with noticed():
            await nothing_to_do_is_no_call(writing, box, current)

    async def test_applied_twice_is_one_call(
        self, backend: Backend, box: Middlebox, current: RemoteProject, candidate: Candidate
    ) -> None:
        change: dict[str, Any] = {"description": "new", "tags": (Tag("b", ""), FOREIGN, Tag("a", "é"))}
        for _ in range(2):
            project = await backend.get_project(current.id)
            wanted = candidate.fit(replace(project.content, **change))
            if plain(wanted) != plain(project.content):
                await backend.update_project(project, wanted, before_send=lambda: None)
            candidate.catch_up()
        read_back = await backend.get_project(current.id)
        await backend.update_project(read_back, read_back.content, before_send=lambda: None)
        assert box.asked(Purpose.UPDATE) == 1


class TestNotUpdated:
    async def test_a_project_that_is_gone_is_not_found(
        self, backend: Backend, current: RemoteProject, candidate: Candidate
    ) -> None:
        candidate.vanish(current.id)
        wanted = replace(current.content, description="new")
        await failing(
            backend.update_project(current, wanted, before_send=lambda: None), ProjectNotFound, candidate.secrets
        )
        assert not candidate.truth()

    async def test_wrong_content_is_refused(
        self, backend: Backend, current: RemoteProject, candidate: Candidate
    ) -> None:
        for content in candidate.wrong_contents():
            wanted = replace(current.content, name=content.name, tags=content.tags, group_ids=content.group_ids)
            await failing(
                backend.update_project(current, wanted, before_send=lambda: None), RequestRefused, candidate.secrets
            )
        assert truth_of(candidate, current) == plain(candidate.held(THERE))

    async def test_missing_rights_are_named(
        self, backend: Backend, current: RemoteProject, candidate: Candidate
    ) -> None:
        candidate.lose_rights()
        error = await failing(
            backend.update_project(current, replace(current.content, name="renewed"), before_send=lambda: None),
            PermissionDenied,
            candidate.secrets,
        )
        assert "role" in str(error)

    async def test_nothing_is_sent_without_leave(
        self, backend: Backend, box: Middlebox, current: RemoteProject, candidate: Candidate
    ) -> None:
        refusal = RightExpired("too late")

        def refuse() -> None:
            raise refusal

        with pytest.raises(RightExpired) as raised:
            await backend.update_project(current, replace(current.content, name="renewed"), before_send=refuse)
        assert raised.value is refusal
        assert box.asked(Purpose.UPDATE) == 0
        assert truth_of(candidate, current) == plain(candidate.held(THERE))


class TestLost:
    @pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
    async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(
        self, backend: Backend, box: Middlebox, candidate: Candidate, *, done: bool
    ) -> None:
        project_id = candidate.make(THERE)
        for number, (name, trouble) in enumerate(LOST.items()):
            candidate.catch_up()
            current = await backend.get_project(project_id)
            wanted = replace(current.content, name=f"renewed-{number}")
            box.forget()
            with told(name):
                box.spoil(trouble, WRITES, passing_on=done)
                await failing(
                    backend.update_project(current, wanted, before_send=lambda: None), OutcomeUnknown, candidate.secrets
                )
                await box.settle()
                assert len(box.writes) == 1
                assert box.asked(Purpose.UPDATE) == done
                assert truth_of(candidate, current).name == (wanted.name if done else current.content.name)
