"""A life, stage by stage, on the real API server: what Flux, Helm, Argo CD and `kubectl wait` say at each."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from otc_scenario import OTCScenario
from scenario import Scenario, condition
from waiting import wait_until

from project_operator.api.names import CREDENTIALS_LABEL, GROUP
from project_operator.sandbox.identity.faults import Fault, FaultAction

Stage = Callable[[str, Mapping[str, Any]], None]


def created(scenario: Scenario, document: Mapping[str, Any]) -> Any:
    """What the API server answers to a creation."""
    return json.loads(scenario.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(document)))


def wait_says(scenario: Scenario, name: str) -> bool:
    """Whether `kubectl wait` finds the Project Ready."""
    wait = ("wait", f"--namespace={scenario.namespace}", "--for=condition=Ready", f"projects.{GROUP}/{name}")
    return scenario.control_plane.kubectl(*wait, "--timeout=0s", check=False).returncode == 0


def test_the_life_of_backends(bare_scenario: Scenario, stage: Stage) -> None:
    scenario, cluster = bare_scenario, bare_scenario.namespace
    for kind, name, document in (
        ("IdentityBackend", "default", scenario.backend()),
        ("ClusterIdentityBackend", cluster, scenario.cluster_backend()),
    ):
        stage("new", created(scenario, document))
        stage("waiting", scenario.wait_for("False", "SecretNotFound", name, kind=kind))
    scenario.apply_secret(labelled=False)
    stage("stalled", scenario.wait_for("False", "SecretNotLabelled", kind="IdentityBackend", name="default"))
    stage("stalled", scenario.wait_for("False", "SecretNotLabelled", kind="ClusterIdentityBackend", name=cluster))
    scenario.kubectl("label", "secret", "credentials", f"{CREDENTIALS_LABEL}=true")
    both = (("IdentityBackend", "default"), ("ClusterIdentityBackend", cluster))
    for kind, name in both:
        stage("ready", scenario.wait_ready(name, kind=kind))
    scenario.apply(scenario.project(), scenario.tenant("tenant"))
    scenario.wait_ready("team")
    scenario.wait_ready("tenant")
    for kind, name in both:
        stage("edited", scenario.edit({"breaker": {"failureThreshold": 1}}, name, kind))
        scenario.wait_ready(name, kind=kind)
    outage = scenario.identity.admin.add_fault(Fault(action=FaultAction.SERVICE_UNAVAILABLE, count=None))
    for kind, name in both:
        stage("retrying", scenario.wait_for("False", "BackendUnavailable", name, kind=kind))
    scenario.identity.admin.remove_fault(outage)
    for kind, name in both:
        scenario.wait_ready(name, kind=kind)
        scenario.delete(name, kind)
        stage("deleting", scenario.wait_for("False", "InUse", name, kind=kind))


def test_the_life_of_a_project(scenario: Scenario, stage: Stage) -> None:
    admin = scenario.identity.admin
    slow = admin.add_fault(Fault(action=FaultAction.HANG, operation="createProject", count=None))
    stage("new", created(scenario, scenario.project(description="ours")))

    def at_work() -> Any:
        team = scenario.get()
        return condition(team, "Ready").get("status") == "Unknown" and team

    stage("working", wait_until(at_work, "the creation to begin"))
    admin.remove_fault(slow)
    stage("ready", scenario.wait_ready())
    assert wait_says(scenario, "team")
    stage("edited", scenario.edit({"description": "new"}))
    scenario.wait_ready()

    scenario.edit({"managementPolicy": "ReportDrift"})
    admin.edit_project(scenario.wait_ready()["status"]["id"], description="theirs")
    stage("drifted", scenario.wait_for("True", "Drifted"))
    scenario.edit({"managementPolicy": "Plan"})
    stage("planned", scenario.wait_for("False", "Planned"))
    assert not wait_says(scenario, "team")
    scenario.edit({"description": "theirs"})
    stage("planned-nothing", scenario.wait_for("True", "Planned"))
    scenario.edit({"managementPolicy": "Observe"})
    stage("observed", scenario.wait_for("True", "Observed"))
    scenario.edit({"managementPolicy": "Manage", "deletionProtection": True})
    scenario.wait_ready()
    scenario.edit({"suspend": True})
    stage("suspended", scenario.wait_ready())
    assert wait_says(scenario, "team")
    stage("suspended-edited", scenario.edit({"description": "mine"}))
    scenario.wait_for_listings()
    stage("suspended-edited", scenario.get())
    assert not wait_says(scenario, "team")
    scenario.edit({"suspend": False})
    scenario.wait_ready()
    scenario.delete()
    stage("deleting", scenario.wait_for("False", "DeletionProtected"))


@pytest.mark.whole
def test_what_projects_wait_for(scenario: Scenario, stage: Stage) -> None:
    scenario.apply(
        scenario.project("retrying", groups=[{"name": "late"}]),
        scenario.project("waiting", backendRef={"name": "absent"}),
        scenario.project("stalled", name="-no label value-"),
        scenario.project("suspended-new", suspend=True),
    )
    stage("retrying", scenario.wait_for("False", "GroupNotFound", "retrying"))
    stage("waiting", scenario.wait_for("False", "BackendNotFound", "waiting"))
    stage("stalled", scenario.wait_for("False", "Unsupported", "stalled"))
    scenario.edit({"suspend": True}, "stalled")
    stage("suspended-stalled", scenario.wait_for("False", "Unsupported", "stalled"))
    stage("suspended-new", scenario.wait_for("Unknown", "Suspended", "suspended-new"))
    assert scenario.wait_for_event("Suspended", "suspended-new")[0] == "Normal"


@pytest.fixture
def tree(request: pytest.FixtureRequest) -> Iterator[OTCScenario]:
    """A backend whose projects have parents, Ready."""
    # Asked for only now, so that without a real API server the test is skipped before anything is installed.
    control_plane, operator, audit = map(request.getfixturevalue, ("control_plane", "operator", "audit"))
    made = OTCScenario(control_plane, operator, audit, "lifecycle-tree")
    made.open()
    try:
        made.connect()
        yield made
    finally:
        made.close()


@pytest.mark.whole
def test_a_child_waits_for_its_parent(tree: OTCScenario, stage: Stage) -> None:
    tree.apply_project("child", parentRef={"name": "parent"})
    stage("dependent", tree.wait_for("False", "DependencyNotReady", "child"))
