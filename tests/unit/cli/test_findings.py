"""What `doctor` makes of what it saw."""

import copy
import inspect
from collections.abc import Iterator
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
from project_operator.cli.findings import Credential, Finding, Level
from project_operator.cli.rights import Place, Right, rights_needed
from project_operator.errors import ConfigurationError, KubeError, KubeForbidden
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
        (credential(projects=None), ["ok"]),
        (Verdict(Reason.CREDENTIALS_REJECTED, "401"), ["problem"]),
        (KubeForbidden("get secrets/s: 403"), ["unknown"]),
    ],
)
def test_a_backend_and_its_credential(opened: Credential | Verdict | KubeForbidden, levels: list[str]) -> None:
    found = findings.backend("IdentityBackend ns/default", opened, NOW)
    assert [one.level for one in found] == levels
    if isinstance(opened, Verdict):
        assert found[0].remedy == Reason.CREDENTIALS_REJECTED.remedy


def test_a_definition_that_nobody_asked_for_may_be_missing() -> None:
    (shared,) = [kind for kind in KINDS if kind.kind == "ClusterIdentityBackend"]
    assert findings.definition(shared, None).level is Level.PROBLEM
    assert findings.definition(shared, None, cluster_backends=False).level is Level.OK
    assert findings.definition(PROJECT, None, cluster_backends=False).level is Level.PROBLEM


def test_what_another_credential_counted_is_not_counted_again() -> None:
    (counted,) = findings.backend("a", credential(), NOW)
    (other,) = findings.backend("a", credential(projects=None), NOW)
    assert counted.message == "nscale shows 3 projects of organization acme, as op"
    assert other.message == "nscale may be read of organization acme, as op"


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
    narrow = rights_needed(Place(namespaces=("a",), cluster_backends=False, names_cluster=True))
    assert {one.namespace for one in narrow if one.resource == "projects"} == {"a"}
    assert not any(one.resource.startswith("clusteridentitybackends") for one in narrow)
    assert Right("", "namespaces", "get", name="a") in narrow
    assert not any(one.resource == "leases" for one in narrow)
    wide = rights_needed(Place(lease_namespace="op", reads_nodes=True))
    assert {one.namespace for one in wide if one.resource == "secrets"} == {None}
    assert {one.verb for one in wide if one.resource == "leases"} == {"list", "create", "patch", "delete"}
    assert Right("", "nodes", "list", needed=False) in wide


def every_finding() -> Iterator[tuple[str, Finding]]:
    """Of each function that makes some, all that it can come to."""
    for version in ("dev", "v1.31.0", "v1.36.0"):
        yield "server", findings.server(version)
    yield "unreachable", findings.unreachable("https://x", KubeForbidden("no answer"), "a kubeconfig")
    yield "well", findings.well("clock", "x", "it is")
    for why in (KubeForbidden("403"), ConfigurationError("not served"), "no words"):
        yield "unanswered", findings.unanswered("projects", "x", why)
    changes = ("", "missing", "deleting", "not established", "not served", "stored otherwise", "another schema")
    for change in changes:
        yield "definition", findings.definition(PROJECT, spoilt(change))
    for allowed in (True, False):
        asked = dict.fromkeys((Right("g", "a", "get"), Right("g", "b", "get", needed=False)), allowed)
        yield from (("rights", one) for one in findings.rights(asked, "you"))
    for seconds in (0, 6, -600):
        yield "skew", findings.skew(seconds)
    soon = NOW + timedelta(days=1)
    opened: list[Credential | Verdict | KubeError] = [Verdict(reason, "why") for reason in Reason]
    opened += [credential(not_renewed="no right", expires_at=soon), credential(expires_at=NOW), KubeForbidden("403")]
    for one in opened:
        yield from (("backend", found) for found in findings.backend("x", one, NOW))
    yield "no_backends", findings.no_backends()
    yield "no_lease_namespace", findings.no_lease_namespace()
    alive = {"a": 1.0, "b": 99.0}
    for held, ages in (([], {}), (REPLICAS, {"a": 99.0, "b": 99.0}), (REPLICAS, alive)):
        yield from (("leases", found) for found in findings.leases(held, ages, "ns"))
    unit = lease("x", LeaseKind.BACKEND, "b")
    yield from (("leases", found) for found in findings.leases([*REPLICAS, unit], alive, "ns"))
    for reason in (*Reason, "OfALaterVersion", ""):
        yield from (("projects", one) for one in findings.projects([project("a", reason, stalled=True)]))


def test_every_finding_says_what_to_do_unless_all_is_well() -> None:
    found = list(every_finding())
    assert [one for _, one in found if bool(one.remedy) is (one.level is Level.OK)] == []
    made = {
        name
        for name, function in inspect.getmembers(findings, inspect.isfunction)
        if function.__module__ == findings.__name__ and "Finding" in str(function.__annotations__["return"])
    }
    assert {name for name, _ in found} == made, "each function that makes findings is looked at"
    assert {one.level for _, one in found} == set(Level)
