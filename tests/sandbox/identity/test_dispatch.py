"""Each fault, over a real connection: what the client sees, what the server did, what the log says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from waiting import WITHIN, wait_until

from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultPhase, RetryAfter
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer

if TYPE_CHECKING:
    from tests.sandbox.identity.conftest import Caller

HELD = 3600.0
"""Seconds that a delay takes on the server's clock, which the tests put forward."""


def until(condition: Callable[[], bool]) -> None:
    wait_until(condition, "what the test is about", every=0.01)


def handed_in(caller: Caller, status: str | None = None) -> bool:
    """Whether a creation came, and was ended with ``status``; None: is under way."""
    return [record.status for record in caller.server.admin.requests(operation="createProject")] == [status]


def on_create(caller: Caller, action: FaultAction, **fields: object) -> int:
    fault = Fault.model_validate({"action": action, "operation": "createProject", **fields})
    return caller.server.admin.add_fault(fault)


@pytest.mark.parametrize("phase", FaultPhase)
@pytest.mark.parametrize("reset", [False, True])
def test_drop(caller: Caller, phase: FaultPhase, caplog: pytest.LogCaptureFixture, *, reset: bool) -> None:
    on_create(caller, FaultAction.DROP, phase=phase, reset=reset)
    expected = httpx.ReadError if reset else httpx.RemoteProtocolError
    with pytest.raises(expected):
        caller.create("lost")
    committed = phase is FaultPhase.AFTER_COMMIT
    assert len(caller.server.admin.projects("lost")) == committed
    (record,) = caller.server.admin.requests(operation="createProject")
    assert (record.status, record.committed, record.delivered) == ("dropped", committed, False)
    assert record.name == "lost"
    assert bool(record.project_id) is committed
    assert caller.create("next").status_code == 202
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_delay_before_the_commit_takes_effect_after_the_client_has_gone(caller: Caller) -> None:
    on_create(caller, FaultAction.DELAY, phase=FaultPhase.BEFORE_COMMIT, seconds=HELD)
    with caller.send_creation("late"):
        until(lambda: handed_in(caller))
    assert caller.server.admin.projects("late") == []
    caller.pass_time(HELD)
    until(lambda: handed_in(caller, "dropped"))
    assert len(caller.server.admin.projects("late")) == 1
    (record,) = caller.server.admin.requests(operation="createProject")
    assert (record.committed, record.delivered) == (True, False)


def test_delay_after_the_commit_answers_late(caller: Caller) -> None:
    on_create(caller, FaultAction.DELAY, seconds=HELD)
    with caller.send_creation("slow") as connection:
        until(lambda: len(caller.server.admin.projects("slow")) == 1)
        (record,) = caller.server.admin.requests(operation="createProject")
        assert (record.status, record.committed, record.ended) == (None, True, None)
        caller.pass_time(HELD)
        assert connection.recv(4096).startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize("phase", FaultPhase)
def test_hang_until_the_client_gives_up(caller: Caller, phase: FaultPhase) -> None:
    on_create(caller, FaultAction.HANG, phase=phase)
    with caller.send_creation("never"):
        until(lambda: handed_in(caller))
    until(lambda: handed_in(caller, "dropped"))
    assert len(caller.server.admin.projects("never")) == (phase is FaultPhase.AFTER_COMMIT)


def test_hang_until_the_fault_is_removed(caller: Caller) -> None:
    fault_id = on_create(caller, FaultAction.HANG)
    errors: list[Exception] = []

    def create() -> None:
        try:
            caller.create("held")
        except httpx.HTTPError as error:
            errors.append(error)

    thread = threading.Thread(target=create)
    thread.start()
    until(lambda: len(caller.server.admin.projects("held")) == 1)
    caller.server.admin.remove_fault(fault_id)
    thread.join(WITHIN)
    assert isinstance(errors[0], httpx.RemoteProtocolError)


@pytest.mark.parametrize("phase", FaultPhase)
@pytest.mark.parametrize(
    ("action", "status", "media_type"),
    [
        (FaultAction.BAD_GATEWAY, 502, "text/html"),
        (FaultAction.SERVICE_UNAVAILABLE, 503, "text/html"),
        (FaultAction.TOO_MANY_REQUESTS, 429, "text/plain"),
        (FaultAction.SERVER_ERROR, 500, "application/json"),
        (FaultAction.UNAUTHORIZED, 401, "application/json"),
        (FaultAction.FORBIDDEN, 403, "application/json"),
    ],
)
def test_an_answer_in_the_service_s_place(
    caller: Caller, action: FaultAction, status: int, media_type: str, phase: FaultPhase
) -> None:
    on_create(caller, action, phase=phase)
    response = caller.create("p")
    assert (response.status_code, response.headers["content-type"]) == (status, media_type)
    if media_type == "application/json":
        assert set(response.json()) == {"error", "error_description"}
    assert len(caller.server.admin.projects("p")) == (phase is FaultPhase.AFTER_COMMIT)
    (record,) = caller.server.admin.requests(operation="createProject")
    assert (record.status, record.committed) == (status, phase is FaultPhase.AFTER_COMMIT)


