"""What is settled is never written again, whatever its kind, and costs the backend one LIST per interval."""

from scenario import Scenario


def test_nothing_is_written_over_several_intervals(scenario: Scenario) -> None:
    scenario.apply(*(scenario.project(f"team-{number}") for number in range(3)))
    for number in range(3):
        scenario.wait_ready(f"team-{number}")
    # The backend object counts its Projects at its own next look.
    scenario.wait_for_listings(2)
    start = scenario.last_call()

    scenario.assert_quiet(listings=4, resource=None)

    # No look at single projects, no other question.
    assert {call.operation for call in scenario.identity.admin.requests(after=start)} == {"listProjects"}
