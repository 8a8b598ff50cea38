"""The promises of what reads: complete or an error, and absence only by the vendor's own word."""

import asyncio
from typing import Any

import pytest
from contract_harness import Harness
from middlebox import Middlebox
from scripted_server import Script, say
from troubles import LONG, PAGE, TROUBLES, each, failing, marked

from project_operator.backends.base import Backend, ProjectContent, RemoteProject, Tag
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    CredentialsRejected,
    PermissionDenied,
    ProjectNotFound,
    Throttled,
)


async def a_failure_is_never_an_empty_list(backend: Backend, box: Middlebox, harness: Harness, trouble: Script) -> None:
    harness.make(ProjectContent("there"))
    box.spoil(trouble)
    await failing(backend.list_projects(), BackendUnavailable, harness.credential)
    await failing(backend.list_groups(), BackendUnavailable, harness.credential)


async def only_the_vendors_word_is_absence(backend: Backend, box: Middlebox, harness: Harness, trouble: Script) -> None:
    project_id = harness.make(ProjectContent("there"))
    box.spoil(trouble)
    await failing(backend.get_project(project_id), BackendUnavailable, harness.credential)
    await failing(backend.verify_read_access(), BackendUnavailable, harness.credential)


NOT_HERE = {
    "a page, 404": say(404, PAGE, kind="text/html"),
    "nothing, 404": say(404),
    "other JSON, 404": say(404, b'{"message": "no Route matched with those values"}'),
    "a page, 403": say(403, PAGE, kind="text/html"),
    "nothing, 410": say(410),
}
"""What something in front of the server says."""


class TestList:
    async def test_it_holds_every_project_whoever_made_it(self, backend: Backend, harness: Harness) -> None:
        content = ProjectContent("theirs", "größe", (Tag("a", "b"), Tag("c", "")), mark="somebody's")
        theirs = harness.make(content)
        ours = await backend.create_project(marked(), before_send=lambda: None)
        listed = {project.id: project for project in await backend.list_projects()}
        assert set(listed) == {theirs, ours.id}
        assert listed[theirs].content == content
        assert listed[theirs].organization_id == harness.organization_id

    async def test_it_is_whole_however_long_it_is(self, backend: Backend, harness: Harness) -> None:
        ids = {harness.make(ProjectContent("many", tags=tuple(Tag(f"t{n}", "x" * 200) for n in range(5))))}
        ids |= harness.make_many(1500)
        assert {project.id for project in await backend.list_projects()} == ids

    async def test_it_holds_those_that_are_being_deleted(self, backend: Backend, harness: Harness) -> None:
        project_id = harness.make(ProjectContent("going"))
        await backend.delete_project(project_id, before_send=lambda: None)
        (listed,) = await backend.list_projects()
        assert listed.id == project_id
        assert listed.deleting

    async def test_it_holds_no_other_organizations_projects(self, backend: Backend, harness: Harness) -> None:
        ours = harness.make(ProjectContent("ours"))
        harness.make_elsewhere()
        assert [project.id for project in await backend.list_projects()] == [ours]

    @each("trouble", TROUBLES | LONG | NOT_HERE)
    async def test_a_failure_is_never_an_empty_list(
        self, spoilt: Backend, box: Middlebox, harness: Harness, trouble: Script
    ) -> None:
        await a_failure_is_never_an_empty_list(spoilt, box, harness, trouble)

    async def test_that_check_notices_a_backend_that_hides_a_failure(
        self, spoilt: Backend, box: Middlebox, harness: Harness
    ) -> None:
        class Hiding:
            async def list_projects(self) -> tuple[RemoteProject, ...]:
                try:
                    return await spoilt.list_projects()
                except BackendError:
                    return ()

        hiding: Any = Hiding()
        with pytest.raises(pytest.fail.Exception):
            await a_failure_is_never_an_empty_list(hiding, box, harness, say(502))

    async def test_a_project_that_cannot_be_read_spoils_the_list(
        self, spoilt: Backend, box: Middlebox, harness: Harness
    ) -> None:
        box.spoil(say(200, b'[{"metadata": {"id": "a142f641", "name": "of somebody else"}}]'))
        await failing(spoilt.list_projects(), BackendUnavailable, harness.credential)


