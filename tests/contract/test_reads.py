"""The promises of what reads: complete or an error, and absence only by the vendor's own word."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from candidates import DELETING, Candidate, Purpose, plain
from middlebox import Middlebox
from scripted_server import Script, say
from troubles import LONG, PAGE, TROUBLES, failing, marked, noticed, told
from twins import BelievingAnything, HidingFailures, MixingUp, ReadingOnePage, TakingAnyProject

from project_operator.backends.base import Backend, ProjectContent, Tag
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    CredentialsRejected,
    PermissionDenied,
    ProjectNotFound,
)

NOT_HERE = {
    "a page, 404": say(404, PAGE, kind="text/html"),
    "nothing, 404": say(404),
    "other JSON, 404": say(404, b'{"message": "no Route matched with those values"}'),
    "a page, 403": say(403, PAGE, kind="text/html"),
    "nothing, 410": say(410),
}
"""What something in front of the server says."""

MANY = 2500


async def a_failure_is_never_an_empty_list(
    backend: Backend, box: Middlebox, candidate: Candidate, trouble: Script
) -> None:
    box.spoil(trouble)
    await failing(backend.list_projects(), BackendUnavailable, candidate.secrets)
    await failing(backend.list_groups(), BackendUnavailable, candidate.secrets)


async def only_the_vendors_word_is_absence(
    backend: Backend, box: Middlebox, candidate: Candidate, project_id: str, trouble: Script
) -> None:
    box.spoil(trouble)
    await failing(backend.get_project(project_id), BackendUnavailable, candidate.secrets)
    await failing(backend.verify_read_access(), BackendUnavailable, candidate.secrets)


async def a_list_holds_just(backend: Backend, ids: set[str]) -> None:
    listed = [project.id for project in await backend.list_projects()]
    assert len(listed) == len(ids)
    assert set(listed) == ids


async def another_project_is_not_believed(backend: Backend, box: Middlebox, candidate: Candidate) -> None:
    other, asked = (candidate.make(ProjectContent(name)) for name in ("other", "asked"))
    box.confused = (asked, other)
    await failing(backend.get_project(asked), BackendUnavailable, candidate.secrets)


class TestList:
    async def test_it_holds_every_project_whoever_made_it(self, backend: Backend, candidate: Candidate) -> None:
        content = ProjectContent("theirs", "größe", (Tag("a", "b"), Tag("c", "")), mark="iproj1:somebody")
        theirs = candidate.make(content)
        ours = await backend.create_project(marked(), before_send=lambda: None)
        listed = {project.id: project for project in await backend.list_projects()}
        assert set(listed) == {theirs, ours.id}
        assert plain(listed[theirs].content) == plain(candidate.held(content))
        assert listed[theirs].organization_id == candidate.organization_id

    async def test_it_is_whole_however_long_it_is(self, backend: Backend, candidate: Candidate) -> None:
        ids = candidate.make_many(MANY)
        await a_list_holds_just(backend, ids)
        with noticed():
            await a_list_holds_just(ReadingOnePage(backend), ids)

    async def test_what_differs_between_its_ends_is_in_it_once(self, backend: Backend, candidate: Candidate) -> None:
        """At the lengths at which servers end a page."""
        ids: set[str] = set()
        for length in (999, 1000, 1001):
            ids |= candidate.make_many(length - len(ids))
            await a_list_holds_just(backend, ids)

    async def test_what_was_read_by_itself_it_shows_as_that_did(self, backend: Backend, candidate: Candidate) -> None:
        """Whole; the same again is no news."""
        read = await backend.get_project(candidate.make(marked()))
        assert await backend.list_projects() == (read,)
        assert read.whole

    @pytest.mark.parametrize("server", DELETING, indirect=True)
    async def test_it_holds_those_that_are_being_deleted(self, backend: Backend, candidate: Candidate) -> None:
        candidate.slow_down()
        project_id = candidate.make(ProjectContent("going"))
        await backend.delete_project(project_id, before_send=lambda: None)
        listed = {project.id: project.deleting for project in await backend.list_projects()}
        assert listed == ({project_id: True} if candidate.deletes_later else {})

    async def test_it_holds_no_other_organizations_projects(self, backend: Backend, candidate: Candidate) -> None:
        ours, theirs = candidate.make(ProjectContent("ours")), candidate.make_elsewhere()
        await a_list_holds_just(backend, {ours})
        with noticed():
            await a_list_holds_just(MixingUp(backend, theirs), {ours})

    async def test_a_failure_is_never_an_empty_list(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        candidate.make(ProjectContent("there"))
        for name, trouble in (TROUBLES | LONG | NOT_HERE).items():
            with told(name):
                await a_failure_is_never_an_empty_list(backend, box, candidate, trouble)

    async def test_that_check_notices_a_backend_that_hides_a_failure(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        hiding: Any = HidingFailures(backend)
        with noticed():
            await a_failure_is_never_an_empty_list(hiding, box, candidate, say(502))


class TestGet:
    async def test_it_shows_the_project(self, backend: Backend, candidate: Candidate) -> None:
        content = ProjectContent("theirs", "", (Tag("a", "b"),), mark="iproj1:somebody")
        project = await backend.get_project(candidate.make(content))
        assert plain(project.content) == plain(candidate.held(content))
        if project.creation_time is not None:
            assert project.creation_time.utcoffset() is not None

    async def test_the_vendors_not_found_is_not_found(self, backend: Backend, candidate: Candidate) -> None:
        await failing(backend.get_project(candidate.unused_id()), ProjectNotFound, candidate.secrets)
        gone = candidate.make(ProjectContent("gone"))
        await backend.get_project(gone)
        candidate.vanish(gone)
        await failing(backend.get_project(gone), ProjectNotFound, candidate.secrets)

    async def test_only_the_vendors_word_is_absence(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        project_id = candidate.make(ProjectContent("there"))
        for name, trouble in (TROUBLES | NOT_HERE).items():
            with told(name):
                await only_the_vendors_word_is_absence(backend, box, candidate, project_id, trouble)

    async def test_that_check_notices_a_backend_that_believes_any_404(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        believing: Any = BelievingAnything(backend)
        project_id = candidate.make(ProjectContent("there"))
        with noticed():
            await only_the_vendors_word_is_absence(believing, box, candidate, project_id, NOT_HERE["a page, 404"])

    async def test_another_project_is_not_the_one_that_was_asked_for(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        await another_project_is_not_believed(backend, box, candidate)

    async def test_that_check_notices_a_backend_that_takes_any(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        taking: Any = TakingAnyProject(backend)
        with noticed():
            await another_project_is_not_believed(taking, box, candidate)

    async def test_an_id_that_leads_elsewhere_is_not_asked_for(self, backend: Backend, box: Middlebox) -> None:
        for project_id in ("", ".", "..", "../x", "a/b", "a b", "a?b", "a#b", "ä", "a" * 500, "a\nb"):
            with told(repr(project_id)):
                with pytest.raises(BackendError) as raised:
                    await backend.get_project(project_id)
                assert not isinstance(raised.value, ProjectNotFound)
                with pytest.raises(BackendError):
                    await backend.delete_project(project_id, before_send=lambda: None)
        assert not box.requests


class TestRights:
    async def test_read_access_is_there(self, backend: Backend, candidate: Candidate) -> None:
        await backend.verify_read_access()
        candidate.make(ProjectContent("one more"))
        await backend.verify_read_access()

    async def test_a_credential_without_rights_is_told_so_and_believes_nothing(
        self, backend: Backend, candidate: Candidate
    ) -> None:
        project_id = candidate.make(ProjectContent("there"))
        candidate.lose_rights()
        with contextlib.suppress(PermissionDenied):
            assert await backend.list_projects() == ()
        error = await failing(backend.verify_read_access(), PermissionDenied, candidate.secrets)
        assert "role" in str(error)
        for asked in (project_id, candidate.unused_id()):
            await failing(backend.get_project(asked), PermissionDenied, candidate.secrets)
        await failing(backend.list_groups(), PermissionDenied, candidate.secrets)

    async def test_a_credential_that_is_refused_is_told_apart(self, backend: Backend, candidate: Candidate) -> None:
        candidate.revoke_credential()
        for call in (backend.list_projects, backend.list_groups, backend.verify_read_access):
            await failing(call(), CredentialsRejected, candidate.secrets)


class TestGroups:
    async def test_every_group_is_listed(self, backend: Backend, candidate: Candidate) -> None:
        ids = {candidate.make_group(f"group-{number}") for number in range(3)}
        found = {group.id: group.name for group in await backend.list_groups()}
        assert {found[group_id] for group_id in ids} == {f"group-{number}" for number in range(3)}

    async def test_roles_are_listed_where_they_are_granted(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        roles = await backend.list_roles()
        assert bool(roles) is bool(box.asked(Purpose.READ)) is candidate.vendor.capabilities.roles
        assert len({role.id for role in roles}) == len(roles)


async def test_many_reads_at_once_are_all_answered(connect: Callable[..., Any], candidate: Candidate) -> None:
    backend = await connect(timeout=60)
    project_id = candidate.make(ProjectContent("busy"))
    projects = await asyncio.gather(*(backend.get_project(project_id) for _ in range(100)))
    assert {project.id for project in projects} == {project_id}
