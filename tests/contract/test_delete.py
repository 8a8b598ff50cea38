"""``delete_project`` starts a deletion, never waits for its end, and succeeds where there is nothing to delete."""

from collections.abc import Callable
from typing import Any

import pytest
from candidates import DELETING, WRITES, Candidate, Purpose
from middlebox import Middlebox
from scripted_server import say
from troubles import PAGE, TOO_LATE, TROUBLES, failing, noticed, sent, told
from twins import Complaining

from project_operator.backends.base import Backend, ProjectContent
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    CredentialsRejected,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RightExpired,
)

LOST = TROUBLES | TOO_LATE

pytestmark = pytest.mark.parametrize("server", DELETING, indirect=True)


async def deleting_the_missing_succeeds(backend: Backend, candidate: Candidate) -> None:
    calls, before_send = sent()
    try:
        await backend.delete_project(candidate.unused_id(), before_send=before_send)
    except BackendError as error:
        pytest.fail(f"{type(error).__name__}: {error}")
    assert len(calls) == 1


async def test_deletion_is_started_and_not_waited_for(connect: Callable[..., Any], candidate: Candidate) -> None:
    candidate.slow_down()
    project_id, other = candidate.make(ProjectContent("going")), candidate.make(ProjectContent("staying"))
    backend = await connect()
    await backend.delete_project(project_id, before_send=lambda: None)
    assert set(candidate.truth()) == {other}
    candidate.catch_up()
    if candidate.deletes_later:
        project = await backend.get_project(project_id)
        assert project.deleting
        assert project.provisioning_status == "deprovisioning"
    else:
        await failing(backend.get_project(project_id), ProjectNotFound, candidate.secrets)


async def test_deleting_again_succeeds_until_it_is_gone_and_after(
    backend: Backend, box: Middlebox, candidate: Candidate
) -> None:
    candidate.slow_down()
    project_id = candidate.make(ProjectContent("going"))
    for _ in range(2):
        await backend.delete_project(project_id, before_send=lambda: None)
    if candidate.deletes_later:
        candidate.vanish(project_id)
    await failing(backend.get_project(project_id), ProjectNotFound, candidate.secrets)
    await backend.delete_project(project_id, before_send=lambda: None)
    assert box.asked(Purpose.DELETE) == 3


async def test_deleting_the_missing_succeeds(backend: Backend, candidate: Candidate) -> None:
    await deleting_the_missing_succeeds(backend, candidate)


async def test_that_check_notices_a_backend_that_complains(backend: Backend, candidate: Candidate) -> None:
    complaining: Any = Complaining(backend)
    with noticed():
        await deleting_the_missing_succeeds(complaining, candidate)


async def test_somebody_elses_not_found_is_no_success(backend: Backend, box: Middlebox, candidate: Candidate) -> None:
    project_id = candidate.make(ProjectContent("there"))
    for answer in (say(404, PAGE, kind="text/html"), say(404)):
        box.spoil(answer, WRITES)
        await failing(
            backend.delete_project(project_id, before_send=lambda: None), BackendUnavailable, candidate.secrets
        )
    assert set(candidate.truth()) == {project_id}


async def test_missing_rights_are_no_success(backend: Backend, candidate: Candidate) -> None:
    project_id = candidate.make(ProjectContent("there"))
    candidate.lose_rights()
    for asked in (project_id, candidate.unused_id()):
        error = await failing(
            backend.delete_project(asked, before_send=lambda: None), PermissionDenied, candidate.secrets
        )
        assert "role" in str(error)
    assert set(candidate.truth()) == {project_id}


async def test_a_credential_that_is_refused_is_no_success(backend: Backend, candidate: Candidate) -> None:
    project_id = candidate.make(ProjectContent("there"))
    candidate.revoke_credential()
    for asked in (project_id, candidate.unused_id()):
        await failing(backend.delete_project(asked, before_send=lambda: None), CredentialsRejected, candidate.secrets)
    assert set(candidate.truth()) == {project_id}


async def test_nothing_is_sent_without_leave(backend: Backend, box: Middlebox, candidate: Candidate) -> None:
    project_id = candidate.make(ProjectContent("there"))
    refusal = RightExpired("too late")

    def refuse() -> None:
        raise refusal

    with pytest.raises(RightExpired) as raised:
        await backend.delete_project(project_id, before_send=refuse)
    assert raised.value is refusal
    assert box.asked(Purpose.DELETE) == 0


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(
    backend: Backend, box: Middlebox, candidate: Candidate, *, done: bool
) -> None:
    for name, trouble in LOST.items():
        project_id = candidate.make(ProjectContent("there"))
        with told(name):
            box.spoil(trouble, WRITES, passing_on=done)
            await failing(
                backend.delete_project(project_id, before_send=lambda: None), OutcomeUnknown, candidate.secrets
            )
            await box.settle()
            assert len(box.writes) == 1
            assert box.asked(Purpose.DELETE) == done
            assert (project_id in candidate.truth()) is not done
        candidate.empty()
        box.forget()
