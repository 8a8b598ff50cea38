"""A pytest plugin that tries mutants: the tests are collected once, and each mutant is tried in a process of its own.

First one process runs every test on the core as it is, and notes how long it takes and which lines it comes by. Then,
for each mutant, a process is forked that runs the tests which come by the lines it changes, until one fails: those
first that killed another mutant of that function, then the quickest. What is computed when the core is imported is
computed before any mutant is chosen; mutants of what is run only then count as survivors.

That a test fails is held against a control: for one of so many killed mutants the same tests are run in the same order
once more without it, and all have to pass. Tests that upset each other would otherwise count as noticing.
"""

import gc
import json
import os
import resource
import signal
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Final, NoReturn

import coverage
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, Phase, settings
from mutmut.mutation.trampoline import set_mutant_under_test

LATE: Final = frozenset({-signal.SIGPROF, -signal.SIGALRM})
SLOWER: Final = 10
"""A test that takes so many times as long as without a mutant is held to be without end …"""
SPARE: Final = 2.0
"""… and so many seconds of processor time; on the clock it may last a hundred times as long."""
PATIENCE: Final = 5.0
"""Seconds of processor time that the tests of one mutant take, all together, without it; what these leave alive counts
as a survivor, whatever the others would find."""
MEMORY: Final = 4 << 30
"""Bytes of address space; a mutant that fills more has an error for it."""
TOLD_EACH: Final = 100
CONTROLLED_EACH: Final = 20
"""Of so many killed mutants one has a control."""
NO_MUTANT: Final = ""

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
class Mutant:
    """What a mutant changes of its module as it stands on the stage, where the function itself is beside it."""

    first: int
    """The first line of the function itself."""
    lines: Sequence[int]
    """The lines of it that the mutant has otherwise."""
    change: str
    """For people."""


@dataclass(frozen=True)
class Survey:
    """What a run of all tests without a mutant showed."""

    seconds: Sequence[float]
    """Of processor time, by the test's place among those collected."""
    passing: Mapping[str, Mapping[str, Sequence[str]]]
    """Which tests come by a line, by module, and by line in digits."""
    failed: Sequence[str]
    """Which tests fail as it is."""


@dataclass
class _Trial:
    """What one process is forked for."""

    about: str
    mutant: str
    """That which is chosen; `NO_MUTANT` in a control."""
    tests: Sequence[int]
    pipe: int = -1

    def control(self, killer: int) -> "_Trial":
        """The same tests in the same order up to the one that failed, without the mutant."""
        return _Trial(self.about, NO_MUTANT, self.tests[: self.tests.index(killer) + 1])


@dataclass
class Trials:
    """Give it to `pytest.main` as a plugin; `verdicts` then has what became of each of the mutants, by their names."""

    mutants: Mapping[str, Mutant]
    stage: Path
    """Where the mutated modules are imported from."""
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    told: Callable[[], None] = lambda: None
    """Called from time to time, when there are new verdicts."""
    controls: int = 0
    """How many kills had a control, which passed."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests once."""
        gc.freeze()
        survey = surveyed(session.items, self.stage)
        if survey.failed:
            raise pytest.UsageError(f"these tests fail without any mutant: {', '.join(survey.failed)}")
        self._try_all(session.items, survey)
        return True

    def _try_all(self, items: Sequence[pytest.Item], survey: Survey) -> None:
        kills: defaultdict[str, Counter[int]] = defaultdict(Counter)
        waiting, running = deque(self.mutants), dict[int, _Trial]()
        controls = deque[_Trial]()
        while waiting or controls or running:
            if (waiting or controls) and len(running) < self.jobs:
                trial = controls.popleft() if controls else self._next(waiting.popleft(), survey, kills)
                if trial.tests:
                    pid, trial.pipe = forked(partial(attempt, trial.mutant, trial.tests, items, survey))
                    running[pid] = trial
                else:
                    self._tell(trial.about, Verdict.UNTESTED)
                continue
            pid, status = os.wait()
            trial = running.pop(pid)
            with os.fdopen(trial.pipe, "rb") as end:
                killer = end.read()
            found = verdict(os.waitstatus_to_exitcode(status), killer)
            if trial.mutant == NO_MUTANT:
                self._control(trial, found, items)
                continue
            if killer:
                kills[function_of(trial.about)][int(killer)] += 1
                if sum(map(Counter.total, kills.values())) % CONTROLLED_EACH == 1:
                    controls.append(trial.control(int(killer)))
            self._tell(trial.about, found)

    def _next(self, mutant: str, survey: Survey, kills: Mapping[str, Counter[int]]) -> "_Trial":
        coming_by = tests_coming_by(survey, mutant, self.mutants[mutant])
        return _Trial(mutant, mutant, in_order(coming_by, survey, kills.get(function_of(mutant), {})))

    def _control(self, trial: "_Trial", found: Verdict, items: Sequence[pytest.Item]) -> None:
        if found is not Verdict.SURVIVED:
            tests = ", ".join(items[test].nodeid for test in trial.tests)
            raise pytest.UsageError(f"the tests that noticed {trial.about} fail without it, in this order: {tests}")
        self.controls += 1

    def _tell(self, mutant: str, found: Verdict) -> None:
        self.verdicts[mutant] = found
        if len(self.verdicts) % TOLD_EACH == 0:
            self.told()
            noticed = sum(each.is_noticed for each in self.verdicts.values())
            print(f"{len(self.verdicts)} of {len(self.mutants)} tried, {noticed} killed", flush=True)


