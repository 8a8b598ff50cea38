"""What is said of a run, and what is marked in it."""

import dataclasses
from typing import Any

import pytest

from bench import budgets, page, scaling
from bench.measures.csp import CSP
from bench.measures.living import IDLE, RESTART
from bench.record import BARE, OPERATOR, Creation, Latencies, Phase, Record, Sharing, record_of


def creation(who: str, projects: int, rate: float, memory: int = 0) -> Creation:
    writes = {"patch projects": projects, "patch projects/status": 2 * projects, "create events": 50}
    seconds = projects / rate
    return Creation(
        who, projects, seconds, 1.0, {who: seconds, "etcd": 1.0}, memory, writes, {"createProject": projects}
    )


def phase(what: str, seconds: float, **calls: int) -> Phase:
    return Phase(what, 10_000, seconds, {OPERATOR: 5.0}, 170_000_000, {"get namespaces": 3}, calls)


def sharing(processes: int, *failover: float) -> Sharing:
    return Sharing(processes, 8, 8_000, 100.0, {"operator 1": 40.0}, [8 // processes] * processes, list(failover))


@pytest.fixture
def record() -> Record:
    machine = {"date": "2026-11-22", "revision": "abc", "python": "3.11", "system": "Linux", "cores": 2}
    return Record(
        {**machine, "load_before": 0.1, "plan": "whole"},
        provisioning=1.0,
        identity_rate=4000.0,
        bytes_per_project={"object": 3000, "etcd": 12_000, "in a listing of the backend": 500},
        creations=[
            creation(BARE, 1_000, 400),
            creation(OPERATOR, 1_000, 250, 100_000_000),
            creation(BARE, 10_000, 400),
            creation(OPERATOR, 10_000, 300, 175_000_000),
        ],
        phases=[phase(RESTART, 9.0, listProjects=1), phase(IDLE, 600.0, listProjects=1)],
        latencies=[Latencies("settled", 10_000, [0.3, 0.2], [1.9, 1.8])],
        sharing=[sharing(1), sharing(2, 0.1, 13.2)],
    )


def verdicts(record: Record) -> dict[str, str]:
    return {row.what: row.verdict for row in budgets.table(record)}


def test_a_record_comes_back_from_its_json_as_it_was(record: Record) -> None:
    assert record_of(record.to_json()) == record


def test_a_run_within_its_budgets_has_no_mark(record: Record) -> None:
    assert budgets.MISSED not in verdicts(record).values()


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"seconds": 100.0}, "creation of 10,000, to the bare client"),
        ({"resident_bytes": 200_000_000}, "memory after 10,000 creations"),
        ({"resident_bytes": 200_000_000}, "memory for each further Project"),
        ({"backend_calls": {"createProject": 10_001}}, "calls to the backend for a creation, shared polling apart"),
        ({"api_requests": {"patch projects": 40_000}}, "writes to the Project for a creation"),
    ],
)
def test_a_budget_that_is_missed_is_marked(record: Record, change: dict[str, Any], missed: str) -> None:
    record.creations[-1] = dataclasses.replace(record.creations[-1], **change)

    assert verdicts(record)[missed] == budgets.MISSED


def test_a_write_in_the_rest_and_a_slow_first_call_are_marked(record: Record) -> None:
    record.phases[1] = dataclasses.replace(record.phases[1], api_requests={"patch projects/status": 1})
    record.latencies[0] = dataclasses.replace(record.latencies[0], first_call=[0.2, 1.2])

    missed = [what for what, verdict in verdicts(record).items() if verdict == budgets.MISSED]
    assert missed == [
        "writes to Projects while 10,000 rest for 600 s",
        "a new Project's first call (p95) while 10,000 are settled",
    ]


def test_a_call_too_many_where_a_creation_takes_three_is_marked(record: Record) -> None:
    record.phases += [phase(CSP, 9.0, createProject=10_000, getProject=20_000, listProjects=50)]
    assert budgets.MISSED not in verdicts(record).values()
    record.phases[-1] = phase(CSP, 9.0, createProject=10_000, getProject=20_001)

    missed = [what for what, verdict in verdicts(record).items() if verdict == budgets.MISSED]
    assert missed == ["CSP: calls for a creation, shared ones apart"]
    record.phases[-1] = dataclasses.replace(record.phases[-1], api_requests={"patch projects/status": 30_001})
    assert verdicts(record)["CSP: writes to the Project"] == budgets.MISSED


def test_a_failover_that_takes_too_long_is_marked(record: Record) -> None:
    record.sharing[1] = sharing(2, 0.1, 15.1)

    missed = [what for what, verdict in verdicts(record).items() if verdict == budgets.MISSED]
    assert missed == ["a new Project's first call after one of 2 processes was killed, slowest of 8 backends"]


def test_the_page_is_written_between_its_marks(record: Record) -> None:
    text = f"# Speed\n\n{page.BEGIN}\nold\n{page.END}\n\nmore\n"

    written = page.recorded(text, record)

    assert written.startswith("# Speed\n")
    assert written.endswith("\nmore\n")
    assert "| 10,000 | 1 | 400/s | 300/s | 0.75 | 175 MB |" in written
    assert "old" not in written
    assert all(f"]({name}.svg)" in written for name in page.PICTURES)
    assert page.recorded(written, record) == written


def test_what_differs_from_the_cost_model_is_marked(record: Record) -> None:
    record.creations[-1] = dataclasses.replace(record.creations[-1], api_requests={"patch projects": 40_000})

    _, rows = scaling.compared(record)

    marks = {row[0]: row[-1] for row in rows}
    assert marks[scaling.CREATION_WRITES.what] == "**differs**"
    assert marks[scaling.CREATION_CALLS.what] == ""
