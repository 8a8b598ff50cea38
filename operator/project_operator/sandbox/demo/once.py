"""`make demo ONCE=1`: apply, wait, show, delete, wait; nobody has to look on."""

import time
from typing import Final

from project_operator.errors import SandboxError
from project_operator.sandbox.demo import operator_process
from project_operator.sandbox.demo.lifecycle import Row, line, row
from project_operator.sandbox.demo.stage import Stage, shown
from project_operator.sandbox.demo.waiting import until
from project_operator.sandbox.demo.watching import Change, ProjectWatch

WITHIN: Final = 90.0
"""Seconds to become Ready, and to be gone."""
_TICK: Final = 0.2
_TAIL: Final = 30


def run(stage: Stage) -> None:
    """From applying the example to its end everywhere.

    Raises SandboxError with the reason when something does not come about; events and log have been shown then.
    """
    try:
        _run(stage)
    except SandboxError:
        _diagnose(stage)
        raise


def _run(stage: Stage) -> None:
    narration = stage.narration
    name = stage.project
    watch = ProjectWatch(stage.kubeconfig)
    with narration.step("Project, until it is Ready"):
        stage.kubectl("apply", "-f", shown(stage.manifest))
        ready = _follow(stage, watch, name, gone=False)
        if ready is None:
            raise SandboxError(f"Project {name} was deleted before it was Ready")
        if ready.id not in stage.identity.projects():
            raise SandboxError(f"Project {name} is Ready with id {ready.id}, which the identity server does not hold")
        narration.say(f"the identity server's own list has it: {ready.id}")
    with narration.step("Status"):
        stage.kubectl("get", f"iproj/{name}", "-o", "yaml")
    end = stage.identity.deletion
    there = "there" if end == "gone" else f"{end} there"
    with narration.step(f"Deletion, until it is gone here and {there}"):
        stage.kubectl("delete", f"iproj/{name}", "--wait=false")
        _follow(stage, watch, name, gone=True)
        until(
            lambda: stage.identity.ended(ready.id),
            f"{ready.id} to be {end} in the identity server's own list",
            check=stage.check,
            within=WITHIN,
        )
        if end != "gone":
            narration.say(f"the identity server's own list has it still, {end}: {ready.id}")
        narration.say(f"the identity server's own list has {len(stage.identity.projects())} projects")
    with narration.step("Operator's end"):
        stage.check()
        status = operator_process.stop(stage.operator)
        if status != 0:
            raise SandboxError(f"the operator ended with {status} when it was told to stop")


def _follow(stage: Stage, watch: ProjectWatch, name: str, *, gone: bool) -> Row | None:
    """Tell each change until the Project is Ready, or ``gone``; its last row. Raises SandboxError after `WITHIN`."""
    began = time.monotonic()
    last: Row | None = None
    while (passed := time.monotonic() - began) < WITHIN:
        change = watch.take(_TICK)
        stage.check()
        if change is None or change.key[1] != name:
            continue
        now = _row(change)
        if now != last:
            stage.narration.say(f"{passed:5.1f} s  {line(now) if now else f'{name:<18} gone'}")
        last = now
        if (now is None) if gone else (now is not None and now.ready == "True"):
            return now
    said = f"{last.reason}: {last.message}" if last else "no status"
    raise SandboxError(f"Project {name} was not {'gone' if gone else 'Ready'} after {WITHIN:g} s; {said}")


def _row(change: Change) -> Row | None:
    return row(change.raw) if change.raw is not None else None


def _diagnose(stage: Stage) -> None:
    """Show what somebody needs who was not there."""
    narration = stage.narration
    narration.heading("What went wrong")
    stage.kubectl("get", "iproj,ibackend", "-o", "wide", check=False)
    stage.kubectl("get", "events", check=False)
    if stage.operator.running:  # else the error has its last words
        narration.say("the last words of the operator:")
        narration.say(stage.operator.last_lines(_TAIL))
