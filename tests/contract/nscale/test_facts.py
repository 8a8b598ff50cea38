"""What is peculiar to nscale Identity: the rows of docs/backends/nscale.md, section 6, and all versions of the server.

The rows that are not about single calls (when to compare, when to poll, whom to believe) are kept by the reconciler;
here is what they need of the backend.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from candidates import LOOPBACK, Connecting, Purpose
from candidates.nscale import NscaleCandidate
from middlebox import Middlebox
from scripted_server import say
from troubles import PAGE, failing, marked, refusing

from project_operator import __version__
from project_operator.api.names import MARK_TAG
from project_operator.backends import lanes
from project_operator.backends.base import Backend, ProjectContent, RemoteProject, Tag
from project_operator.backends.keeping import Ask, NoKeeper, Replacement
from project_operator.backends.nscale import NscaleConfig, open_backend
from project_operator.backends.nscale.config import Session
from project_operator.backends.vendor import Surroundings
from project_operator.errors import (
    BackendUnavailable,
    CredentialsRejected,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
    WriteConflict,
)
from project_operator.sandbox.identity.clock import ManualClock
from project_operator.sandbox.identity.faults import Fault, FaultAction
from project_operator.sandbox.identity.nscale.dialects import DIALECTS
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.tls import TLSFiles

LAGGING = 3600.0


class Unkept(NoKeeper):
    """For a credential that need not outlive the test."""

    async def replace(self, ask: Ask) -> Replacement:
        return await ask()


@asynccontextmanager
async def connection(nscale: NscaleCandidate, how: Connecting | None = None) -> AsyncIterator[Backend]:
    backend = nscale.open(how or Connecting())
    try:
        await backend.connect()
        yield backend
    finally:
        await backend.aclose()


async def create(backend: Backend, content: ProjectContent | None = None) -> RemoteProject:
    return await backend.create_project(content or marked(1), before_send=lambda: None)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_life_of_a_project_in_every_version_of_the_server(nscale: NscaleCandidate, dialect: str) -> None:
    nscale.server.admin.configure(dialect=dialect, provision_delay=3600.0, deprovision_delay=0.0, pickup_delay=0.0)
    async with connection(nscale) as backend:
        await live(backend, nscale, dialect)


async def live(backend: Backend, nscale: NscaleCandidate, dialect: str) -> None:
    facts = await backend.connect()
    assert facts.principal == nscale.account
    assert facts.server_version == (DIALECTS[dialect].version if DIALECTS[dialect].version_endpoint else "")
    project = await create(backend)
    assert project.provisioning_status == DIALECTS[dialect].initial_status
    assert project.health_status == "unknown"
    assert project.created_by == facts.principal
    nscale.server.admin.configure(provision_delay=0.0)
    provisioned = nscale.make(marked(2))
    shown = await backend.get_project(provisioned)
    assert (shown.provisioning_status, shown.health_status) == ("provisioned", "healthy")
    assert shown.raw_status["provisioningStatus"] == "provisioned"
    renamed = replace(shown.content, name="renamed")
    await backend.update_project(shown, renamed, before_send=lambda: None)
    assert (await backend.get_project(provisioned)).content == renamed
    nscale.block_deletion(provisioned)
    await backend.delete_project(provisioned, before_send=lambda: None)
    assert (await backend.get_project(provisioned)).provisioning_status == "deprovisioning"
    nscale.vanish(provisioned)
    await failing(backend.get_project(provisioned), ProjectNotFound, nscale.secrets)
    await backend.verify_read_access()


async def test_n6_1_the_mark_is_in_the_post_and_a_list_may_not_show_it_yet(
    backend: Backend, nscale: NscaleCandidate
) -> None:
    nscale.server.admin.configure(read_lag=LAGGING)
    project = await create(backend)
    (request,) = nscale.server.admin.requests(operation="createProject")
    assert request.tag(MARK_TAG) == "iproj1:1"
    assert await backend.list_projects() == ()
    nscale.catch_up()
    (listed,) = await backend.list_projects()
    assert (listed.id, listed.content.mark) == (project.id, "iproj1:1")


async def test_n6_2_whose_a_project_is_shows_in_its_mark(backend: Backend, nscale: NscaleCandidate) -> None:
    for mark in ("", "orphaned", "iproj1:somebody"):
        project = await backend.get_project(nscale.make(ProjectContent("same-name", mark=mark)))
        assert project.content.mark == mark


async def test_n6_3_a_new_project_may_not_be_found_yet(backend: Backend, nscale: NscaleCandidate) -> None:
    nscale.server.admin.configure(read_lag=LAGGING)
    project = await create(backend)
    await failing(backend.get_project(project.id), ProjectNotFound, nscale.secrets)
    nscale.catch_up()
    assert (await backend.get_project(project.id)).id == project.id


async def test_n6_4_each_put_is_a_modification_so_none_is_sent_that_is_not_needed(
    backend: Backend, box: Middlebox
) -> None:
    project = await create(backend)
    assert project.modified_time is None
    for _ in range(3):
        await backend.get_project(project.id)
        await backend.list_projects()
    await backend.update_project(project, project.content, before_send=lambda: None)
    assert box.asked(Purpose.UPDATE) == 0
    assert (await backend.get_project(project.id)).modified_time is None
    await backend.update_project(project, marked(2), before_send=lambda: None)
    assert (await backend.get_project(project.id)).modified_time is not None


async def test_n6_4_and_n6_5_foreign_tags_are_shown_and_carried_over(backend: Backend, nscale: NscaleCandidate) -> None:
    foreign = (Tag("terraform.nscale.com/2b1f", ""), Tag("team", "red"))
    project = await backend.get_project(nscale.make(ProjectContent("theirs", "theirs too", foreign)))
    assert project.content.tags == foreign
    await backend.update_project(project, replace(project.content, mark="iproj1:1"), before_send=lambda: None)
    assert nscale.truth()[project.id] == ProjectContent("theirs", "theirs too", foreign, mark="iproj1:1")


@pytest.mark.parametrize(
    ("dialect", "outcome"), [("1.14", None), ("1.15", OutcomeUnknown), ("1.16", WriteConflict), ("1.18", WriteConflict)]
)
async def test_n6_6_each_version_loses_a_race_in_its_own_way(
    nscale: NscaleCandidate, dialect: str, outcome: type[OutcomeUnknown | WriteConflict] | None
) -> None:
    nscale.server.admin.configure(dialect=dialect, acl_cache=0.0)
    async with connection(nscale) as backend:
        project = await create(backend)
        nscale.race(project.id)
        update = backend.update_project(project, marked(2), before_send=lambda: None)
        if outcome is None:
            await update
        else:
            error = await failing(update, outcome, nscale.secrets)
            assert "exists" not in str(error)


async def test_a_server_that_breaks_off_after_it_has_created_leaves_the_outcome_unknown(
    backend: Backend, nscale: NscaleCandidate
) -> None:
    nscale.server.admin.add_fault(Fault(action=FaultAction.DROP, operation="createProject"))
    await failing(backend.create_project(marked(7), before_send=lambda: None), OutcomeUnknown, nscale.secrets)
    assert nscale.server.admin.counts()["createProject"].requests == 1
    assert [content.mark for content in nscale.truth().values()] == ["iproj1:7"]


async def test_n0_9_a_group_that_does_not_exist_is_named(backend: Backend, nscale: NscaleCandidate) -> None:
    content = replace(marked(), group_ids=(nscale.unused_id(),))
    error = await failing(backend.create_project(content, before_send=lambda: None), RequestRefused, nscale.secrets)
    assert nscale.unused_id() in str(error)


async def test_n1_1_2_no_description_and_an_empty_one_are_two_things(backend: Backend, nscale: NscaleCandidate) -> None:
    for description in ("words", None, "", None):
        project = await backend.get_project(nscale.make(ProjectContent("there", "as it was")))
        wanted = replace(project.content, description=description)
        await backend.update_project(project, wanted, before_send=lambda: None)
        assert nscale.truth()[project.id].description == description
        assert (await backend.get_project(project.id)).content == wanted


async def test_n6_7_a_put_soon_after_a_post_may_find_nothing(backend: Backend, nscale: NscaleCandidate) -> None:
    nscale.server.admin.configure(read_lag=LAGGING)
    project = await create(backend)
    update = backend.update_project(project, marked(2), before_send=lambda: None)
    await failing(update, ProjectNotFound, nscale.secrets)


async def test_n6_8_a_deletion_that_takes_its_time_is_no_failure(backend: Backend, nscale: NscaleCandidate) -> None:
    project_id = nscale.make(marked(1))
    nscale.block_deletion(project_id)
    for _ in range(3):
        await backend.delete_project(project_id, before_send=lambda: None)
        assert (await backend.get_project(project_id)).deleting
    nscale.vanish(project_id)
    await backend.delete_project(project_id, before_send=lambda: None)


async def test_n6_9_a_namesake_that_is_on_its_way_out_can_be_told_apart(
    backend: Backend, nscale: NscaleCandidate
) -> None:
    old = nscale.make(ProjectContent("same-name"))
    nscale.block_deletion(old)
    await backend.delete_project(old, before_send=lambda: None)
    new = await create(backend, ProjectContent("same-name"))
    assert {project.id: project.deleting for project in await backend.list_projects()} == {old: True, new.id: False}


async def test_n6_10_forbidden_is_never_absence(backend: Backend, nscale: NscaleCandidate) -> None:
    project = await create(backend)
    reader = nscale.make_account("reader")
    async with connection(nscale, Connecting(credential=reader)) as restricted:
        for project_id in (project.id, nscale.unused_id()):
            await failing(restricted.get_project(project_id), PermissionDenied, {reader})
        await failing(restricted.verify_read_access(), PermissionDenied, {reader})


async def test_n6_11_an_organization_without_a_namespace_is_an_unknown_outcome(
    backend: Backend, nscale: NscaleCandidate
) -> None:
    nscale.server.admin.edit_organization(nscale.organization_id, ready=False)
    nscale.catch_up()
    await failing(backend.create_project(marked(), before_send=lambda: None), OutcomeUnknown, nscale.secrets)
    assert not nscale.truth()


async def test_n6_12_a_gateways_limit_is_told_with_the_time_to_wait(
    backend: Backend, nscale: NscaleCandidate, box: Middlebox
) -> None:
    box.spoil(say(429, PAGE, "Retry-After: 7", kind="text/html"))
    for call in (backend.list_projects(), backend.create_project(marked(), before_send=lambda: None)):
        assert (await failing(call, Throttled, nscale.secrets)).retry_after == 7.0


async def test_n6_13_and_n6_17_each_request_has_the_headers_it_needs_and_no_others(
    backend: Backend, nscale: NscaleCandidate, box: Middlebox
) -> None:
    project = await create(backend)
    await backend.update_project(project, marked(2), before_send=lambda: None)
    await backend.delete_project(project.id, before_send=lambda: None)
    await backend.list_projects()
    always = {"host", "authorization", "accept", "accept-encoding", "user-agent", "traceparent"}
    post, put, delete, listing = (request.headers for request in box.requests)
    assert set(post) == set(put) == always | {"content-type", "content-length"}
    assert set(delete) == set(listing) == always
    assert post["content-type"] == "application/json"
    assert post["authorization"] == f"Bearer {nscale.credential}"
    assert post["user-agent"] == f"project-operator/{__version__}"


async def test_n3_1_11_who_we_are_among_several_is_asked_and_not_guessed(nscale: NscaleCandidate) -> None:
    backend = nscale.open()
    assert (await backend.connect()).principal == nscale.account
    nscale.make_account("administrator")
    assert (await backend.connect()).principal == nscale.account
    await backend.aclose()


async def test_n6_14_empty_answers_are_successes(backend: Backend) -> None:
    project = await create(backend)
    await backend.update_project(project, marked(2), before_send=lambda: None)
    await backend.delete_project(project.id, before_send=lambda: None)


async def test_n6_15_a_server_that_closes_idle_connections_loses_no_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything ten times as fast: the server closes after 0.1 s, and the pauses lie around that."""
    monkeypatch.setattr(lanes, "KEEPALIVE", lanes.KEEPALIVE / 10)
    with EmbeddedIdentityServer(NscaleSettings(read_lag=0.0), keep_alive=0.1) as server:
        candidate = NscaleCandidate(server)
        candidate.reset()
        async with connection(candidate) as backend:
            for number in range(40):
                await create(backend, marked(number))
                await asyncio.sleep(0.04 + number % 8 / 100)
        assert len(candidate.truth()) == 40


