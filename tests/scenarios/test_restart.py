"""An operator that is stopped finishes what it has begun, and one that starts leaves alone what is settled."""

import pytest
from scenario import Scenario
from waiting import wait_until

from project_operator.sandbox.identity.faults import Fault, FaultAction


@pytest.fixture
def own_operator(expendable: Scenario) -> Scenario:
    """A scenario whose operator serves nobody else."""
    expendable.install_definitions()
    expendable.operator.wait_ready()
    expendable.apply(expendable.secret(), expendable.backend(timeout="5s", consistency={"inFlightBound": "5s"}))
    expendable.wait_ready("default", kind="IdentityBackend")
    return expendable


def test_a_call_under_way_is_finished_and_what_is_settled_is_left_alone(own_operator: Scenario) -> None:
    own_operator.identity.admin.add_fault(Fault(action=FaultAction.DELAY, operation="createProject", seconds=1))
    own_operator.apply_project()
    wait_until(lambda: own_operator.calls("createProject"), "the creation to be under way")

    assert own_operator.operator.stop() == 0

    (creation,) = own_operator.calls()
    assert creation.delivered
    assert own_operator.get()["status"]["id"] == own_operator.remote().id

    own_operator.operator.start()
    own_operator.operator.wait_ready()
    before = own_operator.wait_ready()
    written = len(own_operator.writes(None))

    own_operator.operator.kill()
    own_operator.operator.start()
    own_operator.operator.wait_ready()
    own_operator.assert_quiet(resource=None)
    assert own_operator.get() == before
    assert own_operator.writes(None)[written:] == []
    assert len(own_operator.calls()) == 1
