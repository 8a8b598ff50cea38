"""`project-operator orphans`: what has lost its other half is found, from either side."""

import pytest
from command_line import CommandLine
from objects import KINDS
from scenario import Scenario

from project_operator.kube.resources import PROJECTS
from project_operator.sandbox.controlplane.kubeconfig import current_context


def found(ran: object, scenario: Scenario) -> dict[str, str]:
    """What was found at the backend of the scenario: what it is, by the project's id."""
    backend = f"IdentityBackend {scenario.namespace}/default"
    return {one["projectID"]: one["kind"] for one in ran.document["orphans"] if one["backend"] == backend}  # type: ignore[attr-defined]  # a Ran


def test_what_is_left_over_and_what_is_gone(scenario: Scenario, command_line: CommandLine) -> None:
    # It is asked once: what does not answer in time is away.
    scenario.apply_backend(timeout="10s", consistency={"readLag": "300ms", "inFlightBound": "10s"})
    scenario.apply_project("kept", suspend=False)
    scenario.apply_project("lost")
    scenario.apply_project("emptied")
    ids = {name: scenario.wait_ready(name)["status"]["id"] for name in ("kept", "lost", "emptied")}
    scenario.identity.admin.catch_up()
    # A context that leads to the same cluster: its Projects and its backend objects are asked too, and change nothing.
    also = command_line("orphans", "--output=json", f"--also-context={current_context(command_line.kubeconfig)}")
    assert found(also, scenario) == {}
    assert not any(scenario.namespace in one["backend"] for one in also.document["orphans"]), also.out

    # The operator must not act on what is done to it.
    for name in ids:
        scenario.edit({"suspend": True}, name)
    scenario.objects.patch(KINDS["Project"], "lost", {"metadata": {"finalizers": None}})
    scenario.objects.delete(PROJECTS, "lost")
    scenario.wait_gone("lost")
    scenario.identity.admin.remove_project(ids["emptied"], at_once=True)
    scenario.identity.admin.catch_up()
    before = len(scenario.calls())

    ran = command_line("orphans", "--output=json", "--exit-code")

    assert found(ran, scenario) == {ids["lost"]: "left over", ids["emptied"]: "gone"}
    assert ran.status in {1, 3}, "backends of other scenarios may be away"
    assert len(scenario.calls()) == before


@pytest.mark.whole
def test_under_another_cluster_id_what_lives_is_known_all_the_same(
    scenario: Scenario, command_line: CommandLine
) -> None:
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]
    scenario.identity.admin.catch_up()
    ran = command_line("orphans", "--cluster-id=elsewhere", "--output=json")
    assert found(ran, scenario) == {project_id: "other cluster id"}
