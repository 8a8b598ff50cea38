"""``create_project`` sends at most one request that creates, and never retries it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from contract_harness import Harness
from middlebox import WRITES, Middlebox
from scripted_server import Script, hang_up, never, say
from troubles import LONG, MUTE, PAGE, TROUBLES, each, failing, marked, sent

from project_operator.backends.base import Backend, ProjectContent, RemoteProject, Tag
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    CredentialsRejected,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    RequestRefused,
    RightExpired,
    Throttled,
)

LOST = TROUBLES | LONG | MUTE


async def a_lost_answer_is_unknown_and_nothing_is_sent_again(
    backend: Backend, box: Middlebox, harness: Harness, trouble: Script, *, done: bool
) -> None:
    box.spoil(trouble, WRITES, passing_on=done)
    calls, before_send = sent()
    await failing(backend.create_project(marked(7), before_send=before_send), OutcomeUnknown, harness.credential)
    assert len(calls) == 1
    assert sum(request.method == "POST" for request in box.requests) == 1
    assert harness.asked("create") == done
    assert [content.mark for content in harness.truth().values()] == ["iproj1:7"] * done


async def nothing_is_sent_without_leave(backend: Backend, harness: Harness) -> None:
    refusal = RightExpired("too late")

    def refuse() -> None:
        raise refusal

    with pytest.raises(RightExpired) as raised:
        await backend.create_project(marked(), before_send=refuse)
    assert raised.value is refusal
    assert harness.asked("create") == 0
    assert not harness.truth()


class Twin:
    """A backend that does one thing wrong."""

    def __init__(self, backend: Backend, create: Callable[..., Any]) -> None:
        self._backend = backend
        self._create = create

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        project: RemoteProject = await self._create(self._backend, content, before_send)
        return project


async def trying_twice(backend: Backend, content: ProjectContent, before_send: Callable[[], None]) -> RemoteProject:
    try:
        return await backend.create_project(content, before_send=before_send)
    except OutcomeUnknown:
        return await backend.create_project(content, before_send=lambda: None)


async def making_light_of_it(
    backend: Backend, content: ProjectContent, before_send: Callable[[], None]
) -> RemoteProject:
    try:
        return await backend.create_project(content, before_send=before_send)
    except OutcomeUnknown as error:
        raise BackendUnavailable(str(error)) from None


async def asking_nobody(backend: Backend, content: ProjectContent, before_send: Callable[[], None]) -> RemoteProject:
    project = await backend.create_project(content, before_send=lambda: None)
    before_send()
    return project


class TestCreated:
    async def test_one_request_makes_one_project_and_shows_it(self, backend: Backend, harness: Harness) -> None:
        group = harness.make_group("those who may")
        content = marked(1, description="größe 漢字 \U0001f600", tags=(Tag("ü", "β"), Tag("a", "")), group_ids=(group,))
        calls, before_send = sent()
        project = await backend.create_project(content, before_send=before_send)
        assert len(calls) == 1
        assert harness.asked("create") == 1
        assert harness.truth() == {project.id: content}
        assert project.content == content
        assert project.organization_id == harness.organization_id

    async def test_names_of_every_length(self, backend: Backend, harness: Harness) -> None:
        for name in (harness.shortest_name, harness.longest_name):
            project = await backend.create_project(marked(name=name), before_send=lambda: None)
            assert harness.truth()[project.id].name == name

    @pytest.mark.parametrize(
        "content",
        [
            marked(description=""),
            marked(description=" \n\t\"'\\ \u2028 \x7f"),
            marked(description="x" * 4096),
            marked(tags=tuple(Tag(f"tag-{n}", "v" * 255) for n in range(64))),
            marked(tags=(Tag("", ""), Tag("same", "one"), Tag("same", "two"))),
            ProjectContent("without-mark"),
        ],
        ids=["empty", "odd", "long", "many tags", "odd tags", "no mark"],
    )
    async def test_content_is_held_as_it_is(self, backend: Backend, harness: Harness, content: ProjectContent) -> None:
        project = await backend.create_project(content, before_send=lambda: None)
        assert project.content == content
        assert harness.truth()[project.id] == content
        harness.catch_up()
        assert (await backend.get_project(project.id)).content == content

    async def test_it_does_not_wait_for_provisioning(self, connect: Callable[..., Any], harness: Harness) -> None:
        harness.provision_after(3600.0)
        backend = await connect(timeout=2)
        project = await backend.create_project(marked(), before_send=lambda: None)
        assert project.provisioning_status != "provisioned"

    async def test_the_mark_finds_it(self, backend: Backend, harness: Harness) -> None:
        made = [await backend.create_project(marked(n), before_send=lambda: None) for n in range(3)]
        harness.catch_up()
        found = [project for project in await backend.list_projects() if project.content.mark == "iproj1:1"]
        assert [project.id for project in found] == [made[1].id]

    async def test_many_at_once_are_as_many_requests(self, backend: Backend, harness: Harness) -> None:
        made = await asyncio.gather(*(backend.create_project(marked(n), before_send=lambda: None) for n in range(60)))
        assert len({project.id for project in made}) == 60
        assert harness.asked("create") == 60


class TestLost:
    @pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
    @each("trouble", LOST)
    async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(
        self, spoilt: Backend, box: Middlebox, harness: Harness, trouble: Script, *, done: bool
    ) -> None:
        await a_lost_answer_is_unknown_and_nothing_is_sent_again(spoilt, box, harness, trouble, done=done)

    @pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
    async def test_so_is_one_that_does_not_come_in_time(
        self, connect: Callable[..., Any], box: Middlebox, harness: Harness, *, done: bool
    ) -> None:
        backend = await connect(url=box.url, timeout=0.5)
        box.requests.clear()
        await a_lost_answer_is_unknown_and_nothing_is_sent_again(backend, box, harness, never, done=done)
        await box.server.until(lambda server: server.resets >= 1)

    async def test_so_is_one_that_the_server_breaks_off_itself(self, backend: Backend, harness: Harness) -> None:
        harness.drop_next("create")
        await failing(backend.create_project(marked(7), before_send=lambda: None), OutcomeUnknown, harness.credential)
        assert harness.asked("create") == 1
        assert [content.mark for content in harness.truth().values()] == ["iproj1:7"]

    @pytest.mark.parametrize("wrong", [trying_twice, making_light_of_it])
    async def test_that_check_notices(
        self, spoilt: Backend, box: Middlebox, harness: Harness, wrong: Callable[..., Any]
    ) -> None:
        twin: Any = Twin(spoilt, wrong)
        with pytest.raises(AssertionError):
            await a_lost_answer_is_unknown_and_nothing_is_sent_again(twin, box, harness, hang_up, done=True)


class TestLeave:
    async def test_nothing_is_sent_without_leave(self, backend: Backend, harness: Harness) -> None:
        await nothing_is_sent_without_leave(backend, harness)
        await backend.create_project(marked(), before_send=lambda: None)
        assert harness.asked("create") == 1

    async def test_that_check_notices(self, backend: Backend, harness: Harness) -> None:
        twin: Any = Twin(backend, asking_nobody)
        with pytest.raises(AssertionError):
            await nothing_is_sent_without_leave(twin, harness)

    async def test_leave_is_asked_for_when_the_limiter_lets_the_request_through(
        self, connect: Callable[..., Any], harness: Harness
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
        assert harness.asked("create") == 1

    async def test_a_server_that_is_not_there_was_asked_nothing(
        self, spoilt: Backend, box: Middlebox, harness: Harness
    ) -> None:
        await box.server.stop()
        calls, before_send = sent()
        await failing(spoilt.create_project(marked(), before_send=before_send), BackendUnavailable, harness.credential)
        assert not calls


class TestRefused:
    async def test_wrong_content_is_refused_and_nothing_is_made(self, backend: Backend, harness: Harness) -> None:
        for content in harness.wrong_contents():
            await failing(backend.create_project(content, before_send=lambda: None), RequestRefused, harness.credential)
        assert not harness.truth()

    async def test_a_group_that_does_not_exist_is_named(self, backend: Backend, harness: Harness) -> None:
        content = replace(marked(), group_ids=(harness.unused_id(),))
        error = await failing(
            backend.create_project(content, before_send=lambda: None), RequestRefused, harness.credential
        )
        assert harness.unused_id() in str(error)

    async def test_a_name_that_is_taken_is_told_apart(self, backend: Backend, harness: Harness) -> None:
        harness.take_name("taken")
        before = harness.truth()
        await failing(
            backend.create_project(marked(name="taken"), before_send=lambda: None), NameTaken, harness.credential
        )
        assert harness.truth() == before

    async def test_missing_rights_and_credentials_are_told_apart(self, backend: Backend, harness: Harness) -> None:
        harness.lose_rights()
        await failing(backend.create_project(marked(), before_send=lambda: None), PermissionDenied, harness.credential)
        harness.revoke_credential()
        await failing(
            backend.create_project(marked(), before_send=lambda: None), CredentialsRejected, harness.credential
        )
        assert not harness.truth()

    async def test_a_limit_is_told_with_the_time_to_wait(
        self, spoilt: Backend, box: Middlebox, harness: Harness
    ) -> None:
        box.spoil(say(429, PAGE, "Retry-After: 120", kind="text/html"))
        error = await failing(spoilt.create_project(marked(), before_send=lambda: None), Throttled, harness.credential)
        assert error.retry_after == 120.0
        assert len(box.requests) == 1

    async def test_what_never_reached_the_server_is_no_unknown_outcome(
        self, spoilt: Backend, box: Middlebox, harness: Harness
    ) -> None:
        kinds: dict[int, type[BackendError]] = {404: BackendUnavailable, 413: RequestRefused, 431: BackendUnavailable}
        for status, kind in kinds.items():
            box.spoil(say(status, PAGE, kind="text/html"))
            await failing(spoilt.create_project(marked(), before_send=lambda: None), kind, harness.credential)
