"""Applying the same again changes nothing: no call, no write."""

from scenario import Scenario


def test_the_same_again_is_no_call_and_no_write(scenario: Scenario) -> None:
    same = scenario.project(description="same", tags=[{"name": "stage", "value": "live"}])
    scenario.apply(same)
    before = scenario.wait_ready()
    writes, calls = len(scenario.writes()), len(scenario.calls())

    assert scenario.apply(same) == "project.identity.project-operator.dev/team unchanged\n"
    scenario.assert_quiet()

    assert scenario.get() == before
    assert (len(scenario.writes()), len(scenario.calls())) == (writes, calls)


def test_a_change_of_labels_alone_is_no_call_and_no_write(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    writes = len(scenario.writes())

    scenario.kubectl("label", "iproj", "team", "owner=us")
    scenario.assert_quiet()

    assert len(scenario.writes()) == writes
    assert len(scenario.calls()) == 1
