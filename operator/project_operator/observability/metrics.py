"""Prometheus metrics: counted from hooks, gauged from a census. Labels are bounded; none names an object."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from project_operator import __version__
from project_operator.observability import families
from project_operator.observability.families import Family
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


class Metrics:
    """Hooks that count, and the text that Prometheus reads."""

    def __init__(self, census: Callable[[], Census] = Census) -> None:
        """``census`` is asked once per scrape, so that nothing on the hot path touches a gauge."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(_CensusCollector(census))
        build = Info(families.BUILD.name.removesuffix("_info"), families.BUILD.meaning, registry=self.registry)
        build.info({"version": __version__})
        self._counters = {
            family.name: Counter(family.name, family.meaning, family.label_names, registry=self.registry)
            for family in families.FAMILIES
            if family.kind == "counter"
        }
        self._histograms = {
            family.name: Histogram(
                family.name, family.meaning, family.label_names, buckets=family.buckets, registry=self.registry
            )
            for family in families.FAMILIES
            if family.kind == "histogram"
        }
        for family in families.FAMILIES:
            if family.kind == "counter":
                for values in family.from_the_start:
                    self._counters[family.name].labels(*values)

    def emit(self, happening: Happening, /) -> None:
        """Count it."""
        match happening:
            case ReconcileFinished(kind, outcome, seconds):
                self._count(families.RECONCILES, kind, outcome)
                self._observe(families.RECONCILE_SECONDS, seconds, kind)
            case QueueWaited(priority, seconds):
                self._observe(families.QUEUE_WAIT, seconds, priority)
            case BackendCall(backend, operation, code, seconds):
                self._count(families.BACKEND_CALLS, backend, operation, code)
                self._observe(families.BACKEND_SECONDS, seconds, backend, operation)
            case KubeCall(verb, resource, code, seconds):
                self._count(families.KUBE_CALLS, verb, resource, code)
                self._observe(families.KUBE_SECONDS, seconds, verb, resource)
            case RetryScheduled(target, reason):
                self._count(families.RETRIES, target, reason)
            case ProjectBecameReady(backend, seconds):
                self._observe(families.READY_SECONDS, seconds, backend)
            case EventFinished(result):
                self._count(families.EVENTS, result)
            case WatchEnded(resource, reason):
                self._count(families.WATCHES, resource, reason)
            case LeadershipChanged(change):
                self._count(families.LEADERSHIP_CHANGES, change)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """Body and Content-Type of one scrape, in the format that the Accept header asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _count(self, family: Family, *labels: str) -> None:
        self._counters[family.name].labels(*family.said(labels)).inc()

    def _observe(self, family: Family, seconds: float, *labels: str) -> None:
        self._histograms[family.name].labels(*family.said(labels)).observe(seconds)


class _CensusCollector(Collector):
    def __init__(self, census: Callable[[], Census]) -> None:
        self._census = census

    def describe(self) -> Iterator[Metric]:
        return _gauges(Census())

    def collect(self) -> Iterator[Metric]:
        return _gauges(self._census())


def _gauges(census: Census) -> Iterator[Metric]:
    yield _gauge(families.QUEUE_DEPTH, (((priority,), depth) for priority, depth in census.queue_depth.items()))
    yield _gauge(families.QUEUE_OLDEST, (((priority,), age) for priority, age in census.queue_oldest_seconds.items()))
    yield _gauge(families.PROJECTS, census.projects.items())
    yield _gauge(families.NOT_READY, _with_words(census.not_ready))
    yield _gauge(families.DRIFTED, (((policy,), number) for policy, number in census.drifted.items()))
    yield _gauge(families.CONNECTIONS, _with_words(census.connections))
    yield _gauge(families.BREAKERS, census.breakers.items())
    yield _gauge(families.CREDENTIALS, _with_words(census.credential_expiries))
    yield _gauge(families.LEADERSHIP_UNITS, [((), census.units)])
    yield _gauge(families.LEADERSHIP, [((), census.led)])
    yield _gauge(families.REPLICAS, [((), census.replicas)])


_WORDS: Final = {True: "true", False: "false"}


def _with_words(numbers: Mapping[tuple[str, bool], float]) -> Iterator[tuple[tuple[str, str], float]]:
    return (((label, _WORDS[holds]), number) for (label, holds), number in numbers.items())


def _gauge(family: Family, values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    metric = GaugeMetricFamily(family.name, family.meaning, labels=family.label_names)
    sums: dict[tuple[str, ...], float] = {}
    for labels, value in values:
        # Two that cannot be said are one series.
        said = family.said(labels)
        sums[said] = sums.get(said, 0.0) + value
    for said, value in sums.items():
        metric.add_metric(said, value)
    return metric
