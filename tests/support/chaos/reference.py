"""A run in which nothing breaks: what each operation writes, how often it is answered, and how it ends."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chaos.evidence import DELETE, OPERATIONS, UPDATE, Wish
from chaos.journal import API_SERVER, Entry
from chaos.oracles import Ends, ends
from chaos.stage import Stage

BACKEND: Final = "backend"
BACKEND_WRITE: Final = "to the backend"
AT_ONCE: Final = 60
"""Projects that are prepared side by side. Of hundreds on a busy machine some wait so long between the write that buys
the right to create and the creation that the right has ended, and buy another, each time later.
"""
PREPARED_WITHIN: Final = 180.0
"""Seconds for each of those crowds."""


@dataclass(frozen=True, slots=True)
class Reference:
    """By backend and operation."""

    writes: Mapping[tuple[str, str], Sequence[str]]
    """What is written, in order, each in a few words."""
    asked: Mapping[tuple[str, str, str], int]
    """How many requests about a Project come to the API server and to the backend."""
    ends: Ends


def take(stage: Stage, number: int = 0) -> Reference:
    """Do every operation once on every backend; ``number`` is that of the Projects."""
    wishes = [stage.wish(site, operation, number) for site in stage.sites for operation in OPERATIONS]
    prepare(stage, wishes)
    start = stage.journal.now
    stage.begin(wishes)
    left = stage.wait_settled(wishes, within=120.0)
    assert not left, left
    quiet = stage.quiet_writes(1)
    assert not any(quiet), quiet
    writes: dict[tuple[str, str], list[str]] = defaultdict(list)
    asked: Counter[tuple[str, str, str]] = Counter()
    for entry in stage.journal.entries(after=start):
        if (wish := stage.wishes.get(entry.subject)) is None:
            continue
        asked[wish.place, wish.operation, API_SERVER if entry.place == API_SERVER else BACKEND] += 1
        if entry.writes:
            writes[wish.place, wish.operation].append(target(entry))
    return Reference(dict(writes), dict(asked), ends(stage.evidence()))


def prepare(stage: Stage, wishes: Sequence[Wish]) -> None:
    """What is to be changed or deleted is made, and Ready."""
    standing = [wish for wish in wishes if wish.operation in {UPDATE, DELETE}]
    for start in range(0, len(standing), AT_ONCE):
        some = standing[start : start + AT_ONCE]
        stage.apply(some)
        stage.wait_ready(some, PREPARED_WITHIN)


def target(entry: Entry) -> str:
    """Where a write goes to."""
    if entry.place != API_SERVER:
        return f"{entry.request.method} {BACKEND_WRITE}"
    return "status" if entry.request.path.endswith("/status") else "object"
