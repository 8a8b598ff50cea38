import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.backends.base import (
    ConnectionFacts,
    Group,
    HealthStatus,
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
)
from project_operator.backends.calls import Answer, Call, NoAnswer, TransportSettings
from project_operator.backends.deadlines import Deadline, within
from project_operator.backends.nscale import NscaleConfig, open_backend
from project_operator.backends.nscale.backend import NscaleBackend, _unused_id
from project_operator.backends.transport import Transport
from project_operator.backends.trust import Lost
from project_operator.backends.vendor import Surroundings
from project_operator.errors import BackendError, BackendUnavailable, OutcomeUnknown, RequestRefused

TOKEN = "eyJ-a-token"
ORGANIZATION = "d4600d6e-e965-4b44-a808-84fb2fa36702"
ID = "a142f641-7fd6-4ab9-a875-344c7ebadc53"
PROJECT = {"metadata": {"id": ID, "name": "a", "organizationId": ORGANIZATION}, "spec": {"groupIDs": []}}
ORGANIZATIONS = json.dumps([{"metadata": {"id": ORGANIZATION, "name": "demo"}}]).encode()
WRITES = {"create_project", "update_project", "delete_project"}

CALLS: dict[str, Callable[[NscaleBackend], Awaitable[Any]]] = {
    "connect": lambda backend: backend.connect(),
    "list_projects": lambda backend: backend.list_projects(),
    "get_project": lambda backend: backend.get_project(ID),
    "verify_read_access": lambda backend: backend.verify_read_access(),
    "list_groups": lambda backend: backend.list_groups(),
    "create_project": lambda backend: backend.create_project(ProjectContent("a"), before_send=lambda: None),
    "update_project": lambda backend: backend.update_project(remote(), ProjectContent("b"), before_send=lambda: None),
    "delete_project": lambda backend: backend.delete_project(ID, before_send=lambda: None),
}


def remote() -> RemoteProject:
    return RemoteProject(ID, ORGANIZATION, ProjectContent("a"), ProvisioningStatus.UNKNOWN, HealthStatus.UNKNOWN)


class Answering(Transport):
    """Answers without a network, and remembers what was asked."""

    def __init__(self, *outcomes: Answer | NoAnswer) -> None:
        self.asked: list[Call] = []
        self._outcomes = list(outcomes)

    def one_deadline(self, times: int = 1) -> AbstractContextManager[Deadline]:
        return within(float(times))

    async def exchange(self, call: Call) -> Answer | NoAnswer:
        self.asked.append(call)
        return self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]


def answer(status: int, body: Any = b"", **headers: str) -> Answer:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), encoded)


def answered(*outcomes: Answer | NoAnswer) -> tuple[NscaleBackend, Answering]:
    backend = open_backend(
        NscaleConfig(url="https://identity.example.com", token=TOKEN), Surroundings(TransportSettings())
    )
    transport = Answering(*outcomes)
    backend._client._sender.transport = transport
    backend._organization_id = ORGANIZATION
    return backend, transport


BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([PROJECT, [PROJECT], [], {}, None, 5, [PROJECT, {}], [[PROJECT]]]).map(
        lambda value: json.dumps(value).encode()
    ),
    st.builds(
        lambda error, words: json.dumps({"error": error, "error_description": words}).encode(),
        st.sampled_from(["not_found", "conflict", "forbidden", "server_error", "Quite Odd", ""]),
        st.text() | st.just(f"your token is {TOKEN}"),
    ),
    st.integers(min_value=0, max_value=150).map(lambda length: json.dumps([PROJECT]).encode()[:length]),
)
OUTCOMES = st.one_of(
    st.builds(
        lambda status, body, wait: answer(status, body, retry_after=wait),
        st.integers(min_value=100, max_value=999) | st.sampled_from([200, 202, 204, 404, 409]),
        BODIES,
        st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    ),
    st.builds(NoAnswer, st.sampled_from(Lost), st.booleans(), st.just("because")),
)


