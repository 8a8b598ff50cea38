"""The annotation asks for a look now; status echoes it when the look has been taken."""

from scenario import Scenario
from waiting import wait_until

from project_operator.api.names import RECONCILE_ANNOTATION


def test_a_look_is_taken_long_before_it_is_due(bare_scenario: Scenario) -> None:
    bare_scenario.apply(bare_scenario.secret(), bare_scenario.backend(interval="1h"))
    bare_scenario.apply_project(description="ours")
    project_id = bare_scenario.wait_ready()["status"]["id"]
    bare_scenario.identity.admin.edit_project(project_id, description="theirs")
    bare_scenario.identity.admin.catch_up()

    bare_scenario.kubectl("annotate", "iproj", "team", f"{RECONCILE_ANNOTATION}=now")

    status = wait_until(
        lambda: (one := bare_scenario.get()["status"]).get("lastHandledReconcileAt") == "now" and one, "the echo"
    )
    assert status["id"] == project_id
    wait_until(lambda: bare_scenario.remote().description == "ours", "the correction")
    bare_scenario.wait_ready()
    assert len(bare_scenario.calls("updateProject")) == 1


def test_the_same_value_asks_only_once(scenario: Scenario) -> None:
    scenario.apply_project(annotations={RECONCILE_ANNOTATION: "once"})
    scenario.wait_ready()
    wait_until(lambda: scenario.get()["status"].get("lastHandledReconcileAt") == "once", "the echo")

    scenario.kubectl("annotate", "iproj", "team", f"{RECONCILE_ANNOTATION}=once", "--overwrite")

    scenario.assert_quiet()
