"""Rules of the protocol, each taken out of the real core for as long as a test needs to see it missed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final
from unittest.mock import patch

from project_operator.reconcile import absence, absorb, creation, ending, naming, record, removal, settling, updating
from project_operator.reconcile.evidence import Listing
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.record import Right, Timing


@contextmanager
def quarantine(*terms: str) -> Iterator[None]:
    """The quarantine is the sum of ``terms`` of `Timing` alone."""
    total = property(lambda timing: sum(getattr(timing, term) for term in terms) * 1.01 + 1.0)
    with patch.object(Timing, "quarantine", total):
        yield


@contextmanager
def rights_never_expire() -> Iterator[None]:
    """S: a right holds for ever."""
    with patch.object(Right, "holds", lambda *_, **__: True):
        yield