@pytest.mark.parametrize("name", CALLS)
@given(outcome=OUTCOMES)
def test_whatever_comes_is_a_result_or_an_error_of_ours(name: str, outcome: Answer | NoAnswer) -> None:
    backend, _ = answered(outcome)
    try:
        result = asyncio.run(_finished(CALLS[name](backend)))
    except BackendError as raised:
        result = raised
    if isinstance(result, BackendError):
        error = result
        assert TOKEN not in str(error)
        assert len(str(error)) <= 256
        assert str(error).isprintable()
        assert error.__cause__ is None
        if name in WRITES and isinstance(outcome, Answer) and outcome.status >= 500:
            assert type(error) is OutcomeUnknown
        if name not in WRITES:
            assert type(error) is not OutcomeUnknown
    else:
        assert isinstance(outcome, Answer), "silence is no result"
        assert outcome.status in {200, 201, 202, 204, 404}
        assert isinstance(result, (ConnectionFacts, tuple, RemoteProject, type(None)))


async def _finished(call: Awaitable[Any]) -> Any:
    return await call


async def test_paths_are_quoted() -> None:
    backend, transport = answered(answer(404, {"error": "not_found", "error_description": ""}))
    with pytest.raises(BackendError):
        await backend.get_project("a:b")
    assert transport.asked[0].path == f"/api/v1/organizations/{ORGANIZATION}/projects/a%3Ab"


@pytest.mark.parametrize("project_id", ["", ".", "..", "a/b", "a b", "ä", "-/", "a" * 129, ":a", "a\n"])
async def test_an_id_that_could_lead_elsewhere_is_refused_before_anything_is_sent(project_id: str) -> None:
    backend, transport = answered(answer(202))
    for call in (
        backend.get_project(project_id),
        backend.delete_project(project_id, before_send=lambda: pytest.fail("must not be asked for")),
    ):
        with pytest.raises(RequestRefused, match="is no id of a project"):
            await call
    assert not transport.asked


async def test_a_list_gives_way_while_it_is_read() -> None:
    backend, _ = answered(answer(200, [PROJECT] * 2000))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    assert len(await backend.list_projects()) == 2000
    task.cancel()
    assert turns >= 8


async def test_a_list_of_one_bad_item_is_no_list() -> None:
    backend, _ = answered(answer(200, [PROJECT] * 300 + [{"metadata": {}}]))
    with pytest.raises(BackendUnavailable):
        await backend.list_projects()


async def test_groups_and_organizations_of_any_number() -> None:
    group = {"metadata": {"id": "g", "name": "those", "organizationId": ORGANIZATION}}
    backend, _ = answered(answer(200, [group]))
    assert await backend.list_groups() == (Group("g", "those"),)
    backend, transport = answered(answer(200, ORGANIZATIONS), answer(200, [{"metadata": {"id": "me"}}]), answer(404))
    assert await backend.connect() == ConnectionFacts(ORGANIZATION, "demo", "me", "")
    assert [call.path for call in transport.asked] == [
        "/api/v1/organizations",
        f"/api/v1/organizations/{ORGANIZATION}/serviceaccounts",
        "/api/version",
    ]


@pytest.mark.parametrize(("status", "in_doubt"), [(503, True), (429, True), (403, False), (404, False)])
async def test_who_could_not_ask_who_it_is_says_so_and_asks_again(
    *, status: int, in_doubt: bool, caplog: pytest.LogCaptureFixture
) -> None:
    account = answer(200, [{"metadata": {"id": "me"}}])
    visible = [{"metadata": {"id": found, "name": "demo"}} for found in (ORGANIZATION, "since")]
    backend, _ = answered(
        answer(200, ORGANIZATIONS), answer(status), answer(404), answer(200, visible), account, answer(404)
    )
    facts = await backend.connect()
    assert (facts.principal, facts.principal_in_doubt) == ("", in_doubt)
    assert "who this credential is to nscale could not be learnt" in caplog.text
    facts = await backend.connect()
    assert (facts.principal, facts.principal_in_doubt) == ("me", False)
    assert facts.organization_id == ORGANIZATION


async def test_read_access_is_not_proved_by_a_page() -> None:
    backend, _ = answered(answer(200, b"<html>"))
    with pytest.raises(BackendUnavailable):
        await backend.verify_read_access()
    backend, _ = answered(answer(200, PROJECT))
    await backend.verify_read_access()


@given(st.binary(min_size=16, max_size=16))
def test_an_unused_id_looks_like_one_of_nscales(noise: bytes) -> None:
    unused = _unused_id(lambda count: noise[:count].hex())
    assert len(unused) == 36
    assert unused[0] in "abcdef"
    assert [len(part) for part in unused.split("-")] == [8, 4, 4, 4, 12]
