"""A pytest plugin that tries mutants: the tests are collected once, and each mutant is tried in a process of its own.

First one process runs every test on the core as it is, and notes how long it takes and which functions it calls. Then,
for each mutant, a process is forked that runs the tests which call its function, until one fails: those first that
killed another mutant of that function, then the quickest. What is computed when the core is imported is computed
before any mutant is chosen; mutants of functions that are called only then count as survivors.
"""

import gc
import json
import os
import resource
import signal
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import accumulate
from typing import Final, NoReturn

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, Phase, settings
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

RECORDING: Final = "stats"
"""The name under which mutmut's trampolines note which functions are called."""
LATE: Final = frozenset({-signal.SIGPROF, -signal.SIGALRM})
SLOWER: Final = 10
"""A test that takes so many times as long as without a mutant is held to be without end …"""
SPARE: Final = 2.0
"""… and so many seconds of processor time; on the clock it may last a hundred times as long."""
PATIENCE: Final = 1.0
"""Seconds of processor time that the tests of one mutant take, all together, without it; what these leave alive counts
as a survivor, whatever the others would find."""
MEMORY: Final = 4 << 30
"""Bytes of address space; a mutant that fills more has an error for it."""
TOLD_EACH: Final = 100

settings.register_profile(
    "mutants",
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    ENDLESS = "endless"
    SURVIVED = "survived"
    UNTESTED = "untested"

    @property
    def is_noticed(self) -> bool:
        """Whether a test failed, or did not end."""
        return self in {Verdict.KILLED, Verdict.ENDLESS}


@dataclass(frozen=True)
class Survey:
    """What a run of all tests without a mutant showed."""

    seconds: Sequence[float]
    """Of processor time, by the test's place among those collected."""
    callers: Mapping[str, Sequence[int]]
    """Which tests call a function."""
    failed: Sequence[str]
    """Which tests fail as it is."""


@dataclass
class Trials:
    """Give it to `pytest.main` as a plugin; `verdicts` then has what became of each of the mutants."""

    mutants: Sequence[str]
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    told: Callable[[], None] = lambda: None
    """Called from time to time, when there are new verdicts."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests once."""
        gc.freeze()
        survey = surveyed(session.items)
        if survey.failed:
            raise pytest.UsageError(f"these tests fail without any mutant: {', '.join(survey.failed)}")
        self._try_all(session.items, survey)
        return True

    def _try_all(self, items: Sequence[pytest.Item], survey: Survey) -> None:
        kills: defaultdict[str, Counter[int]] = defaultdict(Counter)
        waiting, running = deque(self.mutants), dict[int, tuple[str, int]]()
        while waiting or running:
            if waiting and len(running) < self.jobs:
                mutant = waiting.popleft()
                chosen = in_order(survey, function_of(mutant), kills[function_of(mutant)])
                if chosen:
                    pid, pipe = forked(partial(attempt, mutant, chosen, items, survey))
                    running[pid] = (mutant, pipe)
                else:
                    self._tell(mutant, Verdict.UNTESTED)
            else:
                pid, status = os.wait()
                mutant, pipe = running.pop(pid)
                with os.fdopen(pipe, "rb") as end:
                    killer = end.read()
                if killer:
                    kills[function_of(mutant)][int(killer)] += 1
                self._tell(mutant, verdict(os.waitstatus_to_exitcode(status), killer))

    def _tell(self, mutant: str, found: Verdict) -> None:
        self.verdicts[mutant] = found
        if len(self.verdicts) % TOLD_EACH == 0:
            self.told()
            noticed = sum(each.is_noticed for each in self.verdicts.values())
            print(f"{len(self.verdicts)} of {len(self.mutants)} tried, {noticed} killed", flush=True)


def function_of(mutant: str) -> str:
    """The function of a mutant, as mutmut notes its calls."""
    return mutant.rpartition("__mutmut_")[0]


def in_order(survey: Survey, function: str, kills: Mapping[int, int]) -> list[int]:
    """The tests that call a function, as far as patience goes: those first that killed most mutants of it, then the
    quickest.
    """
    ranked = sorted(survey.callers.get(function, ()), key=lambda test: (-kills.get(test, 0), survey.seconds[test]))
    spent = accumulate(survey.seconds[test] for test in ranked)
    return [test for test, so_far in zip(ranked, spent, strict=True) if test == ranked[0] or so_far <= PATIENCE]


def verdict(status: int, killer: bytes) -> Verdict:
    """What a trial says that ended with ``status``. One that broke down has noticed nothing."""
    if status in LATE:
        return Verdict.ENDLESS
    return Verdict.KILLED if killer else Verdict.SURVIVED


def surveyed(items: Sequence[pytest.Item]) -> Survey:
    """Run every test once, in a process of its own: what it leaves behind is not for the others to find."""
    pid, pipe = forked(lambda: survey(items))
    with os.fdopen(pipe, "rb") as end:
        told = end.read()
    os.waitpid(pid, 0)
    return Survey(**json.loads(told))


def survey(items: Sequence[pytest.Item]) -> bytes:
    """A `Survey` as JSON."""
    set_mutant_under_test(RECORDING)
    called = state()._stats  # noqa: SLF001 - where mutmut keeps it
    seconds: list[float] = []
    callers: defaultdict[str, list[int]] = defaultdict(list)
    failed: list[str] = []
    for place, item in enumerate(items):
        called.clear()
        begun = time.process_time()
        if not passes(item, items[place + 1] if place + 1 < len(items) else None):
            failed.append(item.nodeid)
        seconds.append(time.process_time() - begun)
        for function in called:
            callers[function].append(place)
    return json.dumps({"seconds": seconds, "callers": callers, "failed": failed}).encode()


def attempt(mutant: str, chosen: Sequence[int], items: Sequence[pytest.Item], survey: Survey) -> bytes:
    """The place of the first of the chosen tests that fails, in digits; nothing where none does."""
    set_mutant_under_test(mutant)
    limits = [SPARE + SLOWER * survey.seconds[place] for place in chosen]
    signal.alarm(round(100 * sum(limits)))
    for place, limit, next_place in zip(chosen, limits, [*chosen[1:], None], strict=True):
        signal.setitimer(signal.ITIMER_PROF, limit)
        if not passes(items[place], None if next_place is None else items[next_place]):
            return str(place).encode()
    return b""


def passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Whether a test passes; what the one after it needs too is kept."""
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def forked(work: Callable[[], bytes]) -> tuple[int, int]:
    """The id of a new process, and the end of a pipe from which can be read what ``work`` comes to in it."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        begin(work, theirs)
    os.close(theirs)
    return pid, ours


def begin(work: Callable[[], bytes], pipe: int) -> NoReturn:
    """Do ``work`` in a process that was forked for it, and end this."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        with os.fdopen(pipe, "wb") as end:
            end.write(work())
    finally:
        os._exit(0)
