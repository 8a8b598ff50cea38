"""Waiting for what must come, while what it comes from still runs."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.processes import OwnedProcess

T = TypeVar("T")

_EVERY: Final = 0.05


def until(look: Callable[[], T | None], what: str, *, check: Callable[[], None], within: float) -> T:
    """What ``look`` returns as soon as that is true in Python's sense; ``check`` raises where waiting is in vain.

    Raises SandboxError after ``within`` seconds, saying ``what`` did not come.
    """
    deadline = time.monotonic() + within
    while not (found := look()):
        check()
        if time.monotonic() > deadline:
            raise SandboxError(f"waited {within:g} s in vain for {what}")
        time.sleep(_EVERY)
    return found


def must_run(process: OwnedProcess) -> None:
    """Raises SandboxError with the last words of a process that has ended though nobody asked it to."""
    if not process.running:
        how = f"ended by itself with status {process.returncode}"
        raise SandboxError(f"the {process.name} {how}; its last words:\n{process.last_lines()}")
