"""A namespace that goes with its backend and Secret in it takes its projects with it, in the backend too."""

from scenario import Scenario


def test_everything_goes_in_an_order_that_works(scenario: Scenario) -> None:
    scenario.apply(*(scenario.project(name) for name in ("north", "south")))
    scenario.wait_ready("north")
    scenario.wait_ready("south")

    scenario.kubectl("delete", "namespace", scenario.namespace, "--timeout=60s")

    assert scenario.identity.admin.projects() == []
    assert len(scenario.calls("deleteProject")) == 2


def test_an_orphan_stays(scenario: Scenario) -> None:
    scenario.apply_project(deletionPolicy="Orphan")
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.kubectl("delete", "namespace", scenario.namespace, "--timeout=60s")

    assert scenario.remote().id == project_id
    assert scenario.calls("deleteProject") == []