class TestGet:
    async def test_it_shows_the_project(self, backend: Backend, harness: Harness) -> None:
        content = ProjectContent("theirs", "", (Tag("a", "b"),), mark="somebody's")
        project = await backend.get_project(harness.make(content))
        assert project.content == content
        assert project.creation_time is not None
        assert project.creation_time.utcoffset() is not None

    async def test_the_vendors_not_found_is_not_found(self, backend: Backend, harness: Harness) -> None:
        error = await failing(backend.get_project(harness.unused_id()), ProjectNotFound, harness.credential)
        assert error.status == 404
        gone = harness.make(ProjectContent("gone"))
        harness.vanish(gone)
        await failing(backend.get_project(gone), ProjectNotFound, harness.credential)

    @each("trouble", TROUBLES | NOT_HERE)
    async def test_only_the_vendors_word_is_absence(
        self, spoilt: Backend, box: Middlebox, harness: Harness, trouble: Script
    ) -> None:
        await only_the_vendors_word_is_absence(spoilt, box, harness, trouble)

    async def test_that_check_notices_a_backend_that_believes_any_404(
        self, spoilt: Backend, box: Middlebox, harness: Harness
    ) -> None:
        class Believing:
            async def get_project(self, project_id: str) -> RemoteProject:
                try:
                    return await spoilt.get_project(project_id)
                except BackendUnavailable as error:
                    raise ProjectNotFound(str(error), status=error.status) from None

        believing: Any = Believing()
        with pytest.raises(AssertionError, match="ProjectNotFound"):
            await only_the_vendors_word_is_absence(believing, box, harness, NOT_HERE["a page, 404"])

    async def test_another_project_is_not_the_one_that_was_asked_for(
        self, spoilt: Backend, box: Middlebox, harness: Harness
    ) -> None:
        other = harness.make(ProjectContent("other"))

        asked = harness.make(ProjectContent("asked"))
        box.confused = (asked, other)
        await failing(spoilt.get_project(asked), BackendUnavailable, harness.credential)

    @pytest.mark.parametrize("project_id", ["", ".", "..", "../x", "a/b", "a b", "a?b", "a#b", "ä", "a" * 500, "a\nb"])
    async def test_an_id_that_leads_elsewhere_is_not_asked_for(
        self, spoilt: Backend, box: Middlebox, project_id: str
    ) -> None:
        with pytest.raises(BackendError) as raised:
            await spoilt.get_project(project_id)
        assert not isinstance(raised.value, ProjectNotFound)
        with pytest.raises(BackendError):
            await spoilt.delete_project(project_id, before_send=lambda: None)
        assert not box.requests


class TestRights:
    async def test_read_access_is_there(self, backend: Backend) -> None:
        await backend.verify_read_access()

    async def test_a_credential_without_rights_sees_nothing_and_is_told_so(
        self, backend: Backend, harness: Harness
    ) -> None:
        project_id = harness.make(ProjectContent("there"))
        harness.lose_rights()
        assert await backend.list_projects() == ()
        error = await failing(backend.verify_read_access(), PermissionDenied, harness.credential)
        assert "role" in str(error)
        await failing(backend.get_project(project_id), PermissionDenied, harness.credential)
        await failing(backend.list_groups(), PermissionDenied, harness.credential)

    async def test_a_credential_that_is_refused_is_told_apart(self, backend: Backend, harness: Harness) -> None:
        harness.revoke_credential()
        for call in (backend.list_projects, backend.list_groups, backend.verify_read_access):
            await failing(call(), CredentialsRejected, harness.credential)


class TestGroups:
    async def test_names_may_repeat(self, backend: Backend, harness: Harness) -> None:
        ids = {harness.make_group("twins"), harness.make_group("twins")}
        assert {group.id for group in await backend.list_groups() if group.name == "twins"} == ids


async def test_limits_are_told_with_the_time_to_wait(spoilt: Backend, box: Middlebox, harness: Harness) -> None:
    box.spoil(say(429, PAGE, "Retry-After: 7", kind="text/html"))
    error = await failing(spoilt.list_projects(), Throttled, harness.credential)
    assert error.retry_after == 7.0
    box.spoil(say(503, PAGE, "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", kind="text/html"))
    error = await failing(spoilt.list_projects(), BackendUnavailable, harness.credential)
    assert error.retry_after is not None
    assert error.retry_after > 1e9


async def test_many_reads_at_once_are_all_answered(backend: Backend, harness: Harness) -> None:
    project_id = harness.make(ProjectContent("busy"))
    projects = await asyncio.gather(*(backend.get_project(project_id) for _ in range(100)))
    assert {project.id for project in projects} == {project_id}
