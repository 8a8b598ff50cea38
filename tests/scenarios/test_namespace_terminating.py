"""A namespace that goes with its backend and Secret in it takes its projects with it, in the backend too."""

from scenario import Scenario


def test_everything_goes_in_an_order_that_works_and_an_orphan_stays(scenario: Scenario) -> None:
    policies = {"north": "Delete", "south": "Delete", "west": "Orphan"}
    scenario.apply(*(scenario.project(name, deletionPolicy=policy) for name, policy in policies.items()))
    ids = {name: scenario.wait_ready(name)["status"]["id"] for name in policies}

    scenario.kubectl("delete", "namespace", scenario.namespace, "--timeout=60s")

    assert scenario.remote().id == ids["west"]
    assert {call.project_id for call in scenario.calls("deleteProject")} == {ids["north"], ids["south"]}
