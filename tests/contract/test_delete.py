"""``delete_project`` starts a deletion, never waits for its end, and succeeds where there is nothing to delete."""

from collections.abc import Callable
from typing import Any

import pytest
from contract_harness import Harness
from middlebox import WRITES, Middlebox
from scripted_server import Script, never, say
from troubles import PAGE, TROUBLES, each, failing, sent

from project_operator.backends.base import Backend, ProjectContent
from project_operator.errors import (
    BackendUnavailable,
    CredentialsRejected,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RightExpired,
)

LOST = TROUBLES | {"never": never}


async def deleting_the_missing_succeeds(backend: Backend, harness: Harness) -> None:
    calls, before_send = sent()
    await backend.delete_project(harness.unused_id(), before_send=before_send)
    assert len(calls) == 1


async def test_deletion_is_started_and_not_waited_for(connect: Callable[..., Any], harness: Harness) -> None:
    project_id, other = harness.make(ProjectContent("going")), harness.make(ProjectContent("staying"))
    harness.block_deletion(project_id)
    backend = await connect(timeout=2)
    await backend.delete_project(project_id, before_send=lambda: None)
    assert set(harness.truth()) == {other}
    harness.catch_up()
    project = await backend.get_project(project_id)
    assert project.deleting
    assert project.provisioning_status == "deprovisioning"


async def test_deleting_again_succeeds_until_it_is_gone_and_after(backend: Backend, harness: Harness) -> None:
    project_id = harness.make(ProjectContent("going"))
    harness.block_deletion(project_id)
    for _ in range(2):
        await backend.delete_project(project_id, before_send=lambda: None)
    harness.vanish(project_id)
    await failing(backend.get_project(project_id), ProjectNotFound, harness.credential)
    await backend.delete_project(project_id, before_send=lambda: None)
    assert harness.asked("delete") == 3


async def test_deleting_the_missing_succeeds(backend: Backend, harness: Harness) -> None:
    await deleting_the_missing_succeeds(backend, harness)


async def test_that_check_notices_a_backend_that_complains(backend: Backend, harness: Harness) -> None:
    class Complaining:
        async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
            await backend.delete_project(project_id, before_send=before_send)
            await backend.get_project(project_id)

    complaining: Any = Complaining()
    with pytest.raises(ProjectNotFound):
        await deleting_the_missing_succeeds(complaining, harness)


async def test_somebody_elses_not_found_is_no_success(spoilt: Backend, box: Middlebox, harness: Harness) -> None:
    project_id = harness.make(ProjectContent("there"))
    for answer in (say(404, PAGE, kind="text/html"), say(404)):
        box.spoil(answer, WRITES)
        await failing(
            spoilt.delete_project(project_id, before_send=lambda: None), BackendUnavailable, harness.credential
        )
    assert set(harness.truth()) == {project_id}


async def test_missing_rights_are_no_success(backend: Backend, harness: Harness) -> None:
    project_id = harness.make(ProjectContent("there"))
    harness.lose_rights()
    error = await failing(
        backend.delete_project(project_id, before_send=lambda: None), PermissionDenied, harness.credential
    )
    assert "delete" in str(error)
    harness.revoke_credential()
    await failing(backend.delete_project(project_id, before_send=lambda: None), CredentialsRejected, harness.credential)
    assert set(harness.truth()) == {project_id}


async def test_nothing_is_sent_without_leave(backend: Backend, harness: Harness) -> None:
    project_id = harness.make(ProjectContent("there"))
    refusal = RightExpired("too late")

    def refuse() -> None:
        raise refusal

    with pytest.raises(RightExpired) as raised:
        await backend.delete_project(project_id, before_send=refuse)
    assert raised.value is refusal
    assert harness.asked("delete") == 0


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
@each("trouble", LOST)
async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(
    connect: Callable[..., Any], box: Middlebox, harness: Harness, trouble: Script, *, done: bool
) -> None:
    project_id = harness.make(ProjectContent("there"))
    backend = await connect(url=box.url, timeout=0.5)
    box.requests.clear()
    box.spoil(trouble, WRITES, passing_on=done)
    await failing(backend.delete_project(project_id, before_send=lambda: None), OutcomeUnknown, harness.credential)
    assert len(box.requests) == 1
    assert harness.asked("delete") == done
