"""What the answers of each vendor mean, call by call: the rows of its candidate, served in the server's place."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from candidates import CANDIDATES, Candidate, Connecting, Purpose
from candidates.answers import CALLS as NAMES
from candidates.answers import WRITES
from fact_rows import CITATION, rows
from middlebox import Middlebox
from troubles import failing, marked, told

from project_operator.backends.base import Backend, ProjectContent, RemoteProject

LEAST = 40
ALIKE = ("verify_read_access", "list_groups", "list_roles")
"""Calls that read answers as `list_projects` does; the tables of answers in tests/unit/backends have them all."""
READ_ALIKE = ("keystone",)
"""Its answers are read by the code that reads Open Telekom Cloud's and K5's."""
RFC = re.compile(r"RFC \d{4}, \d+(\.\d+)*")
EVIDENCE = re.compile(r"\[[A-Za-z? ]+\]")


def asking(name: str, backend: Backend, project: RemoteProject) -> Awaitable[Any]:
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "list_projects": backend.list_projects,
        "get_project": lambda: backend.get_project(project.id),
        "verify_read_access": backend.verify_read_access,
        "list_groups": backend.list_groups,
        "list_roles": backend.list_roles,
        "create_project": lambda: backend.create_project(marked(), before_send=lambda: None),
        "update_project": lambda: backend.update_project(project, marked(), before_send=lambda: None),
        "delete_project": lambda: backend.delete_project(project.id, before_send=lambda: None),
    }
    return calls[name]()


def each_call() -> pytest.MarkDecorator:
    """Every call of every backend, `connect` apart, that asks the server something."""
    return pytest.mark.parametrize(
        ("server", "name"),
        [
            pytest.param(key, name, marks=pytest.mark.whole if name in ALIKE or key in READ_ALIKE else ())
            for key, candidate in CANDIDATES.items()
            for name in NAMES
            if name != "connect"
            and (name != "list_roles" or candidate.vendor.capabilities.roles)
            and (name != "delete_project" or candidate.vendor.capabilities.delete)
        ],
        indirect=["server"],
    )


@each_call()
async def test_what_an_answer_means(
    connect: Callable[..., Any], box: Middlebox, candidate: Candidate, name: str
) -> None:
    project_id = candidate.make(ProjectContent("there"))
    backend = await connect()
    project = await backend.get_project(project_id)
    before = candidate.truth()
    looks = candidate.looks_before.get(name, 0)
    for row in candidate.error_rows:
        with told(row.name):
            box.forget()
            box.spoil(row.answer, skip=looks)
            kind = row.means[name]
            if kind is None:
                await asking(name, backend, project)
            else:
                error = await failing(asking(name, backend, project), kind, candidate.secrets)
                assert error.operation == name
            assert len([one for one in box.passed if candidate.purpose(one) is not Purpose.SIGN_IN]) == looks
            again = bool(box.sign_ins)
            assert len(box.writes) == (name in WRITES) * (1 + again), "a write is sent once, or once with a new token"
            box.mend()
        if row.remembered or kind is None:  # what a call has done the connection knows too
            backend = await connect()
            await backend.get_project(project_id)
    assert candidate.truth() == before


async def test_what_they_mean_to_a_connection_that_is_being_made(box: Middlebox, candidate: Candidate) -> None:
    for row in candidate.error_rows:
        with told(row.name):
            backend = candidate.open(Connecting(url=box.url))
            box.spoil(row.answer, frozenset(Purpose))
            kind = row.means["connect"]
            assert kind is not None, "connect() has no answer that is none"
            error = await failing(backend.connect(), kind, candidate.secrets)
            assert getattr(error, "field", candidate.url_field) == candidate.url_field
            await backend.aclose()


@pytest.mark.parametrize("key", CANDIDATES)
def test_there_are_enough_of_them_and_no_two_alike(key: str) -> None:
    found = CANDIDATES[key].error_rows
    assert len({row.name for row in found}) == len(found) >= LEAST


@pytest.mark.parametrize("key", CANDIDATES)
def test_each_says_what_it_stands_on(key: str) -> None:
    known = set(rows())
    for row in CANDIDATES[key].error_rows:
        cited = CITATION.findall(row.basis)
        assert cited or RFC.search(row.basis) or "API page" in row.basis, row.name
        assert set(cited) <= known, f"{row.name} cites a row that is not there: {set(cited) - known}"
        assert EVIDENCE.search(row.basis), f"{row.name} does not say how good its evidence is"
