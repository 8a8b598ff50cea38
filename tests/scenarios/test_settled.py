"""What is settled is never written again, whatever its kind, and costs the backend one LIST per interval."""

from scenario import Scenario
from waiting import wait_until


def _is_settled(scenario: Scenario) -> bool:
    """Whether two listings went by without a write: Events are written behind the work, and the backend object counts
    its Projects at its own next look.
    """
    before = len(scenario.writes(None))
    scenario.wait_for_listings(2)
    return len(scenario.writes(None)) == before


def test_nothing_is_written_over_several_intervals(bare_scenario: Scenario) -> None:
    scenario = bare_scenario
    scenario.apply_secret()
    # A listing that a busy machine is slow to answer is no failure to write about.
    scenario.apply_backend(timeout="10s", consistency={"readLag": "300ms", "inFlightBound": "10s"})
    scenario.apply(*(scenario.project(f"team-{number}") for number in range(3)))
    for number in range(3):
        scenario.wait_ready(f"team-{number}")
    wait_until(lambda: _is_settled(scenario), "everything to be settled")
    start = scenario.last_call()

    scenario.assert_quiet(listings=4, resource=None)

    # No look at single projects, no other question.
    assert {call.operation for call in scenario.identity.admin.requests(after=start)} == {"listProjects"}
