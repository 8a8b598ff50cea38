"""What Prometheus reads."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from project_operator import __version__
from project_operator.observability.hooks import (
    BackendCall,
    Census,
    EventFinished,
    Happening,
    KubeCall,
    LeadershipChanged,
    QueueWaited,
    ReconcileFinished,
    WatchEnded,
)
from project_operator.observability.metrics import FAMILIES, Family, Metrics, reference

OBJECT_LABELS = {"name", "namespace", "uid", "project", "id"}


def samples(metrics: Metrics) -> dict[str, float]:
    """Each sample as Prometheus writes it, labels sorted."""
    found = {}
    for family in text_string_to_metric_families(metrics.render()[0].decode()):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


@pytest.mark.parametrize(
    ("happening", "expected"),
    [
        (LeadershipChanged("gained"), {'project_operator_leadership_changes_total{change="gained"}': 1}),
        (
            ReconcileFinished("Project", "settled", 0.02),
            {
                'project_operator_reconciles_total{kind="Project",outcome="settled"}': 1,
                'project_operator_reconcile_duration_seconds_sum{kind="Project"}': 0.02,
                'project_operator_reconcile_duration_seconds_bucket{kind="Project",le="0.01"}': 0,
                'project_operator_reconcile_duration_seconds_bucket{kind="Project",le="0.025"}': 1,
            },
        ),
        (QueueWaited("new", 0.5), {'project_operator_queue_wait_seconds_sum{priority="new"}': 0.5}),
        (
            BackendCall("nscale", "create", "202", 0.3),
            {
                'project_operator_backend_requests_total{backend="nscale",code="202",operation="create"}': 1,
                'project_operator_backend_request_duration_seconds_sum{backend="nscale",operation="create"}': 0.3,
            },
        ),
        (
            KubeCall("patch", "projects", "409", 0.1),
            {
                'project_operator_kube_requests_total{code="409",resource="projects",verb="patch"}': 1,
                'project_operator_kube_request_duration_seconds_sum{resource="projects",verb="patch"}': 0.1,
            },
        ),
        (EventFinished("dropped"), {'project_operator_events_total{result="dropped"}': 1}),
        (
            WatchEnded("projects", "forbidden"),
            {'project_operator_watch_restarts_total{reason="forbidden",resource="projects"}': 1},
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, dict) else "",
)
def test_what_happens_is_counted(happening: Happening, expected: dict[str, float]) -> None:
    metrics = Metrics()

    metrics.emit(happening)

    assert samples(metrics).items() >= expected.items()


def test_the_census_is_taken_at_each_scrape() -> None:
    counts = iter([3, 5])
    metrics = Metrics(
        lambda: Census(
            queue_depth={"new": next(counts)},
            queue_oldest_seconds={"new": 1.5},
            projects={("provisioned", "healthy", "True"): 7},
            connections={("nscale", True): 2, ("nscale", False): 1},
            breakers={("nscale", "closed"): 2, ("nscale", "half_open"): 1},
        )
    )

    first, second = samples(metrics), samples(metrics)

    assert first['project_operator_queue_depth{priority="new"}'] == 3
    assert second['project_operator_queue_depth{priority="new"}'] == 5
    assert first['project_operator_queue_oldest_seconds{priority="new"}'] == 1.5
    assert (
        first['project_operator_projects{health_status="healthy",provisioning_status="provisioned",ready="True"}'] == 7
    )
    assert first['project_operator_backend_connections{backend="nscale",ready="true"}'] == 2
    assert first['project_operator_backend_connections{backend="nscale",ready="false"}'] == 1
    assert first['project_operator_backend_breakers{backend="nscale",state="closed"}'] == 2
    assert first['project_operator_backend_breakers{backend="nscale",state="half_open"}'] == 1


def test_what_is_running_is_said() -> None:
    assert samples(Metrics())[f'project_operator_build_info{{version="{__version__}"}}'] == 1


def test_both_formats_are_spoken() -> None:
    body, content_type = Metrics().render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")

    assert Metrics().render("*/*")[1].startswith("text/plain")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_names_follow_the_conventions(family: Family) -> None:
    assert re.fullmatch(r"project_operator_[a-z_]+", family.name)
    assert (family.kind == "counter") == family.name.endswith("_total")
    assert (family.kind == "histogram") == bool(family.buckets)
    assert not set(family.labels) & OBJECT_LABELS
    if "duration" in family.name or "wait" in family.name or "oldest" in family.name:
        assert family.name.endswith("_seconds")


def test_the_reference_has_a_line_for_each_metric_and_no_metric_is_missing() -> None:
    served = {
        family.name + ("_info" if family.type == "info" else "_total" if family.type == "counter" else "")
        for family in Metrics().registry.collect()
        if family.name.startswith("project_operator")
    }

    assert served == {family.name for family in FAMILIES}
    for family in FAMILIES:
        assert f"| `{family.name}` | {family.kind} |" in reference()
