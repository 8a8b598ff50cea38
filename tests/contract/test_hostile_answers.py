"""Every call of every backend, with answers that are spoilt: what comes out is a project that can be carried on, or an
error of our own tree; and it comes soon.

What the server really answers is recorded once, then given back with something in it that should not be there.
"""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from candidates import CANDIDATES, Candidate
from hostile import spoilt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from troubles import marked

from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.backends import documents
from project_operator.backends.base import Backend, Group, RemoteProject, Role
from project_operator.backends.calls import Answer, Call, NoAnswer
from project_operator.backends.transport import Transport
from project_operator.errors import BackendError
from project_operator.reconcile.summary import mirrored

Asking = Callable[[Backend, RemoteProject], Awaitable[Any]]

CALLS: Final[dict[str, Asking]] = {
    "connect": lambda backend, _: backend.connect(),
    "list_projects": lambda backend, _: backend.list_projects(),
    "get_project": lambda backend, project: backend.get_project(project.id, group_ids=frozenset({"g1"})),
    "verify_read_access": lambda backend, _: backend.verify_read_access(),
    "list_groups": lambda backend, _: backend.list_groups(),
    "list_roles": lambda backend, _: backend.list_roles(),
    "create_project": lambda backend, _: backend.create_project(marked(), before_send=lambda: None),
    "update_project": lambda backend, project: backend.update_project(project, marked(), before_send=lambda: None),
    "delete_project": lambda backend, project: backend.delete_project(project.id, before_send=lambda: None),
}
EXAMPLES: Final = 25
MOST_REQUESTS: Final = 200
"""More than any call needs, and few enough to be sure that none goes on for ever."""
IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")
LARGEST_STATUS: Final = 400_000
"""Bytes of what one project can put into a status; etcd takes 1.5 MB."""


NOT_THERE: Final = Answer(404, {}, b'{"error": {"code": 404, "message": "not found", "title": "Not Found"}}')


@dataclass(frozen=True)
class Recording:
    """What a server really answered in the life of a project."""

    answers: Mapping[tuple[str, str], Answer]
    """By method and path."""
    project: RemoteProject


class Tape:
    """Stands in for the transport of every backend, and gives back what was recorded."""

    def __init__(self, recording: Recording) -> None:
        self.project = recording.project
        self.asked = 0
        self.spoil: Callable[[Answer], Answer] = unspoilt
        self._answers = recording.answers

    async def exchange(self, call: Call) -> Answer:
        self.asked += 1
        assert self.asked <= MOST_REQUESTS, f"asks for ever: {call.method} {call.path}"
        assert call.path.isascii(), call.path
        assert ".." not in call.path.split("/"), call.path
        if call.before_send is not None:
            call.before_send()
        return self.spoil(self._answers.get((call.method, call.path), NOT_THERE))


def unspoilt(answer: Answer) -> Answer:
    return answer


@pytest.fixture(scope="module")
def recording(server: Candidate) -> Recording:
    """Made once for all tests of a server."""
    answers: dict[tuple[str, str], Answer] = {}
    real = Transport.exchange

    async def exchange(transport: Transport, call: Call) -> Answer | NoAnswer:
        answer = await real(transport, call)
        if isinstance(answer, Answer):
            answers[call.method, call.path] = answer
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "exchange", exchange)
        return Recording(answers, asyncio.run(life(server)))


@pytest.fixture
def tape(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> Tape:
    tape = Tape(recording)
    monkeypatch.setattr(Transport, "exchange", lambda _, call: tape.exchange(call))
    return tape


async def life(candidate: Candidate) -> RemoteProject:
    """Everything that can be asked, once, of the real server; a project that is there."""
    candidate.reset()
    candidate.make_group("staff")
    backend = candidate.open()
    await backend.connect()
    project = await backend.create_project(marked(), before_send=lambda: None)
    candidate.catch_up()
    for name in ("list_projects", "verify_read_access", "list_groups", "list_roles", "get_project", "update_project"):
        await CALLS[name](backend, project)
    shown = await backend.get_project(project.id)
    if candidate.vendor.capabilities.delete:
        await backend.delete_project(project.id, before_send=lambda: None)
    await backend.aclose()
    return shown


EVERY_CALL: Final = [pytest.param(key, name, id=f"{key}-{name}") for key in CANDIDATES for name in CALLS]


@pytest.mark.parametrize(("server", "name"), EVERY_CALL, indirect=["server"])
def test_only_errors_of_ours_come_out_and_what_else_comes_can_be_carried(
    server: Candidate, name: str, tape: Tape
) -> None:
    async def ask(data: st.DataObject) -> None:
        """A connection of its own each time: what one remembers of an answer must not reach into the next example."""
        backend = server.open()
        try:
            if name != "connect":
                tape.spoil = unspoilt
                await backend.connect()
            first = data.draw(st.integers(1, 3), label="number of the first answer that is spoilt")
            tape.asked = 0
            tape.spoil = lambda answer: data.draw(spoilt(answer)) if tape.asked >= first else answer
            assert_carried(await CALLS[name](backend, tape.project))
        except BackendError as error:
            assert_tellable(error)
        finally:
            await backend.aclose()

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def spoil(data: st.DataObject) -> None:
        tape.asked = 0
        asyncio.run(ask(data))

    spoil()


def assert_tellable(error: BackendError) -> None:
    """It may stand in a status, an Event and a log line."""
    words = str(error)
    assert 0 < len(words) <= 512, words
    assert words.isprintable(), words
    assert "eyJ" not in words
    assert error.retry_after is None or error.retry_after >= 0


def assert_carried(found: Any) -> None:
    """It can be written where it goes: into URLs, into a status, into the next update."""
    for one in found if isinstance(found, tuple) else (found,):
        match one:
            case RemoteProject():
                assert IDENTIFIER.fullmatch(one.id), one.id
                status = ProjectStatus(**mirrored(one))
                wire = json.dumps(status.to_wire(), ensure_ascii=False).encode()
                assert len(wire) < LARGEST_STATUS
                # What was written is read back as the same, or it would be written again and again.
                assert ProjectStatus.parse(json.loads(wire)).to_wire() == status.to_wire()
            case Group() | Role():
                assert f"{one.id}{one.name}".encode()
            case _:
                assert "\ud800" not in repr(one)


def test_a_parser_that_lets_something_else_out_is_caught(
    server: Candidate, tape: Tape, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(document: type[BaseModel], value: Any) -> BaseModel:
        return document.model_validate_json(value) if isinstance(value, bytes) else document.model_validate(value)

    careful = documents.read
    for name, module in list(sys.modules.items()):
        if name.startswith("project_operator.backends.") and vars(module).get("read") is careful:
            monkeypatch.setattr(module, "read", careless)
    with pytest.raises((ValidationError, ExceptionGroup)):
        test_only_errors_of_ours_come_out_and_what_else_comes_can_be_carried(server, "get_project", tape)
