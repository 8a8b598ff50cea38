"""The cost model of `docs/scaling.md`: what one more Project takes, and what is to be expected of so many.

The figures are of the reference machine (2 cores for everything). Each run of the bench is compared with them.
"""

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.budgets import memory_slope
from bench.measures.living import DELETION, IDLE, RESTART, UPDATE
from bench.record import OPERATOR, Record
from bench.traffic import about

NEAR: Final = 0.25
"""A measured figure may differ by that share from the model's: machines differ, and so do runs."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One line of the model, for each Project."""

    what: str
    expected: float
    unit: str
    of_machine: bool
    """Whether it depends on the machine; the rest is counted."""


CREATION_WRITES: Final = Cost("writes to the Project for its creation", 3.0, "", of_machine=False)
CREATION_CALLS: Final = Cost("calls to the backend for its creation", 1.0, "", of_machine=False)
UPDATE_WRITES: Final = Cost("writes to the Project for a change", 3.0, "", of_machine=False)
DELETION_WRITES: Final = Cost("writes to the Project for its deletion", 3.0, "", of_machine=False)
STORED: Final = Cost("size of the object in the API server", 3.0, "KB", of_machine=False)
ETCD: Final = Cost("etcd after its creation, before compaction", 12.0, "KB", of_machine=False)
LISTED: Final = Cost("size in a listing of the backend", 0.5, "KB", of_machine=False)
MEMORY: Final = Cost("memory of the operator", 8.0, "KB", of_machine=False)
CREATION_CPU: Final = Cost("processor time of the operator for its creation", 9.0, "ms", of_machine=True)
RESTART_CPU: Final = Cost("processor time of the operator for a restart", 0.8, "ms", of_machine=True)
IDLE_CPU: Final = Cost("processor time of the operator for 10 min of rest", 0.15, "ms", of_machine=True)
COSTS: Final = (
    *(CREATION_WRITES, CREATION_CALLS, UPDATE_WRITES, DELETION_WRITES),
    *(STORED, ETCD, LISTED, MEMORY, CREATION_CPU, RESTART_CPU, IDLE_CPU),
)


def measured(record: Record) -> dict[Cost, float]:
    """The same of a run; what it did not measure is not there."""
    size = record.sizes()[-1]
    runs = record.of(OPERATOR, size)
    found = {
        CREATION_WRITES: about(Counter(runs[-1].api_requests), "projects") / size,
        CREATION_CALLS: runs[-1].backend_calls.get("createProject", 0) / size,
        MEMORY: memory_slope(record) / 1000,
        CREATION_CPU: median(run.cpu_seconds[OPERATOR] for run in runs) / size * 1000,
    }
    places = {STORED: "object", ETCD: "etcd", LISTED: "in a listing of the backend"}
    found |= {cost: record.bytes_per_project[place] / 1000 for cost, place in places.items()}
    for what, cost in ((UPDATE, UPDATE_WRITES), (DELETION, DELETION_WRITES)):
        if (phase := record.phase(what)) is not None:
            found[cost] = about(Counter(phase.api_requests), "projects") / phase.projects
    for what, cost, seconds in ((RESTART, RESTART_CPU, None), (IDLE, IDLE_CPU, 600.0)):
        if (phase := record.phase(what)) is not None:
            share = seconds / phase.seconds if seconds else 1.0
            found[cost] = phase.cpu_seconds[OPERATOR] * share / phase.projects * 1000
    return found


def differs(cost: Cost, found: float) -> bool:
    """Whether ``found`` is too far from what the model expects."""
    return abs(found - cost.expected) > NEAR * cost.expected


def compared(record: Record) -> tuple[list[str], list[list[str]]]:
    """A table's head and rows: each cost, what the model says and what the run says."""
    found = measured(record)
    rows = [
        [
            f"{cost.what}{' (of this machine)' if cost.of_machine else ''}",
            f"{cost.expected:g} {cost.unit}".rstrip(),
            f"{found[cost]:.2f} {cost.unit}".rstrip(),
            "**differs**" if differs(cost, found[cost]) else "",
        ]
        for cost in COSTS
        if cost in found
    ]
    return ["for each Project", "model", "measured", ""], rows
