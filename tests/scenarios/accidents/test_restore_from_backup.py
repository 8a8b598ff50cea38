"""A cluster is gone, and its Projects are restored without status into another one: with another uid of `kube-system`,
other uids of namespaces, other uids of everything.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from chart_installation import Installation
from csp_scenario import CSPScenario
from k5_scenario import K5Scenario
from keystone_scenario import KeystoneScenario
from operator_process import QUICK, OperatorProcess
from otc_scenario import OTCScenario
from scenario import Scenario, Scene, condition

from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS
from project_operator.sandbox.controlplane.plane import ControlPlane

FORMER: Final = "cluster-that-burned"
NAMES: Final = ("alpha", "beta")
SCENES: Final[Mapping[str, Callable[..., Scene]]] = {
    "nscale": Scenario,
    "keystone": KeystoneScenario,
    "otc": OTCScenario,
    "k5": K5Scenario,
    "csp": CSPScenario,
}
Start = Callable[..., OperatorProcess]


@pytest.fixture
def start(expendable_plane: ControlPlane, expendable_installation: Installation, tmp_path: Path) -> Iterator[Start]:
    """Starts an operator with settings of its own, instead of the one before."""
    running: list[OperatorProcess] = []

    def start(**settings: str) -> OperatorProcess:
        for former in running:
            former.stop()
        log = tmp_path / f"operator-{len(running)}.log"
        chosen = expendable_installation.settings | QUICK | settings
        running.append(OperatorProcess(expendable_installation.kubeconfig, log, chosen))
        return running[-1]

    yield start
    running[-1].stop()
    expendable_plane.kubectl("delete", "--kustomize=crds/", "--ignore-not-found", "--timeout=60s")


@pytest.fixture(
    params=[
        # Where a delete destroys everything inside.
        pytest.param(("nscale", "otc"), id="nscale-and-otc"),
        pytest.param(tuple(SCENES), id="every-kind", marks=pytest.mark.whole),
    ]
)
def scenes(request: pytest.FixtureRequest, expendable_plane: ControlPlane, start: Start) -> Iterator[dict[str, Scene]]:
    """A namespace and an identity server of each kind, all served by one operator of the former cluster."""
    operator = start(CLUSTER_ID=FORMER)
    with ExitStack() as stack:
        made: dict[str, Scene] = {}
        for kind in request.param:
            more = {"domain": request.getfixturevalue("keystone_domain")} if kind == "keystone" else {}
            made[kind] = SCENES[kind](expendable_plane, operator, None, f"restore-{kind}", **more)
        for scene in made.values():
            scene.open()
            stack.callback(scene.close)
        made["nscale"].install_definitions()
        operator.wait_ready()
        yield made


def wishes(kind: str) -> list[Mapping[str, Any]]:
    """What a person wants of each backend; what an operator of the other cluster is to find again."""
    policy = {"k5": "Disable"}.get(kind, "Orphan")
    return [{"name": f"the-{name}", "description": f"{name}, as it was", "deletionPolicy": policy} for name in NAMES]


def connect(scene: Scene) -> None:
    if isinstance(scene, Scenario):
        scene.apply(scene.secret(), scene.backend())
        scene.wait_ready("default", kind="IdentityBackend")
    else:
        assert isinstance(scene, (KeystoneScenario, OTCScenario, K5Scenario, CSPScenario))
        scene.connect()


def apply(kind: str, scene: Scene) -> None:
    scene.apply(*(scene.project(name, **wish) for name, wish in zip(NAMES, wishes(kind), strict=True)))


def creations(scene: Scene) -> int:
    """How many projects the identity server was ever asked for."""
    match scene:
        case Scenario():
            return len(scene.calls("createProject"))
        case KeystoneScenario():
            asked = scene.domain.server.requests()
            return sum((one.method, one.path) == ("POST", "/v3/projects") for one in asked)
        case OTCScenario() | K5Scenario() | CSPScenario():
            return scene.count("create_project", "createProject")
        case _:
            raise AssertionError(scene)


def ids(scene: Scene) -> dict[str, str]:
    return {name: str(scene.wait_ready(name)["status"]["id"]) for name in NAMES}


def burn(scenes: Mapping[str, Scene]) -> None:
    """All that was in the former cluster is gone, but for what carries its marks."""
    for scene in scenes.values():
        for resource in (PROJECTS, IDENTITY_BACKENDS, SECRETS):
            scene.objects.remove_all(resource)
    namespaces = [scene.namespace for scene in scenes.values()]
    next(iter(scenes.values())).kubectl("delete", "namespace", *namespaces, "--timeout=60s")
    for scene in scenes.values():
        scene.objects.make_namespace()
        assert scene.objects.list(IDENTITY_BACKENDS) == []


def test_every_project_is_found_or_a_conflict_and_none_is_created(scenes: dict[str, Scene], start: Start) -> None:
    for kind, scene in scenes.items():
        connect(scene)
        apply(kind, scene)
    before = {kind: ids(scene) for kind, scene in scenes.items()}
    created = {kind: creations(scene) for kind, scene in scenes.items()}
    assert min(created.values()) >= len(NAMES)
    scenes["nscale"].operator.stop()
    burn(scenes)

    # As it comes: the cluster id is the uid of this cluster's kube-system.
    unknowing = start().wait_ready()
    for kind, scene in scenes.items():
        scene.operator = unknowing
        connect(scene)
        apply(kind, scene)
    for scene in scenes.values():
        for name in NAMES:
            said = condition(scene.wait_for("False", "Conflict", name), "Ready")["message"]
            assert "PROJECT_OPERATOR_CLUSTER_ID" in said
            assert "PROJECT_OPERATOR_RESTORE=true" in said
            assert "id" not in scene.get(name)["status"]
    assert {kind: creations(scene) for kind, scene in scenes.items()} == created

    told = start(CLUSTER_ID=FORMER, RESTORE="true").wait_ready()
    for scene in scenes.values():
        scene.operator = told
    assert {kind: ids(scene) for kind, scene in scenes.items()} == before
    assert {scene.get(name)["status"]["origin"] for scene in scenes.values() for name in NAMES} == {"Restored"}
    assert {kind: creations(scene) for kind, scene in scenes.items()} == created