def test_retry_after_in_seconds_and_as_a_date(caller: Caller) -> None:
    on_create(caller, FaultAction.TOO_MANY_REQUESTS, retry_after=RetryAfter.SECONDS, retry_after_seconds=7)
    assert caller.create().headers["retry-after"] == "7"
    on_create(caller, FaultAction.SERVICE_UNAVAILABLE, retry_after=RetryAfter.DATE, retry_after_seconds=3600)
    moment = parsedate_to_datetime(caller.create().headers["retry-after"]).timestamp()
    assert 3500 < moment - time.time() < 3700
    on_create(caller, FaultAction.TOO_MANY_REQUESTS)
    assert "retry-after" not in caller.create().headers


def test_empty_body(caller: Caller) -> None:
    on_create(caller, FaultAction.EMPTY_BODY)
    response = caller.create("p")
    assert (response.status_code, response.content) == (202, b"")
    assert len(caller.server.admin.projects("p")) == 1


def test_truncated_body(caller: Caller) -> None:
    on_create(caller, FaultAction.TRUNCATED_BODY)
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        caller.create("p")
    assert len(caller.server.admin.projects("p")) == 1
    assert caller.server.admin.requests(operation="createProject")[0].status == "dropped"


def test_broken_json(caller: Caller) -> None:
    on_create(caller, FaultAction.BROKEN_JSON)
    response = caller.create("p")
    assert response.status_code == 202
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_a_listing_can_be_empty_or_lack_an_item(caller: Caller) -> None:
    first, second = (caller.create().json()["metadata"]["id"] for _ in range(2))
    admin = caller.server.admin
    admin.add_fault(Fault(action=FaultAction.EMPTY_LIST, operation="listProjects"))
    admin.add_fault(Fault(action=FaultAction.LIST_WITHOUT, operation="listProjects", nth=2, ids=(first,)))
    assert caller.list() == []
    assert caller.list() == [second]
    assert caller.list() == sorted([first, second])


def test_faults_combine(caller: Caller) -> None:
    on_create(caller, FaultAction.DELAY, phase=FaultPhase.BEFORE_COMMIT, seconds=0.05)
    on_create(caller, FaultAction.DROP)
    with pytest.raises(httpx.RemoteProtocolError):
        caller.create("p")
    assert len(caller.server.admin.projects("p")) == 1


def test_an_answer_after_which_the_connection_is_to_close_is_delivered(caller: Caller) -> None:
    assert caller.create(headers={"connection": "close"}).status_code == 202
    (record,) = caller.server.admin.requests()
    assert (record.status, record.delivered) == (202, True)


def test_a_request_that_is_cut_off_is_not_handled(caller: Caller) -> None:
    with caller.connection() as connection:
        head = (
            f"POST {caller.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"
        )
        connection.sendall(head.encode() + b'{"metadata"')
    assert caller.create("whole").status_code == 202
    assert [record.name for record in caller.server.admin.requests()] == ["whole"]


def test_the_log_shows_what_was_asked_and_no_secret(server: EmbeddedIdentityServer, caller: Caller) -> None:
    tags = [{"name": "owner", "value": "x"}]
    body = {"metadata": {"name": "p", "tags": tags, "description": "hush"}, "spec": {"groupIDs": []}}
    project_id = caller.client.post(caller.path, json=body).json()["metadata"]["id"]
    caller.client.get(f"{caller.path}/{project_id}")
    caller.client.get("/nothing")
    created, read, lost = server.admin.requests()
    assert (created.sequence, created.method, created.operation) == (1, "POST", "createProject")
    assert created.template == "/api/v1/organizations/{organizationID}/projects"
    assert (created.status, created.committed, created.delivered) == (202, True, True)
    assert (created.organization_id, created.project_id) == (server.organization_id, project_id)
    assert (created.name, created.tag("owner"), created.caller) == ("p", "x", server.service_account_id)
    assert created.ended is not None
    assert created.begun <= created.ended
    assert (read.operation, read.project_id, read.committed) == ("getProject", project_id, False)
    assert (lost.operation, lost.status) == ("unknownPath", 404)
    everything = repr(server.admin.requests())
    assert server.token not in everything
    assert "hush" not in everything


def test_a_log_that_forgets_commits_would_be_noticed(
    server: EmbeddedIdentityServer, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.log, "commit", lambda _: None)
    with pytest.raises(AssertionError):
        test_the_log_shows_what_was_asked_and_no_secret(server, caller)
