"""One project in the backend is claimed twice, by two objects or by two clusters: the second gets `Conflict`, writes
nothing, and has it when the first is gone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chart_installation import Installation
from operator_process import QUICK, OperatorProcess
from scenario import Scenario, Scene, condition

from project_operator.api.names import MARK_TAG
from project_operator.sandbox.controlplane.plane import ControlPlane


def second_claim(first: Scenario, second: Scenario, name: str) -> None:
    """``first`` has a project, of which ``second`` says that it is to be its ``name``."""
    first.apply_project("first", description="the first's", deletionPolicy="Orphan")
    ready = first.wait_ready("first")
    project_id = ready["status"]["id"]
    before = first.remote()

    second.apply_project(name, description="the second's", import_={"id": project_id})

    held = second.wait_for("False", "Conflict", name)
    assert project_id in condition(held, "Ready")["message"]
    assert "id" not in held["status"]
    first.wait_for_listings()
    assert first.remote() == before
    assert [call.operation for call in first.calls()] == ["createProject"]

    first.delete("first")
    first.wait_gone("first")
    healed = second.wait_ready(name)
    assert healed["status"]["id"] == project_id
    assert (first.remote().description, first.remote().deletion_time) == ("the second's", None)
    assert str(first.remote().tag(MARK_TAG)).endswith(f":{healed['metadata']['uid']}")


def test_of_two_objects_the_second_waits_and_has_it_when_the_first_is_gone(scenario: Scenario) -> None:
    second_claim(scenario, scenario, "second")


@pytest.fixture
def neighbours(
    expendable_plane: ControlPlane, expendable_installation: Installation, tmp_path: Path
) -> Iterator[tuple[Scenario, Scenario]]:
    """Two clusters, as far as an operator can tell: each has a cluster id and a namespace; they have one backend."""
    scenes: list[Scenario] = []
    for cluster in ("east", "west"):
        title = f"claims-{cluster}"
        own = {"CLUSTER_ID": cluster, "NAMESPACES": title, "CLUSTER_BACKENDS": "false"}
        settings = expendable_installation.settings | QUICK | own
        process = OperatorProcess(expendable_installation.kubeconfig, tmp_path / f"{cluster}.log", settings)
        scenes.append(Scenario(expendable_plane, process, None, title, title))
    first, second = scenes
    first.open()
    second.identity = first.identity
    second.objects.make_namespace()
    first.install_definitions()
    for scene in scenes:
        scene.operator.wait_ready()
        scene.apply(scene.secret(), scene.backend())
        scene.wait_ready("default", kind="IdentityBackend")
    try:
        yield first, second
    finally:
        for scene in scenes:
            scene.operator.stop()
        Scene.close(second)  # the identity server is the first's
        first.close()
        expendable_plane.kubectl("delete", "--kustomize=crds/", "--ignore-not-found", "--timeout=60s")


def test_of_two_clusters_the_second_waits_and_has_it_when_the_first_is_gone(
    neighbours: tuple[Scenario, Scenario],
) -> None:
    second_claim(*neighbours, "second")
