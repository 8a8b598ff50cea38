"""The one in charge is stopped, others take over, and it goes on: it begins no call, and nothing is doubled or lost."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from chaos.oracles import Violation
from chaos.tally import Outcome, Row, Tried
from crowd import Account
from lease_pair import WITHIN, Pair, departures, go_on, stopping
from waiting import wait_until

from project_operator.sandbox.controlplane.plane import ControlPlane

CHOSEN = ("between check and send of POST", 3)
"""In `make test`: the call that nobody can hold back any more."""
MOMENTS = [
    CHOSEN,
    ("before the check of POST", 3),
    ("before a round", 2),
    ("after a round", 5),
    ("before the limiter's wait", 2),
    ("after the limiter's wait", 3),
    ("before patch projects", 4),
    ("after patch projects", 7),
    ("after the answer to POST", 2),
    ("before the check of GET", 3),
    ("between check and send of GET", 4),
    ("after the answer to GET", 5),
    ("before the check of PUT", 2),
    ("between check and send of PUT", 2),
    ("after the answer to PUT", 1),
    ("before the check of DELETE", 2),
    ("between check and send of DELETE", 1),
    ("after the answer to DELETE", 3),
    ("before patch leases", 6),
    ("after patch leases", 6),
    ("after list leases", 9),
    ("before a look at the Leases", 9),
]
AT_ONCE = 3
"""Pairs beside each other: for most of the time each waits for a Lease to end."""
AFTERWARDS = 2.0
"""Seconds in which it is looked for calls; what was taken stays where it is for longer, whatever the load."""


def test_one_that_was_stopped_begins_no_call_and_nothing_is_doubled(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    assert amiss(control_plane, namespace, tmp_path, *CHOSEN) == {}


@pytest.mark.whole
@pytest.mark.timeout(900)
def test_so_it_is_at_every_moment(
    control_plane: ControlPlane,
    namespace: str,
    tmp_path: Path,
    progress: Callable[[str], None],
    keep: Callable[[Outcome], None],
) -> None:
    def tried(number: int) -> tuple[Tried, tuple[Violation, ...]]:
        moment, times = MOMENTS[number]
        folder = tmp_path / str(number)
        folder.mkdir()
        found = amiss(control_plane, f"{namespace}-{number}", folder, moment, times)
        progress(f"stopped {moment}, {times}: {found or 'nothing amiss'}")
        subject = f"{moment}, {times}"
        point = Tried(namespace, "leadership", f"stopped {moment}", "operator", "all", "nscale", times, subject)
        return point, tuple(Violation(promise, subject, words) for promise, words in found.items())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(pool.map(tried, range(len(MOMENTS))))
    rows = {point: Row.of(violations, stuck=False, words=0) for point, violations in found.items()}
    outcome = Outcome(rows, tuple(violation for violations in found.values() for violation in violations))
    keep(outcome)
    assert len({point.what for point in rows}) >= 20
    assert outcome.violations == ()


@pytest.mark.whole
def test_one_that_does_not_look_before_it_sends_is_caught(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """I9: a build broken on purpose."""
    found = amiss(control_plane, namespace, tmp_path, "before the check of GET", 3, gated=False)
    assert "I9" in found


def amiss(
    control_plane: ControlPlane,
    namespace: str,
    folder: Path,
    moment: str,
    times: int,
    *,
    gated: bool = True,
) -> dict[str, str]:
    """Stop whoever is in charge when it passes that moment for so many times, and let it go on when the other has taken
    over: the promises that are broken then, and how.
    """
    stopped = folder / "stopped"
    with Pair(control_plane, namespace, folder, stopping(folder, moment, times, gated=gated)) as pair:
        left = pair.live(stopped)
        wait_until(stopped.exists, f"somebody to stop {moment}")
        pid = int(stopped.read_text(encoding="ascii"))
        (other,) = (one for one in pair.crowd.operators if one.pid != pid)
        wait_until(lambda: pair.in_charge() is other, "the other to be in charge", within=WITHIN)
        gone_on = go_on(pid)
        wait_until(lambda: time.time() > gone_on + AFTERWARDS, "what it does then")
        found = {}
        if calls := departures(folder, pid, gone_on):
            found["I9"] = f"calls begun by one that was stopped: {calls}; Leases: {pair.described()}"
        pair.wait_settled(left)
        if quiet := pair.quiet_writes():
            found["I8"] = f"written in the quiet: {quiet}"
        account = pair.account()
        if account.doubled:
            found["I1"] = str(account)
        elif account != Account():
            found["I2"] = str(account)
    return found
