"""What `doctor` makes of what it saw."""

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from project_operator.api.conditions import Reason
from project_operator.api.crd import custom_resource_definition
from project_operator.api.kinds import KINDS
from project_operator.cli import findings
from project_operator.cli.findings import Credential, Level, Place, Right
from project_operator.reconcile.view import Verdict
from project_operator.runtime.leases.objects import Lease, LeaseKind

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 1, 2, tzinfo=UTC)
PROJECT = KINDS[0]


def definition(**status: Any) -> dict[str, Any]:
    made = copy.deepcopy(custom_resource_definition(PROJECT))
    made["status"] = {
        "conditions": [{"type": "Established", "status": "True"}],
        "storedVersions": ["v1alpha1"],
    } | status
    return made


@pytest.mark.parametrize(
    ("version", "level"),
    [("v1.31.9", "problem"), ("v1.32.0", "ok"), ("v1.36.2+k3s1", "ok"), ("v2.0.0", "ok"), ("dev", "unknown")],
)
def test_the_version_of_the_api_server(version: str, level: str) -> None:
    found = findings.server(version)
    assert found.level == level
    assert (found.remedy != "") == (level == "problem")


def test_the_oldest_version_is_the_chart_s() -> None:
    chart = yaml.safe_load((ROOT / "deploy/charts/project-operator/Chart.yaml").read_text(encoding="utf-8"))
    oldest = ".".join(map(str, findings.OLDEST_SERVER))
    assert chart["kubeVersion"] == f">={oldest}.0-0"


def spoilt(change: str) -> dict[str, Any] | None:
    raw = definition()
    match change:
        case "missing":
            return None
        case "deleting":
            raw["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        case "not established":
            raw["status"]["conditions"] = []
        case "not served":
            raw["spec"]["versions"][0]["served"] = False
        case "stored otherwise":
            raw["status"]["storedVersions"] = ["v1alpha0", "v1alpha1"]
        case "another schema":
            raw["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"].pop("status")
    return raw


@pytest.mark.parametrize(
    ("change", "level", "said"),
    [
        ("", Level.OK, "v1alpha1 is served and stored"),
        ("missing", Level.PROBLEM, "it is not there"),
        ("deleting", Level.PROBLEM, "being deleted"),
        ("not established", Level.PROBLEM, "not served (yet)"),
        ("not served", Level.PROBLEM, "does not serve v1alpha1"),
        ("stored otherwise", Level.PROBLEM, "stored as v1alpha0"),
        ("another schema", Level.WARNING, "another version of the operator"),
    ],
)
def test_a_definition(change: str, level: Level, said: str) -> None:
    found = findings.definition(PROJECT, spoilt(change))
    assert (found.level, said in found.message, found.remedy != "") == (level, True, level is not Level.OK)


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(0, "ok"), (-4.9, "ok"), (5, "warning"), (-59, "warning"), (60, "problem"), (-900, "problem")],
)
def test_the_clocks(seconds: float, level: str) -> None:
    found = findings.skew(seconds)
    assert found.level == level
    assert f"{abs(seconds):.0f} s apart" in found.message


def test_a_missing_right_is_named_and_an_event_is_no_must() -> None:
    must, may = Right("g", "projects", "patch", "ns"), Right("events.k8s.io", "events", "create", needed=False)
    assert [one.level for one in findings.rights({must: True, may: True}, "you")] == [Level.OK]
    missing, nice = findings.rights({must: False, may: False}, "you")
    assert (missing.level, missing.message) == (Level.PROBLEM, "may not patch projects.g in namespace ns")
    assert (nice.level, nice.message) == (Level.WARNING, "may not create events.events.k8s.io")


def credential(**changes: Any) -> Credential:
    return replace(Credential("nscale", "acme", "op", 3), **changes)


