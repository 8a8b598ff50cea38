"""Programs run side by side: as many as there is room for, none before what it needs."""

import os
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Job:
    """A program to run."""

    name: str
    command: tuple[str, ...]
    weight: int
    """How much room it takes."""
    needs: tuple[str, ...] = ()
    """Jobs that must have succeeded before it begins."""
    report: Path | None = None
    """What it writes about itself."""


@dataclass(frozen=True)
class Ended:
    """How a job ended."""

    job: Job
    status: int
    """Exit status; negative: the number of the signal that ended it."""
    seconds: float
    cpu_seconds: float
    """Of it and of every process below it that was waited for, in user and in system mode."""


def run(job: Job, folder: Path, environment: Mapping[str, str], output: IO[str] | None) -> Ended:
    """Run a job in ``folder`` to its end; what it says goes to ``output``, None: where our own words go."""
    if job.report is not None:
        job.report.unlink(missing_ok=True)
    started = time.monotonic()
    process = subprocess.Popen(job.command, cwd=folder, env=environment, stdout=output, stderr=output)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(job, process.returncode, time.monotonic() - started, usage.ru_utime + usage.ru_stime)


def next_job(waiting: Sequence[Job], room: int, succeeded: Collection[str]) -> Job | None:
    """The first that may begin."""
    return next((job for job in waiting if job.weight <= room and set(job.needs) <= set(succeeded)), None)


def run_all(jobs: Sequence[Job], room: int, start: Callable[[Job], Ended]) -> list[Ended]:
    """Run all jobs, each by ``start``, in a thread of its own; how they ended, in that order.

    A job that needs one that failed never begins. None may take more than ``room``.
    """
    waiting, ended = list(jobs), list[Ended]()
    running: dict[Future[Ended], Job] = {}
    with ThreadPoolExecutor(max(1, len(jobs))) as pool:
        while True:
            succeeded = {one.job.name for one in ended if one.status == 0}
            while job := next_job(waiting, room - sum(one.weight for one in running.values()), succeeded):
                waiting.remove(job)
                running[pool.submit(start, job)] = job
            if not running:
                return ended
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                del running[future]
                ended.append(future.result())
