"""``create_project`` sends at most one request that creates, and never retries it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from candidates import WRITES, Candidate, Purpose, plain, where
from middlebox import Middlebox
from scripted_server import Script, hang_up, say
from troubles import LONG, MUTE, PAGE, TOO_LATE, TROUBLES, failing, marked, noticed, sent, told
from twins import AskingNobody, MakingLightOfIt, TryingTwice, Twin

from project_operator.backends.base import Backend, ProjectContent, Tag
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    CredentialsRejected,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    RequestRefused,
    RightExpired,
)

LOST = TROUBLES | LONG | MUTE


async def a_lost_answer_is_unknown_and_nothing_is_sent_again(
    backend: Backend, box: Middlebox, candidate: Candidate, trouble: Script, *, done: bool
) -> None:
    box.spoil(trouble, WRITES, passing_on=done)
    calls, before_send = sent()
    await failing(backend.create_project(marked(7), before_send=before_send), OutcomeUnknown, candidate.secrets)
    await box.settle()
    assert len(calls) == 1
    assert len(box.writes) == 1
    assert box.asked(Purpose.CREATE) == done
    assert [content.mark for content in candidate.truth().values()] == ["iproj1:7"] * done


async def nothing_is_sent_without_leave(backend: Backend, box: Middlebox, candidate: Candidate) -> None:
    refusal = RightExpired("too late")

    def refuse() -> None:
        raise refusal

    with pytest.raises(RightExpired) as raised:
        await backend.create_project(marked(), before_send=refuse)
    assert raised.value is refusal
    assert box.asked(Purpose.CREATE) == 0
    assert not candidate.truth()


class TestCreated:
    async def test_one_request_makes_one_project_and_shows_it(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        content = candidate.fit(marked(1, description="größe 漢字 \U0001f600", tags=(Tag("ü", "β"), Tag("a", ""))))
        calls, before_send = sent()
        project = await backend.create_project(content, before_send=before_send)
        assert len(calls) == 1
        assert box.asked(Purpose.CREATE) == 1
        ((project_id, truth),) = candidate.truth().items()
        assert project_id == project.id
        assert plain(truth) == plain(candidate.held(content))
        assert plain(project.content) == plain(candidate.held(content) if candidate.answers_in_full else content)
        assert project.organization_id == candidate.organization_id

    async def test_names_at_every_bound(self, backend: Backend, candidate: Candidate) -> None:
        for name in candidate.names:
            project = await backend.create_project(marked(name=name), before_send=lambda: None)
            assert project.content.name == candidate.truth()[project.id].name == name

    @where(lambda candidate: candidate.tags)
    async def test_tags_at_every_bound(self, backend: Backend, candidate: Candidate) -> None:
        project = await backend.create_project(marked(tags=candidate.tags), before_send=lambda: None)
        assert sorted(project.content.tags) == sorted(candidate.truth()[project.id].tags) == sorted(candidate.tags)

    @pytest.mark.parametrize(
        "content",
        [
            marked(description=""),
            marked(description=" \n\t\"'\\ \u2028 \x7f"),
            marked(description="x" * 4096),
            marked(tags=tuple(Tag(f"tag-{n}", "v" * 200) for n in range(64))),
            ProjectContent("without-mark"),
            ProjectContent("empty-mark", "", (Tag("mark", ""),)),
        ],
        ids=["empty", "odd", "long", "many tags", "no mark", "nothing"],
    )
    async def test_content_is_held_as_it_is(
        self, backend: Backend, candidate: Candidate, content: ProjectContent
    ) -> None:
        content = candidate.fit(content)
        project = await backend.create_project(content, before_send=lambda: None)
        assert plain(project.content) == plain(candidate.held(content) if candidate.answers_in_full else content)
        assert plain(candidate.truth()[project.id]) == plain(candidate.held(content))
        candidate.catch_up()
        assert plain((await backend.get_project(project.id)).content) == plain(candidate.held(content))

    async def test_it_does_not_wait_for_provisioning(self, connect: Callable[..., Any], candidate: Candidate) -> None:
        candidate.slow_down()
        backend = await connect()
        project = await backend.create_project(marked(), before_send=lambda: None)
        finished = candidate.answers_in_full and not candidate.asynchronous
        assert (project.provisioning_status == "provisioned") is finished
        assert (project.health_status == "healthy") is finished

    async def test_the_mark_finds_it(self, backend: Backend, candidate: Candidate) -> None:
        made = [await backend.create_project(marked(n), before_send=lambda: None) for n in range(3)]
        candidate.catch_up()
        found = [project for project in await backend.list_projects() if project.content.mark == "iproj1:1"]
        assert [project.id for project in found] == [made[1].id]

    async def test_many_at_once_are_as_many_requests(
        self, connect: Callable[..., Any], box: Middlebox, candidate: Candidate
    ) -> None:
        backend = await connect(timeout=60)
        made = await asyncio.gather(*(backend.create_project(marked(n), before_send=lambda: None) for n in range(20)))
        assert {project.id for project in made} == set(candidate.truth())
        assert box.asked(Purpose.CREATE) == 20


class TestLost:
    @pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
    async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(
        self, backend: Backend, box: Middlebox, candidate: Candidate, *, done: bool
    ) -> None:
        for name, trouble in LOST.items():
            with told(name):
                await a_lost_answer_is_unknown_and_nothing_is_sent_again(backend, box, candidate, trouble, done=done)
            candidate.empty()
            box.forget()

    @pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
    async def test_so_is_one_that_does_not_come_in_time(
        self, backend: Backend, box: Middlebox, candidate: Candidate, *, done: bool
    ) -> None:
        (trouble,) = TOO_LATE.values()
        await a_lost_answer_is_unknown_and_nothing_is_sent_again(backend, box, candidate, trouble, done=done)
        await box.server.until(lambda server: server.resets >= 1)

    @pytest.mark.parametrize("wrong", [TryingTwice, MakingLightOfIt])
    async def test_that_check_notices(
        self, backend: Backend, box: Middlebox, candidate: Candidate, wrong: type[Twin]
    ) -> None:
        twin: Any = wrong(backend)
        with noticed():
            await a_lost_answer_is_unknown_and_nothing_is_sent_again(twin, box, candidate, hang_up, done=True)

    async def test_what_was_made_is_found_by_its_mark(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        box.spoil(hang_up, WRITES, passing_on=True)
        await failing(backend.create_project(marked(7), before_send=lambda: None), OutcomeUnknown, candidate.secrets)
        candidate.catch_up()
        (found,) = await backend.list_projects()
        assert found.content.mark == "iproj1:7"
        assert set(candidate.truth()) == {found.id}


class TestLeave:
    async def test_nothing_is_sent_without_leave(self, backend: Backend, box: Middlebox, candidate: Candidate) -> None:
        await nothing_is_sent_without_leave(backend, box, candidate)
        await backend.create_project(marked(), before_send=lambda: None)
        assert box.asked(Purpose.CREATE) == 1

    async def test_that_check_notices(self, backend: Backend, box: Middlebox, candidate: Candidate) -> None:
        twin: Any = AskingNobody(backend)
        with noticed():
            await nothing_is_sent_without_leave(twin, box, candidate)

    async def test_leave_is_asked_for_when_the_limiter_lets_the_request_through(
        self, connect: Callable[..., Any], box: Middlebox
    ) -> None:
        limiter = asyncio.Semaphore(8)
        backend = await connect(admission=limiter)
        for _ in range(8):
            await limiter.acquire()
        calls, before_send = sent()
        creating = asyncio.create_task(backend.create_project(marked(), before_send=before_send))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not calls
        limiter.release()
        await creating
        assert len(calls) == 1
        assert box.asked(Purpose.CREATE) == 1

    async def test_a_server_that_is_not_there_was_asked_nothing(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        await box.server.stop()
        calls, before_send = sent()
        await failing(backend.create_project(marked(), before_send=before_send), BackendUnavailable, candidate.secrets)
        assert not calls


class TestRefused:
    async def test_wrong_content_is_refused_and_nothing_is_made(self, backend: Backend, candidate: Candidate) -> None:
        for content in candidate.wrong_contents():
            await failing(backend.create_project(content, before_send=lambda: None), RequestRefused, candidate.secrets)
        assert not candidate.truth()

    async def test_a_name_that_is_taken_is_told_apart(self, backend: Backend, candidate: Candidate) -> None:
        candidate.take_name("taken")
        before = candidate.truth()
        await failing(
            backend.create_project(marked(name="taken"), before_send=lambda: None), NameTaken, candidate.secrets
        )
        assert candidate.truth() == before

    async def test_missing_rights_are_told_apart(self, backend: Backend, candidate: Candidate) -> None:
        candidate.lose_rights()
        await failing(backend.create_project(marked(), before_send=lambda: None), PermissionDenied, candidate.secrets)
        assert not candidate.truth()

    async def test_a_credential_that_is_refused_is_told_apart(self, backend: Backend, candidate: Candidate) -> None:
        candidate.revoke_credential()
        await failing(
            backend.create_project(marked(), before_send=lambda: None), CredentialsRejected, candidate.secrets
        )
        assert not candidate.truth()

    async def test_what_never_reached_the_server_is_no_unknown_outcome(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        kinds: dict[int, type[BackendError]] = {404: BackendUnavailable, 413: RequestRefused, 431: BackendUnavailable}
        for status, kind in kinds.items():
            box.spoil(say(status, PAGE, kind="text/html"))
            await failing(backend.create_project(marked(), before_send=lambda: None), kind, candidate.secrets)
