"""Prometheus metrics: counted from hooks, gauged from a census. Labels are bounded; none names an object."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

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

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SLOW: Final = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, what it is, what it means, its labels, and the bounds of its buckets (seconds)."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


BUILD: Final = Family("project_operator_build_info", "info", "What is running.", ("version",))
RECONCILES: Final = Family(
    "project_operator_reconciles_total", "counter", "Looks at one object, by what came of them.", ("kind", "outcome")
)
RECONCILE_SECONDS: Final = Family(
    "project_operator_reconcile_duration_seconds", "histogram", "How long a look at one object took.", ("kind",), _FAST
)
QUEUE_DEPTH: Final = Family(
    "project_operator_queue_depth", "gauge", "Objects that are due and not yet looked at.", ("priority",)
)
QUEUE_OLDEST: Final = Family(
    "project_operator_queue_oldest_seconds",
    "gauge",
    "How long the first of the objects that are due has been due.",
    ("priority",),
)
QUEUE_WAIT: Final = Family(
    "project_operator_queue_wait_seconds",
    "histogram",
    "How long objects that were due waited for a worker.",
    ("priority",),
    _SLOW,
)
BACKEND_CALLS: Final = Family(
    "project_operator_backend_requests_total",
    "counter",
    "Requests to identity backends; `code` is the HTTP status, or `error` where no answer came.",
    ("backend", "operation", "code"),
)
BACKEND_SECONDS: Final = Family(
    "project_operator_backend_request_duration_seconds",
    "histogram",
    "How long requests to identity backends took, answered or not.",
    ("backend", "operation"),
    _FAST,
)
CONNECTIONS: Final = Family(
    "project_operator_backend_connections", "gauge", "Backend objects, by vendor and readiness.", ("backend", "ready")
)
BREAKERS: Final = Family(
    "project_operator_backend_breakers",
    "gauge",
    "Connections to identity backends, by vendor and state of their circuit breaker: `closed`, `open` or `half_open`.",
    ("backend", "state"),
)
PROJECTS: Final = Family(
    "project_operator_projects",
    "gauge",
    "Projects, by what their status says.",
    ("provisioning_status", "health_status", "ready"),
)
KUBE_CALLS: Final = Family(
    "project_operator_kube_requests_total",
    "counter",
    "Requests to the API server; `code` is the HTTP status, or `error` where no answer came.",
    ("verb", "resource", "code"),
)
KUBE_SECONDS: Final = Family(
    "project_operator_kube_request_duration_seconds",
    "histogram",
    "How long requests to the API server took, answered or not; of a watch, until its answer began.",
    ("verb", "resource"),
    _FAST,
)
EVENTS: Final = Family(
    "project_operator_events_total", "counter", "Kubernetes Events: `written`, `failed` or `dropped`.", ("result",)
)
WATCHES: Final = Family(
    "project_operator_watch_restarts_total",
    "counter",
    "Watches that ended and began anew, by kind and cause.",
    ("resource", "reason"),
)
LEADERSHIP: Final = Family(
    "project_operator_leadership_led",
    "gauge",
    "Backend objects that this replica is in charge of; the Projects without one count as one.",
)
REPLICAS: Final = Family(
    "project_operator_leadership_replicas",
    "gauge",
    "Replicas that share the work, as this one sees it; 0: it works alone.",
)
LEADERSHIP_CHANGES: Final = Family(
    "project_operator_leadership_changes_total",
    "counter",
    "Leaderships that this replica `gained`, that it has `given` away, and that it `lost`.",
    ("change",),
)

FAMILIES: Final = (
    BUILD,
    RECONCILES,
    RECONCILE_SECONDS,
    QUEUE_DEPTH,
    QUEUE_OLDEST,
    QUEUE_WAIT,
    BACKEND_CALLS,
    BACKEND_SECONDS,
    CONNECTIONS,
    BREAKERS,
    PROJECTS,
    KUBE_CALLS,
    KUBE_SECONDS,
    EVENTS,
    WATCHES,
    LEADERSHIP,
    REPLICAS,
    LEADERSHIP_CHANGES,
)


class Metrics:
    """Hooks that count, and the text that Prometheus reads."""

    def __init__(self, census: Callable[[], Census] = Census) -> None:
        """``census`` is asked once per scrape, so that nothing on the hot path touches a gauge."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(_CensusCollector(census))
        build = Info(BUILD.name.removesuffix("_info"), BUILD.meaning, registry=self.registry)
        build.info({"version": __version__})
        self._reconciles = self._counter(RECONCILES)
        self._reconcile_seconds = self._histogram(RECONCILE_SECONDS)
        self._queue_wait = self._histogram(QUEUE_WAIT)
        self._backend_calls = self._counter(BACKEND_CALLS)
        self._backend_seconds = self._histogram(BACKEND_SECONDS)
        self._kube_calls = self._counter(KUBE_CALLS)
        self._kube_seconds = self._histogram(KUBE_SECONDS)
        self._events = self._counter(EVENTS)
        self._watches = self._counter(WATCHES)
        self._leadership_changes = self._counter(LEADERSHIP_CHANGES)

    def emit(self, happening: Happening, /) -> None:
        """Count it."""
        match happening:
            case ReconcileFinished(kind, outcome, seconds):
                self._reconciles.labels(kind, outcome).inc()
                self._reconcile_seconds.labels(kind).observe(seconds)
            case QueueWaited(priority, seconds):
                self._queue_wait.labels(priority).observe(seconds)
            case BackendCall(backend, operation, code, seconds):
                self._backend_calls.labels(backend, operation, code).inc()
                self._backend_seconds.labels(backend, operation).observe(seconds)
            case KubeCall(verb, resource, code, seconds):
                self._kube_calls.labels(verb, resource, code).inc()
                self._kube_seconds.labels(verb, resource).observe(seconds)
            case EventFinished(result):
                self._events.labels(result).inc()
            case WatchEnded(resource, reason):
                self._watches.labels(resource, reason).inc()
            case LeadershipChanged(change):
                self._leadership_changes.labels(change).inc()

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """Body and Content-Type of one scrape, in the format that the Accept header asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _counter(self, family: Family) -> Counter:
        return Counter(family.name, family.meaning, family.labels, registry=self.registry)

    def _histogram(self, family: Family) -> Histogram:
        return Histogram(family.name, family.meaning, family.labels, buckets=family.buckets, registry=self.registry)


class _CensusCollector(Collector):
    def __init__(self, census: Callable[[], Census]) -> None:
        self._census = census

    def describe(self) -> Iterator[Metric]:
        return _gauges(Census())

    def collect(self) -> Iterator[Metric]:
        return _gauges(self._census())


def _gauges(census: Census) -> Iterator[Metric]:
    yield _gauge(QUEUE_DEPTH, (((priority,), depth) for priority, depth in census.queue_depth.items()))
    yield _gauge(QUEUE_OLDEST, (((priority,), age) for priority, age in census.queue_oldest_seconds.items()))
    yield _gauge(PROJECTS, census.projects.items())
    yield _gauge(
        CONNECTIONS,
        (((backend, str(ready).lower()), number) for (backend, ready), number in census.connections.items()),
    )
    yield _gauge(BREAKERS, census.breakers.items())
    yield _gauge(LEADERSHIP, [((), census.led)])
    yield _gauge(REPLICAS, [((), census.replicas)])


def _gauge(family: Family, values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    metric = GaugeMetricFamily(family.name, family.meaning, labels=family.labels)
    for labels, value in values:
        metric.add_metric(labels, value)
    return metric


def reference() -> str:
    """The text of ``docs/reference/metrics.md``."""
    rows = [
        f"| `{family.name}` | {family.kind} | {', '.join(f'`{label}`' for label in family.labels)} | {family.meaning} |"
        for family in FAMILIES
    ]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Served at `/metrics` on the health port, in the text formats of Prometheus and OpenMetrics. Durations are",
            "in seconds. No label names an object, so the number of series does not grow with the number of Projects.",
            "The standard `process_*` metrics are there too.",
            "",
            "| metric | type | labels | meaning |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )
