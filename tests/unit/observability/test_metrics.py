"""What Prometheus reads."""

import math
import re
from collections.abc import Iterator
from typing import get_type_hints

import pytest
from prometheus_client.parser import text_string_to_metric_families

from project_operator import __version__
from project_operator.api.conditions import Reason
from project_operator.errors import BackendError, KubeError
from project_operator.kube import cluster_addresses, resources
from project_operator.kube.resources import Resource
from project_operator.observability.families import FAMILIES, OTHER, Family, reference
from project_operator.observability.hooks import (
    BackendCall,
    Census,
    EventFinished,
    Happening,
    KubeCall,
    LeadershipChanged,
    ProjectBecameReady,
    QueueWaited,
    ReconcileFinished,
    RetryScheduled,
    WatchEnded,
)
from project_operator.observability.metrics import Metrics
from project_operator.reconcile.absorb import reason_for
from project_operator.runtime.breaker import State
from project_operator.runtime.instrumented import InstrumentedBackend
from project_operator.runtime.queue import Class

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
            ReconcileFinished("projects", "done", 0.02),
            {
                'project_operator_reconciles_total{kind="projects",outcome="done"}': 1,
                'project_operator_reconcile_duration_seconds_sum{kind="projects"}': 0.02,
                'project_operator_reconcile_duration_seconds_bucket{kind="projects",le="0.01"}': 0,
                'project_operator_reconcile_duration_seconds_bucket{kind="projects",le="0.025"}': 1,
            },
        ),
        (QueueWaited("changed", 0.5), {'project_operator_queue_wait_seconds_sum{priority="changed"}': 0.5}),
        (
            BackendCall("nscale", "connect", "409", 0.3),
            {
                'project_operator_backend_requests_total{backend="nscale",code="409",operation="connect"}': 1,
                'project_operator_backend_request_duration_seconds_sum{backend="nscale",operation="connect"}': 0.3,
            },
        ),
        (
            RetryScheduled("backend", "Throttled"),
            {'project_operator_retries_total{reason="Throttled",target="backend"}': 1},
        ),
        (
            ProjectBecameReady("nscale", 4.0),
            {
                'project_operator_project_ready_duration_seconds_bucket{backend="nscale",le="2.5"}': 0,
                'project_operator_project_ready_duration_seconds_bucket{backend="nscale",le="5.0"}': 1,
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
            queue_depth={"changed": next(counts)},
            queue_oldest_seconds={"changed": 1.5},
            projects={("provisioned", "healthy", "true"): 7},
            not_ready={("Missing", True): 2},
            drifted={"ReportDrift": 4},
            credential_expiries={("nscale", False): 1.8e9},
            units=3,
            connections={("nscale", True): 2, ("nscale", False): 1},
            breakers={("nscale", "closed"): 2, ("nscale", "half_open"): 1},
        )
    )

    first, second = samples(metrics), samples(metrics)

    assert first['project_operator_queue_depth{priority="changed"}'] == 3
    assert second['project_operator_queue_depth{priority="changed"}'] == 5
    assert first['project_operator_queue_oldest_seconds{priority="changed"}'] == 1.5
    assert (
        first['project_operator_projects{health_status="healthy",provisioning_status="provisioned",ready="true"}'] == 7
    )
    assert first['project_operator_projects_not_ready{reason="Missing",stalled="true"}'] == 2
    assert first['project_operator_projects_drifted{management_policy="ReportDrift"}'] == 4
    assert (
        first['project_operator_backend_credential_expiry_timestamp_seconds{backend="nscale",renewed="false"}'] == 1.8e9
    )
    assert first["project_operator_leadership_units{}"] == 3
    assert first['project_operator_backend_connections{backend="nscale",ready="true"}'] == 2
    assert first['project_operator_backend_connections{backend="nscale",ready="false"}'] == 1
    assert first['project_operator_backend_breakers{backend="nscale",state="closed"}'] == 2
    assert first['project_operator_backend_breakers{backend="nscale",state="half_open"}'] == 1


def test_counters_of_few_series_begin_at_zero() -> None:
    shown = samples(Metrics())
    assert shown['project_operator_leadership_changes_total{change="lost"}'] == 0
    assert shown['project_operator_reconciles_total{kind="projects",outcome="error"}'] == 0
    assert not [name for name in shown if name.startswith("project_operator_backend_requests_total")]


def kinds_of(error: type[BackendError]) -> Iterator[type[BackendError]]:
    yield error
    for one in error.__subclasses__():
        yield from kinds_of(one)


def test_the_first_failure_that_is_tried_again_is_an_increase() -> None:
    """Or an outage, in which a breaker soon lets nobody fail a second time, is nowhere in the rate."""
    shown = {name for name, value in samples(Metrics()).items() if value == 0}
    reasons = {reason_for(kind.__new__(kind)) for kind in kinds_of(BackendError)} - {Reason.NAME_TAKEN}
    reasons |= {Reason.PROGRESSING_WITH_RETRY, Reason.ORGANIZATION_NOT_FOUND, Reason.SECRET_INVALID}
    errors: list[type[KubeError]] = [KubeError, *KubeError.__subclasses__()]
    retries = {("backend", str(one)) for one in reasons} | {("api_server", one.__name__) for one in errors}
    expected = {f'project_operator_retries_total{{reason="{reason}",target="{target}"}}' for target, reason in retries}
    assert {name for name in shown if name.startswith("project_operator_retries_total")} == expected


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
    assert not set(family.label_names) & OBJECT_LABELS
    if family.kind != "info":
        # Buckets, sum and count; a label that must say something else adds one value.
        series = math.prod(len(label.values) + 1 for label in family.labels) * (len(family.buckets) + 3)
        assert series < 25_000, "all that could ever be, and more than a Prometheus would like of one pod"
        assert all(label.values for label in family.labels)
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


def test_a_label_never_says_what_it_was_not_made_for() -> None:
    """Whoever can write a status, or answers as the backend, makes no series."""
    words = [f"of-my-own-{number}" for number in range(50)]
    metrics = Metrics(
        lambda: Census(
            projects={(word, word, word): 1 for word in words},
            not_ready={(word, True): 1 for word in words},
            drifted=dict.fromkeys(words, 1),
        )
    )
    for word in words:
        metrics.emit(BackendCall("nscale", "create_project", word, 0.1))
        metrics.emit(RetryScheduled("backend", word))
        metrics.emit(ReconcileFinished("projects", word, 0.1))

    shown = samples(metrics)

    assert not [name for name in shown if "of-my-own" in name]
    assert (
        shown[f'project_operator_projects{{health_status="{OTHER}",provisioning_status="{OTHER}",ready="{OTHER}"}}']
        == 50
    )
    assert shown[f'project_operator_projects_not_ready{{reason="{OTHER}",stalled="true"}}'] == 50
    assert (
        shown[f'project_operator_backend_requests_total{{backend="nscale",code="{OTHER}",operation="create_project"}}']
        == 50
    )


def values(metric: str, label: str) -> frozenset[str]:
    family = next(one for one in FAMILIES if one.name == metric)
    return next(one.values for one in family.labels if one.name == label)


def test_labels_know_everything_that_is_told_with_them() -> None:
    told = {one for one in vars(InstrumentedBackend) if not one.startswith(("_", "plan_", "aclose"))}
    assert values("project_operator_backend_requests_total", "operation") == told
    assert values("project_operator_queue_depth", "priority") == {one.name.lower() for one in Class}
    assert values("project_operator_backend_breakers", "state") == {str(one) for one in State}
    errors: list[type[KubeError]] = [KubeError, *KubeError.__subclasses__()]
    assert values("project_operator_retries_total", "reason") >= {one.__name__ for one in errors}
    kinds = [one for module in (resources, cluster_addresses) for one in vars(module).values()]
    plurals = {one.plural for one in kinds if isinstance(one, Resource)}
    assert values("project_operator_kube_requests_total", "resource") == plurals
    for metric, happening, label in (
        ("project_operator_events_total", EventFinished, "result"),
        ("project_operator_watch_restarts_total", WatchEnded, "reason"),
        ("project_operator_leadership_changes_total", LeadershipChanged, "change"),
        ("project_operator_retries_total", RetryScheduled, "target"),
    ):
        assert values(metric, label) == frozenset(get_type_hints(happening)[label].__args__)