def function_of(mutant: str) -> str:
    """The function of a mutant, by its name."""
    return mutant.rpartition("__mutmut_")[0]


def tests_coming_by(survey: Survey, name: str, mutant: Mutant) -> set[int]:
    """The tests that run what a mutant changes. A line that no test is seen to run is part of what begins further up,
    or is run by none.
    """
    passing = survey.passing.get(name.split(".")[-2], {})
    found: set[int] = set()
    for line in mutant.lines:
        seen = next((tests for above in range(line, mutant.first, -1) if (tests := passing.get(str(above)))), ())
        found |= {int(test) for test in seen}
    return found


def in_order(tests: Iterable[int], survey: Survey, kills: Mapping[int, int]) -> list[int]:
    """The tests as far as patience goes: those first that killed most mutants of the function, then the quickest."""
    ranked = sorted(tests, key=lambda test: (-kills.get(test, 0), survey.seconds[test]))
    spent = accumulate(survey.seconds[test] for test in ranked)
    return [test for test, so_far in zip(ranked, spent, strict=True) if test == ranked[0] or so_far <= PATIENCE]


def verdict(status: int, killer: bytes) -> Verdict:
    """What a trial says that ended with ``status``. One that broke down has noticed nothing."""
    if status in LATE:
        return Verdict.ENDLESS
    return Verdict.KILLED if killer else Verdict.SURVIVED


def surveyed(items: Sequence[pytest.Item], stage: Path) -> Survey:
    """Run every test once, in a process of its own: what it leaves behind is not for the others to find."""
    pid, pipe = forked(partial(survey, items, stage))
    with os.fdopen(pipe, "rb") as end:
        told = end.read()
    os.waitpid(pid, 0)
    return Survey(**json.loads(told))


def survey(items: Sequence[pytest.Item], stage: Path) -> bytes:
    """A `Survey` as JSON."""
    seconds: list[float] = []
    failed: list[str] = []
    lines = coverage.Coverage(data_file=None, config_file=False, include=[f"{stage}/*"])
    lines.start()
    for place, item in enumerate(items):
        lines.switch_context(str(place))
        begun = time.process_time()
        if not passes(item, items[place + 1] if place + 1 < len(items) else None):
            failed.append(item.nodeid)
        seconds.append(time.process_time() - begun)
    lines.stop()
    seen = lines.get_data()
    passing = {Path(path).stem: seen.contexts_by_lineno(path) for path in seen.measured_files()}
    return json.dumps({"seconds": seconds, "passing": passing, "failed": failed}).encode()


def attempt(mutant: str, chosen: Sequence[int], items: Sequence[pytest.Item], survey: Survey) -> bytes:
    """The place of the first of the chosen tests that fails, in digits; nothing where none does."""
    if mutant != NO_MUTANT:
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
