"""The parts put together, with an API server that is a few lines long."""

import asyncio
import signal
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from waiting import WITHIN

from project_operator import app
from project_operator.api.events import EventReason
from project_operator.app import Operator
from project_operator.backends.addresses import ClusterAddresses
from project_operator.errors import ConfigurationError, KubeForbidden, KubeUnavailable, TaskEnded
from project_operator.handlers.watch import check_of
from project_operator.kube.access import ClusterAccess
from project_operator.kube.api import KubeApi
from project_operator.kube.events import EventWriter
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    IDENTITY_BACKENDS,
    NAMESPACES,
    PROJECTS,
    SECRETS,
    Resource,
)
from project_operator.reconcile.actions import Notice
from project_operator.runtime.workers import Workers
from project_operator.settings import Settings

ACCESS = ClusterAccess(server="http://127.0.0.1:9")
Get = Callable[[], dict[str, Any]]


def settings(**chosen: Any) -> Settings:
    return Settings(**{"health_address": "127.0.0.1", "health_port": 0, "shutdown_grace": 1.0, **chosen})


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each watch was asked for, in place of a watch; it ends with the stop flag."""
    asked: list[dict[str, Any]] = []

    async def learn(_: KubeApi, **__: Any) -> ClusterAddresses:
        return ClusterAddresses()

    async def serve(*, stop: asyncio.Event, **options: Any) -> None:
        asked.append(options)
        options["report"]("watch", "")
        await stop.wait()

    monkeypatch.setattr(app, "learn", learn)
    monkeypatch.setattr(app, "serve", serve)
    return asked


def kube_system(monkeypatch: pytest.MonkeyPatch, answer: Get) -> list[str]:
    """The API server knows one namespace; which names it was asked for."""
    asked: list[str] = []

    async def get(_: KubeApi, __: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        assert namespace is None
        asked.append(name)
        return answer()

    monkeypatch.setattr(KubeApi, "get", get)
    return asked


def refusing(error: Exception) -> Get:
    def get() -> dict[str, Any]:
        raise error

    return get


async def served(chosen: Settings, *, until: Callable[[], bool]) -> Operator:
    """An operator that ran until the condition held, and was then told to stop."""
    operator, stop = Operator(chosen, ACCESS), asyncio.Event()
    try:
        async with asyncio.timeout(WITHIN):
            running = asyncio.create_task(operator.serve(stop, lambda: None))
            while not until() and not running.done():  # noqa: ASYNC110 - what is waited for has no event to tell it
                await asyncio.sleep(0.01)
            stop.set()
            await running
    finally:
        await operator.aclose()
    return operator


async def test_it_watches_what_it_serves_until_it_is_told_to_stop(watched: list[dict[str, Any]]) -> None:
    chosen = settings(cluster_id="c", namespaces=("team-a",), workers=2)
    operator = await served(chosen, until=lambda: len(watched) == 3)
    assert [options["resources"] for options in watched] == [
        [PROJECTS, IDENTITY_BACKENDS],
        [SECRETS],
        [CLUSTER_IDENTITY_BACKENDS, NAMESPACES],
    ]
    assert [options["namespaces"] for options in watched] == [("team-a",), ("team-a",), None]
    assert operator._engine is not None
    assert all(task.done() for task in operator._engine.tasks())
    assert len(operator._engine.tasks()) == 2


@pytest.mark.parametrize(
    ("chosen", "everything", "secrets"),
    [({}, None, None), ({"namespaces": ("a",), "secret_namespaces": ("b",)}, ("a",), ("b",))],
)
async def test_secrets_may_be_watched_in_other_namespaces(
    watched: list[dict[str, Any]], chosen: Any, everything: object, secrets: object
) -> None:
    await served(settings(cluster_id="c", cluster_backends=False, **chosen), until=lambda: len(watched) == 2)
    assert [options["namespaces"] for options in watched] == [everything, secrets]
    assert [options["resources"] for options in watched] == [[PROJECTS, IDENTITY_BACKENDS], [SECRETS]]


async def test_the_cluster_is_known_by_the_uid_of_kube_system(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = kube_system(monkeypatch, lambda: {"metadata": {"uid": "k1"}})
    await served(settings(), until=lambda: len(watched) == 3)
    assert asked == ["kube-system"]


async def test_a_forbidden_kube_system_names_the_setting_that_makes_up_for_it(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kube_system(monkeypatch, refusing(KubeForbidden("403: namespaces is forbidden", status=403)))
    with pytest.raises(ConfigurationError, match="PROJECT_OPERATOR_CLUSTER_ID"):
        await served(settings(), until=lambda: False)
    assert watched == []


async def test_an_api_server_that_is_away_is_waited_for_and_a_stop_is_heard_meanwhile(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = kube_system(monkeypatch, refusing(KubeUnavailable("no answer")))
    operator = await served(settings(), until=lambda: bool(asked))
    assert watched == []
    assert operator._engine is None
    assert not operator._readiness.ready
    assert any("no answer" in line for line in operator._readiness.lines())


async def test_it_is_not_ready_by_what_is_asked_before_anything_is_watched(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kube_system(monkeypatch, lambda: {"metadata": {"uid": "k1"}})
    operator = await served(settings(), until=lambda: len(watched) == 3)  # and none of them reports anything
    assert not operator._readiness.ready
    assert "[+]cluster id: ok" in operator._readiness.lines()


async def test_where_the_cluster_is_is_known_before_anything_is_watched_and_learnt_again(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    here = ClusterAddresses(ranges=((ip_network("10.96.0.0/12"), "service"),))

    async def learn(_: KubeApi, **given: Any) -> ClusterAddresses:
        asked.append(given)
        if len(asked) in {1, 3}:
            raise KubeUnavailable("no answer")
        assert len(asked) > 1
        assert bool(watched) is (len(asked) > 2)
        return here

    monkeypatch.setattr(app, "learn", learn)
    chosen = settings(cluster_id="c", pod_ranges="10.244.0.0/16", read_nodes=True, sweep_interval=1.0)
    operator = await served(chosen, until=lambda: len(asked) == 4)
    assert asked[0] == {"service_ranges": (), "pod_ranges": (ip_network("10.244.0.0/16"),), "read_nodes": True}
    assert operator._cluster == here


async def test_what_is_open_to_backends_is_said_once_and_not_in_every_sweep(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    services = ((ip_network("10.96.0.0/12"), "service"),)
    ranges = [services, services, (*services, (ip_network("10.244.0.0/16"), "pod")), services]
    asked: list[None] = []

    async def learn(_: KubeApi, **__: Any) -> ClusterAddresses:
        asked.append(None)
        return ClusterAddresses(ranges=ranges[min(len(asked), len(ranges)) - 1])

    monkeypatch.setattr(app, "learn", learn)
    at_once = settings(cluster_id="c").model_copy(update={"sweep_interval": 0.0})
    await served(at_once, until=lambda: len(asked) > len(ranges))
    said = [one.getMessage() for one in caplog.records if "not all known" in one.message]
    assert len(said) == 2, "when it begins, and when a range is lost again"
    assert all("addresses of Pods: set PROJECT_OPERATOR_POD_RANGES" in one and "Services" not in one for one in said)
    assert len(watched) == 3


async def test_a_watch_that_fails_ends_the_operator_with_its_error(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def serve(**_: Any) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(app, "serve", serve)
    with pytest.raises(TaskEnded, match="'watches' ended by itself"):
        await served(settings(cluster_id="c"), until=lambda: False)
    assert "ZeroDivisionError" in caplog.text
    assert watched == []


@pytest.mark.parametrize("part", ["events", "cluster addresses", "worker 0"])
async def test_a_part_that_ends_by_itself_ends_the_operator(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    async def end(*_: Any) -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError("a defect")

    owner, method = {
        "events": (EventWriter, "run"),
        "cluster addresses": (Operator, "_keep_learning"),
        "worker 0": (Workers, "_serve"),
    }[part]
    monkeypatch.setattr(owner, method, end)
    with pytest.raises(TaskEnded, match=f"'{part}' ended by itself"):
        await served(settings(cluster_id="c", workers=1), until=lambda: False)
    assert "ZeroDivisionError" in caplog.text
    assert len(watched) <= 3


async def test_addresses_that_meet_a_defect_stay_and_are_learnt_again(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[None] = []

    async def learn(_: KubeApi, **__: Any) -> ClusterAddresses:
        asked.append(None)
        if len(asked) == 2:
            raise ZeroDivisionError("a defect")
        return ClusterAddresses()

    monkeypatch.setattr(app, "learn", learn)
    at_once = settings(cluster_id="c").model_copy(update={"sweep_interval": 0.0})
    await served(at_once, until=lambda: len(asked) >= 3)
    assert "stay as they were" in caplog.text
    assert len(watched) == 3


async def test_a_notice_becomes_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    operator = Operator(settings(), ACCESS)
    published: list[tuple[Any, ...]] = []
    monkeypatch.setattr(operator._events, "publish", lambda *event: published.append(event))
    operator._publish({"kind": "Project"}, Notice(EventReason.MISSING, "Reconcile", "gone"))
    assert published == [({"kind": "Project"}, "Missing", "Reconcile", "gone")]
    await operator.aclose()


async def test_metrics_are_there_before_the_engine_is() -> None:
    operator = Operator(settings(), ACCESS)
    body, _ = operator._metrics.render("text/plain")
    assert b"project_operator" in body
    operator._on_call("get", PROJECTS, "200", 0.1)
    assert b'resource="projects"' in operator._metrics.render("text/plain")[0]
    await operator.aclose()


async def test_both_signals_ask_for_a_stop_and_can_be_taken_again() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    take = app._signals(stop)
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            take()
            signal.raise_signal(number)
            async with asyncio.timeout(WITHIN):
                await stop.wait()
            stop.clear()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


class FakeKeeper:
    """In place of what keeps the Leases."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.resigned: list[float] = []
        kept.append(self)

    def term(self, _: str) -> None:
        return None

    def standing(self) -> tuple[int, int]:
        return 0, 0

    async def run(self, _: object) -> None:
        await asyncio.Event().wait()

    async def resign(self, grace: float) -> None:
        self.resigned.append(grace)


