"""The one in charge loses its API server, or is told to end: others take over in time, and nothing is done twice."""

import re
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from crowd import Account
from lease_pair import DURATION, HOLD, WITHIN, Pair, departures, stopping
from valve import Valve
from waiting import wait_until

from project_operator.sandbox.controlplane.plane import ControlPlane

NEVER = "never"
"""A moment that nobody passes: the build only notes what departs."""
FAILOVER = 1.25 * DURATION
"""15 s where T is 12 s."""


def through(valve: Valve, kubeconfig: Path, folder: Path) -> Path:
    """The kubeconfig of whoever reaches the API server through the valve."""
    made = folder / f"kubeconfig-{valve.port}"
    made.write_text(re.sub(r"(server: https://[^\s:]+):\d+", rf"\1:{valve.port}", kubeconfig.read_text()))
    return made


@pytest.mark.whole
def test_a_lost_api_server_and_an_end_cost_no_call_too_many(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    server = re.search(r"server: (\S+)", control_plane.kubeconfig.read_text())
    assert server is not None
    address = urlsplit(server[1])
    assert address.hostname is not None
    assert address.port is not None
    with Valve(address.hostname, address.port) as first, Valve(address.hostname, address.port) as second:
        kubeconfigs = tuple(through(valve, control_plane.kubeconfig, tmp_path) for valve in (first, second))
        with Pair(control_plane, namespace, tmp_path, stopping(tmp_path, NEVER), kubeconfigs) as pair:
            pair.crowd.apply_projects()
            pair.crowd.wait_all_ready()
            leader = wait_until(pair.in_charge, "somebody to be in charge")
            (other,) = (one for one in pair.crowd.operators if one is not leader)

            cut = time.time()
            (first, second)[pair.crowd.operators.index(leader)].shut()
            wait_until(lambda: pair.in_charge() is other, "the other to be in charge", within=WITHIN)
            assert time.time() - cut < FAILOVER, pair.described()
            assert departures(tmp_path, leader.pid, cut + HOLD + 0.1) == []

            (first, second)[pair.crowd.operators.index(leader)].reopen()
            wait_until(lambda: len(pair.living()) == 2, "the former one to take part again", within=WITHIN)
            ended = time.time()
            other.signal(signal.SIGTERM)
            wait_until(lambda: pair.in_charge() is leader, "the former one to be in charge", within=WITHIN, every=0.05)
            handed_over = time.time() - ended
            assert other.wait_ended() == 0
            assert handed_over < 2.0, pair.described()
            pair.crowd.wait_all_ready()
            assert departures(tmp_path, other.pid, ended + handed_over) == []
            assert pair.account() == Account()
