"""The budgets of the design, and what was measured beside each."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.measures.appearing import HANGING, RESTARTING, RESYNCING, SETTLED
from bench.measures.csp import CSP, OF_A_PROJECT
from bench.measures.keystone import KEYSTONE
from bench.measures.living import DELETION, IDLE, RESTART, UPDATE
from bench.record import OPERATOR, Creation, Latencies, Phase, Record, Sharing, percentile
from bench.traffic import about, writes

MEGABYTE: Final = 1_000_000
KEPT, MISSED, NONE = "kept", "**missed**", ""
TEN_MINUTES: Final = 600.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    bar: str
    measured: str
    verdict: str = NONE
    """Empty where there is no bar."""


def table(record: Record) -> list[Row]:
    """Of all that was measured."""
    most = record.sizes()[-1]
    runs = record.of(OPERATOR, most)
    ratio, last = record.ratio(most), runs[-1]
    rows = [
        _row(f"creation of {most:,}, to the bare client", "≥ 0.70", f"{ratio:.2f}", ratio >= 0.70),  # noqa: PLR2004 - the bar
        *_calls(last),
        _memory(last),
        _slope(record),
    ]
    for phase in record.phases:
        rows += _OF_PHASE[phase.what](phase)
    rows += [_first_call(one) for one in record.latencies]
    return rows + [_failover(one) for one in record.sharing if one.failover]


def _row(what: str, bar: str, measured: str, kept: bool) -> Row:  # noqa: FBT001 - the verdict
    return Row(what, bar, measured, KEPT if kept else MISSED)


def _calls(run: Creation) -> list[Row]:
    calls = run.backend_calls.get("createProject", 0) / run.projects
    written = about(Counter(run.api_requests), "projects") / run.projects
    events = run.api_requests.get("create events", 0) / run.projects
    return [
        _row("calls to the backend for a creation, shared polling apart", "1", f"{calls:.3f}", calls == 1),
        _row("writes to the Project for a creation", "3", f"{written:.3f}", written <= 3),  # noqa: PLR2004 - the bar
        _row("Events for a creation", "at most 1", f"{events:.3f}", events <= 1),
    ]


def _memory(run: Creation) -> Row:
    used = run.resident_bytes / MEGABYTE
    return _row(f"memory after {run.projects:,} creations", "≤ 180 MB", f"{used:.0f} MB", used <= 180)  # noqa: PLR2004 - the bar


def memory_slope(record: Record) -> float:
    """Bytes for each further Project, between the two largest sizes; 0 where there is one."""
    sizes = record.sizes()
    if len(sizes) < 2:  # noqa: PLR2004 - two points make a slope
        return 0.0
    less, more = (min(run.resident_bytes for run in record.of(OPERATOR, size)) for size in sizes[-2:])
    return (more - less) / (sizes[-1] - sizes[-2])


def _slope(record: Record) -> Row:
    slope = memory_slope(record) / 1000
    return _row("memory for each further Project", "≤ 10 KB", f"{slope:.1f} KB", slope <= 10)  # noqa: PLR2004 - the bar


def _rate(phase: Phase) -> str:
    return f"{phase.projects / phase.seconds:.0f}/s"


def _written(phase: Phase) -> float:
    """Writes to a Project."""
    return about(Counter(phase.api_requests), "projects") / phase.projects


def _of_all(what: str, phase: Phase) -> list[Row]:
    words = f"{_rate(phase)}, {_written(phase):.2f} writes to the Project each"
    return [Row(f"{what} of all {phase.projects:,}", "", words)]


def _restart(phase: Phase) -> list[Row]:
    written = writes(Counter(phase.api_requests))
    seconds = f"{phase.seconds:.1f} s, {written} writes"
    return [_row(f"restart with {phase.projects:,} settled: writes", "0", seconds, written == 0)]


def _idle(phase: Phase) -> list[Row]:
    share = phase.cpu_seconds[OPERATOR] / phase.seconds * 100
    listings = phase.backend_calls.get("listProjects", 0)
    expected = -(-phase.seconds // TEN_MINUTES)
    calls = sum(phase.backend_calls.values())
    return [
        _rest(phase),
        _row("calls to the backend meanwhile", "1 listing in 10 min", f"{listings} of {calls}", calls <= expected),
        _row("processor time meanwhile", "≤ 2 % of a core", f"{share:.2f} %", share <= 2),  # noqa: PLR2004 - the bar
    ]


def _keystone(phase: Phase) -> list[Row]:
    shared = sum(phase.backend_calls.values()) - phase.projects
    creations, written = phase.backend_calls.get("POST /v3/projects", 0) / phase.projects, _written(phase)
    return [
        _row("Keystone: creations for each project", "1", f"{creations:.3f}, {_rate(phase)}", creations == 1),
        Row("Keystone: all other requests, for each project", "", f"{shared / phase.projects:.3f}"),
        _row("Keystone: writes to the Project", "2", f"{written:.3f}", written <= 2),  # noqa: PLR2004 - the bar
    ]


def _csp(phase: Phase) -> list[Row]:
    asked = sum(phase.backend_calls.get(operation, 0) for operation in OF_A_PROJECT) / phase.projects
    written = _written(phase)
    return [
        _row("CSP: calls for a creation, shared ones apart", "3", f"{asked:.3f}", asked <= 3),  # noqa: PLR2004 - the bar
        _row("CSP: writes to the Project", "3", f"{written:.3f}", written <= 3),  # noqa: PLR2004 - the bar
    ]


_OF_PHASE: Final[Mapping[str, Callable[[Phase], list[Row]]]] = {
    UPDATE: partial(_of_all, "change"),
    DELETION: partial(_of_all, "deletion"),
    RESTART: _restart,
    IDLE: _idle,
    KEYSTONE: _keystone,
    CSP: _csp,
}


def _rest(phase: Phase) -> Row:
    """Of a backend object the number of its Projects may be behind, and is brought up to date at its next look."""
    requests = Counter(phase.api_requests)
    to_projects = about(requests, "projects")
    said = f"{to_projects}, and {writes(requests) - to_projects} to anything else"
    what = f"writes to Projects while {phase.projects:,} rest for {phase.seconds:.0f} s"
    return _row(what, "0", said, to_projects == 0)


def _failover(one: Sharing) -> Row:
    slowest = max(one.failover)
    killed = f"one of {one.processes} processes was killed, slowest of {one.backends} backends"
    what = f"a new Project's first call after {killed}"
    return _row(what, "≤ 15 s", f"{slowest:.1f} s", slowest <= 15)  # noqa: PLR2004 - the bar


_MEANWHILE: Final = {
    SETTLED: "{} are settled",
    RESYNCING: "{} are looked at again all the time",
    RESTARTING: "the operator begins, with {} settled",
    HANGING: "one backend hangs, with others settled",
}


def _first_call(one: Latencies) -> Row:
    slowest = percentile(one.first_call, 0.95)
    meanwhile = _MEANWHILE[one.meanwhile].format(f"{one.projects:,}")
    ready = percentile(one.ready, 0.5)
    said = f"{slowest:.2f} s; Ready after {ready:.2f} s (median)"
    return _row(f"a new Project's first call (p95) while {meanwhile}", "≤ 1 s", said, slowest <= 1)