kept: list[FakeKeeper] = []


async def test_with_a_namespace_for_leases_it_is_one_of_several_and_resigns_in_the_end(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "LeaseKeeper", FakeKeeper)
    kept.clear()
    chosen = settings(cluster_id="c", lease_namespace="operators", lease_duration=6)
    operator = await served(chosen, until=lambda: len(watched) == 3 and bool(kept))
    (keeper,) = kept
    assert (keeper.options["namespace"], keeper.options["pace"].duration) == ("operators", 6)
    assert keeper.resigned == [1.0]
    assert not keeper.options["ready"](), "nothing has been seen yet"
    for resources, _ in operator._watched():
        for resource in resources:
            operator._readiness.report(check_of(resource), "")
    assert keeper.options["ready"]()


async def test_replicas_that_look_after_the_same_say_so(
    watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "LeaseKeeper", FakeKeeper)
    kept.clear()
    common = {"cluster_id": "c", "lease_namespace": "operators"}
    for more in ({}, {"workers": 2}, {"namespaces": ("a",)}):
        watched.clear()
        await served(settings(**common, **more), until=lambda: len(watched) == 3)
    scopes = [keeper.options["scope"] for keeper in kept]
    assert scopes[0] == scopes[1] != scopes[2]


async def test_without_one_it_is_alone(watched: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "LeaseKeeper", FakeKeeper)
    kept.clear()
    await served(settings(cluster_id="c"), until=lambda: len(watched) == 3)
    assert kept == []
