"""The one in charge is stopped, others take over, and it goes on: it begins no call, and nothing is doubled or lost."""

import time
from pathlib import Path

import pytest
from crowd import Account
from lease_pair import WITHIN, Pair, departures, go_on, stopping
from waiting import wait_until

from project_operator.sandbox.controlplane.plane import ControlPlane

CHOSEN = [("between check and send of POST", 3)]
"""In `make test`: the call that nobody can hold back any more."""
ALL = [
    *CHOSEN,
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
AFTERWARDS = 2.0
"""Seconds in which it is looked for calls; what was taken stays where it is for longer, whatever the load."""


@pytest.mark.parametrize(
    ("moment", "times"), [*CHOSEN, *(pytest.param(*one, marks=pytest.mark.whole) for one in ALL if one not in CHOSEN)]
)
def test_one_that_was_stopped_begins_no_call_and_nothing_is_doubled(
    moment: str, times: int, control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    stopped = tmp_path / "stopped"
    with Pair(control_plane, namespace, tmp_path, stopping(tmp_path, moment, times)) as pair:
        left = pair.live(stopped)
        wait_until(stopped.exists, f"somebody to stop {moment}")
        pid = int(stopped.read_text(encoding="ascii"))
        (other,) = (one for one in pair.crowd.operators if one.pid != pid)
        wait_until(lambda: pair.in_charge() is other, "the other to be in charge", within=WITHIN)
        gone_on = go_on(pid)
        wait_until(lambda: time.time() > gone_on + AFTERWARDS, "what it does then")
        assert departures(tmp_path, pid, gone_on) == [], pair.described()
        pair.wait_settled(left)
        assert pair.account() == Account()