async def test_n6_16_tls_is_of_the_ingress_whose_authority_we_are_told_and_a_token_is_enough(tmp_path: Path) -> None:
    with EmbeddedIdentityServer(NscaleSettings(read_lag=0.0), tls=TLSFiles.make(tmp_path)) as server:
        candidate = NscaleCandidate(server)
        candidate.reset()
        assert candidate.url.startswith("https://")
        async with connection(candidate, Connecting(ca_bundle=server.ca_bundle)) as backend:
            project = await create(backend)
            assert [shown.id for shown in await backend.list_projects()] == [project.id]
        wary = candidate.open(Connecting())
        await refusing(wary.connect(), "spec.nscale.caBundle", candidate.secrets)
        await wary.aclose()


async def test_n6_18_no_token_is_used_once_it_has_ended_since_the_server_tolerates_nothing() -> None:
    """The server's clock and ours are one, and moved by hand: a lag of ours would show as a refusal."""
    clock = ManualClock()
    settings = NscaleSettings(dialect="1.18", read_lag=0.0, token_lifetime=1000.0, access_token_lifetime=100.0)
    surroundings = Surroundings(LOOPBACK, now=lambda: datetime.fromtimestamp(clock.now(), UTC), keeper=Unkept())
    with EmbeddedIdentityServer(settings, clock=clock) as server:
        made = server.admin.make_session("person@example.com")
        session = Session(made.refresh_token, made.client_id, made.client_secret)
        renewed = open_backend(NscaleConfig(server.url, session=session), surroundings)
        ending = open_backend(NscaleConfig(server.url, token=server.token), surroundings)
        for backend in (renewed, ending):
            await backend.connect()
        for _ in range(99):
            clock.advance(10.0)
            await renewed.list_projects()
        clock.advance(9.0)
        await ending.list_projects()
        assert {record.status for record in server.admin.requests()} == {200}
        clock.advance(1.0)
        await failing(ending.list_projects(), CredentialsRejected, {server.token})
        for backend in (renewed, ending):
            await backend.aclose()


async def test_n1_3_9_a_server_that_panics_is_no_refusal(nscale: NscaleCandidate) -> None:
    """404 of an unknown organization is not declared, so the server closes the connection (N0-10)."""
    token = nscale.server.platform_token
    async with connection(nscale, Connecting(credential=token, organization_id=nscale.organization_id)) as backend:
        backend._organization_id = nscale.unused_id()  # type: ignore[attr-defined]  # of this vendor
        await failing(backend.list_projects(), BackendUnavailable, {token})
        await failing(backend.create_project(marked(), before_send=lambda: None), OutcomeUnknown, {token})
