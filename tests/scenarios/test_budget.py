"""What thirty Projects cost when they come at once: counted by the API server and by the identity server."""

from collections import Counter
from collections.abc import Callable

import pytest
from scenario import Scenario
from waiting import wait_until

COUNT = 30
PATIENT = {"SEND_VALIDITY": "5"}
"""As in earnest: on a machine that does other things besides, thirty creations may not all leave within a second, and a
right that was not used in time is bought anew by a write."""


@pytest.fixture
def scenario(expendable: Scenario) -> Scenario:
    """With an operator of its own."""
    expendable.install_definitions()
    expendable.operator.wait_ready()
    patience = {"timeout": "5s", "consistency": {"readLag": "300ms", "inFlightBound": "5s"}}
    expendable.apply(expendable.secret(), expendable.backend(**patience))
    expendable.wait_ready("default", kind="IdentityBackend")
    return expendable


@pytest.mark.parametrize("expendable", [pytest.param(PATIENT, id="patient")], indirect=True)
def test_thirty_projects_at_once_cost_three_writes_an_event_and_a_call_each(
    scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    names = [f"team-{number:02}" for number in range(COUNT)]
    scenario.apply(*(scenario.project(name) for name in names))
    for name in names:
        scenario.wait_ready(name, within=60)
    wait_until(lambda: len(scenario.writes("events")) >= COUNT, "the Events, which are written behind")
    scenario.wait_for_listings(2)
    scenario.assert_quiet(listings=3, resource=None)

    per_project = Counter(write.name for write in scenario.writes())
    assert set(per_project) == set(names)
    assert max(per_project.values()) <= 3, per_project
    assert len(scenario.writes("events")) == COUNT

    created = Counter(call.name for call in scenario.calls("createProject"))
    assert created == dict.fromkeys(names, 1)
    assert sorted(one.name for one in scenario.identity.admin.projects()) == names
    assert {call.operation for call in scenario.calls()} == {"createProject"}
    # What is under way is polled one by one while it is little, and by the shared listing while it is much.
    reads = Counter(call.operation for call in scenario.identity.admin.requests() if call.method == "GET")
    assert reads["getProject"] <= 3 * COUNT, reads
    record_property(
        "figures",
        f"{COUNT} Projects at once: {sum(per_project.values())} writes to them, {len(scenario.writes('events'))} "
        f"Events, {len(scenario.calls())} createProject; printed apart, until they were settled and for 5 intervals "
        f"after: {dict(reads)}, the listings and the look at the organization being shared",
    )
