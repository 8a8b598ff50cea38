"""What Helm says when the release is there, without a cluster."""

import shutil
from pathlib import Path
from typing import Any

import helm
import pytest


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart with its notes in a template that prints them: Helm keeps them back where nothing is installed."""
    copy = tmp_path_factory.mktemp("chart") / "chart"
    shutil.copytree(helm.CHART, copy)
    notes = (copy / "templates" / "NOTES.txt").read_text(encoding="utf-8")
    printed = '{{- define "notes" }}' + notes + '{{ end }}said: {{ include "notes" . | toJson }}'
    (copy / "templates" / "notes.yaml").write_text(printed, encoding="utf-8")
    return copy


def said(chart: Path, values: dict[str, Any], *, kubernetes: str = "1.37.0") -> str:
    show = ("--show-only=templates/notes.yaml", f"--kube-version={kubernetes}")
    command = ("template", helm.RELEASE, str(chart), f"--namespace={helm.NAMESPACE}", *show)
    done = helm.run(*command, values=helm.WITHOUT_DEFINITIONS | values)
    assert done.returncode == 0, done.stderr
    (printed,) = helm.objects(done.stdout)
    return str(printed["said"])


@pytest.mark.parametrize(
    ("values", "backend", "project"),
    [
        ({}, "an IdentityBackend and its Secret in project-operator,", "project-operator"),
        ({"watchNamespaces": ["payments", "search"]}, "and its Secret in payments or search,", "payments"),
        (
            {"watchNamespaces": ["payments", "search"], "secrets": {"namespaces": ["project-operator", "search"]}},
            "and its Secret in search,",
            "search",
        ),
        (
            {"watchNamespaces": ["payments"], "secrets": {"namespaces": ["project-operator"]}},
            "a ClusterIdentityBackend whose Secret is in project-operator,",
            "payments",
        ),
        ({"secrets": {"clusterWide": True}}, "and its Secret in a namespace,", "project-operator"),
        ({"watchNamespaces": ["search"], "secrets": {"clusterWide": True}}, "and its Secret in search,", "search"),
    ],
)
def test_they_name_namespaces_where_a_backend_would_work(
    chart: Path, values: dict[str, Any], backend: str, project: str
) -> None:
    notes = said(chart, values)
    assert backend in notes.split("Next, make ")[1].splitlines()[0]
    assert f"kubectl --namespace {project} apply" in notes


def test_they_warn_where_it_is_true(chart: Path) -> None:
    pods, services = "Pods (outgoingAddresses.podRanges", "Services (outgoingAddresses.serviceRanges)"
    assert pods in said(chart, {})
    assert services not in said(chart, {})
    old = said(chart, {"outgoingAddresses": {"readNodes": True}, "replicas": 1}, kubernetes="1.32.3")
    assert services in old
    assert pods not in old
    assert "There is one replica" in old
    known = {"podRanges": ["10.244.0.0/16"], "serviceRanges": ["10.96.0.0/12"]}
    quiet = said(chart, {"outgoingAddresses": known}, kubernetes="1.32.3")
    assert [word for word in ("WARNING", "one replica", "rbac.create", "no PodMonitor") if word in quiet] == []
