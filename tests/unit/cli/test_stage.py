"""What `plan` shows the operator."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from project_operator.api.names import API_VERSION, CREDENTIALS_LABEL, FINALIZER
from project_operator.backends.base import PlannedCall
from project_operator.cli.documents import Document
from project_operator.cli.overlay import Overlay
from project_operator.cli.plans import Verdict
from project_operator.cli.session import BackendObject, Snapshot
from project_operator.cli.stage import KINDS, Stage, Wishes, name_of, uses_shared, wishes
from project_operator.errors import ConfigurationError
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS, Resource

SHARED = {"kind": "ClusterIdentityBackend", "name": "shared"}


def document(kind: str, name: Any = "a", spec: Any = None, **parts: Any) -> Document:
    metadata = {"name": name, **parts.pop("metadata", {})}
    raw = {"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": metadata, "spec": spec or {}, **parts}
    return Document("x.yaml", KINDS[kind], raw)


def test_manifests_are_where_kubectl_would_put_them() -> None:
    made = wishes(
        [
            document("Project"),
            document("Project", metadata={"namespace": "other"}),
            document("ClusterIdentityBackend", spec={"secretNamespace": "s", **backend()}),
            document("Secret", data={"token": "b2xk", "x": "eA=="}, stringData={"token": "new"}),
        ],
        "first",
    )
    assert [name_of(raw) for _, raw in made.objects] == [("first", "a"), ("other", "a"), ("", "a"), ("first", "a")]
    assert made.objects[-1][1]["data"] == {"token": "bmV3", "x": "eA=="}
    assert made.refused == ()
    assert made.shared
    assert made.namespaces == {"first", "other"}
    assert len(made.projects) == 2


def backend() -> dict[str, Any]:
    """The spec of a backend object."""
    auth = {"serviceAccountToken": {"secretRef": {"name": "s"}}}
    return {"nscale": {"url": "https://identity.example", "auth": auth}}


@pytest.mark.parametrize(
    ("one", "name", "said"),
    [
        (document("Project", 12), "first/12", "metadata.name: must be text"),
        (document("Project", apiVersion=f"{PROJECTS.group}/v1"), "first/a", f"apiVersion: must be {API_VERSION}"),
        (document("Project", spec={"tags": 3}), "first/a", "spec.tags: "),
        (document("Project", spec={"tags": 3}, metadata={"namespace": "own"}), "own/a", "spec.tags: "),
        (document("Project", None), "first/?", "metadata.name: must be text"),
        (document("Project", spec={"import": {}}), "first/a", "spec.import: must set exactly one of"),
    ],
)
def test_a_project_that_cannot_be_understood_is_blocked_with_the_field(one: Document, name: str, said: str) -> None:
    made = wishes([one, document("Project", "well")], "first")
    (plan,) = made.refused
    assert (plan.name, plan.verdict, plan.reason) == (name, Verdict.BLOCKED, "InvalidSpec")
    assert plan.message.startswith(f"x.yaml: {said}")
    assert [name_of(raw) for raw in made.projects] == [("first", "well")]


def test_what_projects_depend_on_has_to_be_understood() -> None:
    with pytest.raises(ConfigurationError, match=r"^x\.yaml: IdentityBackend a: spec"):
        wishes([document("IdentityBackend", spec={"nscale": 3})], "first")
    labelled = {"labels": {CREDENTIALS_LABEL: "true"}}
    with pytest.raises(ConfigurationError, match=r"^x\.yaml: Secret a: stringData: must be"):
        wishes([document("Secret", stringData={"token": 5}, metadata=labelled)], "first")
    assert wishes([document("Secret", stringData={"port": 5432})], "first") == Wishes(), "somebody else's"


@pytest.mark.parametrize(
    ("spec", "default", "expected"),
    [
        ({"backendRef": SHARED}, "IdentityBackend", True),
        ({"backendRef": {"name": "own"}}, "ClusterIdentityBackend", False),
        ({}, "ClusterIdentityBackend", True),
        ({}, "IdentityBackend", False),
    ],
)
def test_what_is_of_the_whole_cluster_is_needed_by_what_uses_it(
    spec: Mapping[str, Any], default: str, *, expected: bool
) -> None:
    own = {"spec": {"backendRef": {"name": "own"}}}
    assert uses_shared([own, {"spec": spec}], default) is expected
    assert uses_shared([], default) is False


def live(name: str, **parts: Any) -> dict[str, Any]:
    """A Project that is Ready, and has been for a while."""
    ready = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "so it was", "observedGeneration": 1}
    status = {"id": f"id-{name}", "conditions": [ready], "plan": [{"verb": "PUT"}], "drift": [{"field": "name"}]}
    metadata = {"name": name, "namespace": "ns", "uid": f"uid-{name}", "generation": 1, "finalizers": [FINALIZER]}
    return {"metadata": metadata, "spec": {}, "status": status} | parts


@pytest.fixture
def stage() -> Stage:
    return Stage(Overlay(cast("KubeApi", None)))


def test_what_was_said_before_decides_nothing(stage: Stage) -> None:
    """A project may have been changed in the backend since."""
    stage.set(Snapshot((live("a"), live("b"))), Wishes(), [("ns", "a")], delete=False)
    assert not stage.is_decided(("ns", "a"))
    assert stage.is_at_work(("ns", "a"))
    assert stage.subjects["ns", "a"]["status"] == {"id": "id-a"}
    assert stage.plan(("ns", "a"), delete=False).calls == ()
    other = stage.world.find(PROJECTS, "ns", "b")
    assert other is not None
    assert other["spec"] == {"suspend": True}


def test_manifests_are_laid_over_what_is_there(stage: Stage) -> None:
    own = BackendObject(IDENTITY_BACKENDS, {"metadata": {"name": "own", "namespace": "ns", "uid": "u"}, "spec": {}})
    wanted = wishes([document("Project", spec={"description": "x"}), document("Project", "new")], "ns")
    put = stage.set(Snapshot((live("a"),), (own,)), wanted, map(name_of, wanted.projects), delete=False)
    kinds: list[Resource] = [resource for resource, _ in put]
    assert sorted(one.kind for one in kinds) == ["IdentityBackend", "Project", "Project"]
    assert stage.new == {("ns", "new")}
    assert stage.subjects["ns", "a"]["spec"] == {"description": "x", "managementPolicy": "Plan"}
    assert CLUSTER_IDENTITY_BACKENDS not in kinds


def test_a_deletion_is_of_what_the_operator_holds(stage: Stage) -> None:
    free = live("free")
    free["metadata"]["finalizers"] = []
    stage.set(Snapshot((live("a"), free)), Wishes(), [("ns", "a"), ("ns", "free")], delete=True)
    assert not stage.is_decided(("ns", "a"))
    assert stage.is_decided(("ns", "free"))
    stage.tell([], "id-a", (PlannedCall("DELETE", "/a", "delete it"),))
    assert stage.is_decided(("ns", "a"))
    assert [call.verb for call in stage.plan(("ns", "a"), delete=True).calls] == ["DELETE"]