@pytest.mark.parametrize(
    ("opened", "levels"),
    [
        (credential(), ["ok"]),
        (credential(expires_at=NOW + timedelta(days=60)), ["ok"]),
        (credential(expires_at=NOW + timedelta(days=3)), ["ok", "warning"]),
        (credential(expires_at=NOW + timedelta(days=3), renews=True), ["ok"]),
        (credential(expires_at=NOW - timedelta(days=3)), ["ok", "problem"]),
        (credential(not_renewed="the Secret cannot be written"), ["ok", "warning"]),
        (Verdict(Reason.CREDENTIALS_REJECTED, "401"), ["problem"]),
    ],
)
def test_a_backend_and_its_credential(opened: Credential | Verdict, levels: list[str]) -> None:
    found = findings.backend("IdentityBackend ns/default", opened, NOW)
    assert [one.level for one in found] == levels
    if isinstance(opened, Verdict):
        assert found[0].remedy == Reason.CREDENTIALS_REJECTED.remedy


def lease(name: str, kind: LeaseKind, holder: str) -> Lease:
    return Lease(name, kind, holder, "uid/1", 12.0)


REPLICAS = [lease("a", LeaseKind.REPLICA, "a"), lease("b", LeaseKind.REPLICA, "b")]


@pytest.mark.parametrize(
    ("leases", "ages", "level", "said"),
    [
        ([], {}, "warning", "there are none"),
        (REPLICAS, {"a": 1.0, "b": 2.0}, "ok", "2 replicas share 0 units"),
        (REPLICAS, {"a": 100.0, "b": 100.0}, "problem", "no operator is running"),
        ([*REPLICAS, lease("x", LeaseKind.BACKEND, "a")], {"a": 1.0, "b": 99.0}, "ok", "1 replicas share 1 units"),
        ([*REPLICAS, lease("x", LeaseKind.BACKEND, "b")], {"a": 1.0, "b": 99.0}, "warning", "its holder b does not"),
        ([lease("a", LeaseKind.REPLICA, "")], {"a": 1.0}, "problem", "no operator is running"),
    ],
)
def test_the_leases(leases: list[Lease], ages: dict[str, float], level: str, said: str) -> None:
    (found,) = findings.leases(leases, ages, "ns")
    assert found.level == level
    assert said in found.message


def project(name: str, reason: str, *, stalled: bool) -> dict[str, Any]:
    kind = "Stalled" if stalled else "Reconciling"
    conditions = [{"type": kind, "status": "True", "reason": reason, "message": "so it is"}]
    return {"metadata": {"namespace": "ns", "name": name}, "status": {"conditions": conditions}}


def test_projects_that_wait_for_a_person() -> None:
    found = findings.projects(
        [
            project("well", "Progressing", stalled=False),
            project("planned", "Planned", stalled=True),
            project("wrong", "Unsupported", stalled=True),
            {"metadata": {"namespace": "ns", "name": "new"}},
        ]
    )
    assert [(one.subject, one.message, one.remedy) for one in found] == [
        ("ns/wrong", "Unsupported: so it is", Reason.UNSUPPORTED.remedy)
    ]
    (well,) = findings.projects([])
    assert (well.level, well.subject) == (Level.OK, "0 Projects")


def test_the_rights_follow_the_settings() -> None:
    narrow = findings.rights_needed(Place(namespaces=("a",), cluster_backends=False, names_cluster=True))
    assert {one.namespace for one in narrow if one.resource == "projects"} == {"a"}
    assert not any(one.resource.startswith("clusteridentitybackends") for one in narrow)
    assert Right("", "namespaces", "get", name="a") in narrow
    assert not any(one.resource == "leases" for one in narrow)
    wide = findings.rights_needed(Place(lease_namespace="op", reads_nodes=True))
    assert {one.namespace for one in wide if one.resource == "secrets"} == {None}
    assert {one.verb for one in wide if one.resource == "leases"} == {"list", "create", "patch", "delete"}
    assert Right("", "nodes", "list", needed=False) in wide
