"""The watch layer goes on, whatever the API server does, and misses nothing."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from watching import QUICK, Cluster, Handler, Start, refusing, until, with_token

from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS
from project_operator.observability.hooks import WatchEnded


def kopf_lists(request: web.Request) -> bool:
    """Whether this is the listing that a stream begins with; surveys and sweeps ask for metadata alone."""
    return request.query.get("limit") == "500" and "as=Partial" not in request.headers.get("Accept", "")


def secret(name: str, label: str | None) -> dict[str, object]:
    labels = {} if label is None else {"identity.project-operator.dev/credentials": label}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default", "labels": labels}}


async def test_what_exists_is_listed_and_then_every_change_follows(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    layer = start()
    await layer.becomes_ready()
    assert layer.sink.events == [("projects", None, "alpha")]
    assert layer.sink.sweeps == [("projects", {"alpha"})]

    beta = await cluster.project("beta")
    await cluster.api.patch(PROJECTS, beta, {"spec": {"description": "x"}})
    await cluster.delete(PROJECTS, "default", "beta")

    await until(lambda: layer.sink.saw("DELETED", "beta"), "the deletion of beta")
    assert layer.sink.events[1:] == [
        ("projects", "ADDED", "beta"),
        ("projects", "MODIFIED", "beta"),
        ("projects", "DELETED", "beta"),
    ]


async def test_it_is_not_ready_before_everything_has_been_observed(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    held, release = asyncio.Event(), asyncio.Event()

    async def hold(request: web.Request, _: Handler) -> None:
        if kopf_lists(request):
            held.set()
            await release.wait()

    cluster.faults.append(hold)
    layer = start(rhythm=replace(QUICK, catch_up=60))
    await held.wait()
    assert layer.checks == {"watch projects": "not everything there is has been seen yet"}

    release.set()
    await layer.becomes_ready()
    assert layer.sink.saw(None, "alpha")


async def test_nothing_is_written(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    cluster.requests.clear()
    layer = start()
    await layer.becomes_ready()
    layer.stop.set()
    await layer.task

    assert {request.method for request in cluster.requests} == {"GET"}


async def test_of_secrets_only_the_labelled_are_asked_for(cluster: Cluster, start: Start) -> None:
    for name, label in (("plain", None), ("no", "false"), ("yes", "true")):
        await cluster.api.create(SECRETS, "default", secret(name, label))
    layer = start(SECRETS)
    await layer.becomes_ready("secrets")
    cluster.requests.clear()
    plain = await cluster.api.get(SECRETS, "default", "plain")
    labels = {"identity.project-operator.dev/credentials": "true"}
    await cluster.api.patch(SECRETS, plain, {"metadata": {"labels": labels}})
    await until(lambda: layer.sink.named("plain"), "the Secret that was labelled")

    assert layer.sink.events == [("secrets", None, "yes"), ("secrets", "ADDED", "plain")]
    assert layer.sink.sweeps[0] == ("secrets", {"yes"})
    await until(lambda: bool(cluster.asked("secrets")), "the next sweep")
    selector = "identity.project-operator.dev/credentials=true"
    assert cluster.watches["secrets"].query["labelSelector"] == selector
    assert cluster.asked("secrets") == cluster.asked("secrets", labelSelector=selector)


async def test_a_secret_that_loses_its_label_is_gone(cluster: Cluster, start: Start) -> None:
    created = await cluster.api.create(SECRETS, "default", secret("yes", "true"))
    layer = start(SECRETS)
    await layer.becomes_ready("secrets")

    await cluster.api.patch(SECRETS, created, {"metadata": {"labels": None}})

    await until(lambda: layer.sink.saw("DELETED", "yes", "secrets"), "the Secret to go")


async def test_given_namespaces_are_watched_and_no_others(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha", "default")
    await cluster.project("beta", "kube-system")
    cluster.requests.clear()
    layer = start(namespaces=["default"])
    await layer.becomes_ready()
    await cluster.project("gamma", "kube-system")
    await cluster.project("delta", "default")
    await until(lambda: layer.sink.named("delta"), "delta")

    assert not layer.sink.named("beta")
    assert not layer.sink.named("gamma")
    paths = {request.path for request in cluster.asked("projects") if request.method == "GET"}
    assert paths == {"/apis/identity.project-operator.dev/v1alpha1/namespaces/default/projects"}


async def test_crd_late(cluster: Cluster, start: Start) -> None:
    layer = start()
    await layer.says("waiting for its CustomResourceDefinition (kubectl apply --server-side -k crds/)")
    assert layer.sink.gone == []

    await cluster.define()
    await layer.becomes_ready()
    await cluster.project("alpha")

    await until(lambda: layer.sink.saw("ADDED", "alpha"), "alpha")


async def test_crd_deleted_and_created_again(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    layer = start()
    await layer.becomes_ready()

    await cluster.undefine()
    await layer.says("waiting for its CustomResourceDefinition")
    assert layer.sink.gone == ["projects"]
    assert WatchEnded("projects", "definition_gone") in layer.hooks.seen
    assert not layer.task.done()

    await cluster.define()
    await layer.becomes_ready()
    await cluster.project("beta")
    await until(lambda: layer.sink.named("beta"), "beta")
    assert layer.sink.gone == ["projects"]


async def test_a_vanished_kind_leaves_the_watch_of_the_other_alone(cluster: Cluster, start: Start) -> None:
    await cluster.define(PROJECTS)
    await cluster.define(IDENTITY_BACKENDS)
    layer = start(PROJECTS, IDENTITY_BACKENDS)
    await layer.becomes_ready("projects")
    await layer.becomes_ready("identitybackends")
    watching = cluster.watches["projects"]

    await cluster.undefine(IDENTITY_BACKENDS)
    await layer.says("waiting for its CustomResourceDefinition", "identitybackends")
    await cluster.project("alpha")
    await until(lambda: layer.sink.saw("ADDED", "alpha"), "alpha")

    assert cluster.watches["projects"] is watching
    assert layer.ready("projects")


@pytest.mark.parametrize("denied", ["list", "watch"])
async def test_missing_rights_are_said_and_waited_for(cluster: Cluster, start: Start, denied: str) -> None:
    await cluster.define()
    fault = refusing(
        403,
        lambda request: request.path.endswith("/projects") and ("watch" in request.query) == (denied == "watch"),
    )
    cluster.faults.append(fault)
    layer = start()
    await layer.says(f"{denied} /apis/identity.project-operator.dev/v1alpha1/projects: 403 Because: so the test says")
    assert layer.sink.gone == []

    cluster.faults.remove(fault)
    await layer.becomes_ready()


async def test_a_broken_watch_is_taken_up_where_it_broke(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    layer = start(rhythm=replace(QUICK, sweep=600))
    await layer.becomes_ready()
    listings = len(cluster.asked("projects", limit="500"))

    cluster.cut()
    await cluster.project("beta")
    await until(lambda: layer.sink.saw("ADDED", "beta"), "beta")

    assert len(cluster.asked("projects", limit="500")) == listings
    assert layer.sink.events == [("projects", None, "alpha"), ("projects", "ADDED", "beta")]


async def test_after_a_410_all_is_listed_and_a_missed_deletion_is_swept(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    await cluster.project("beta")
    layer = start()
    await layer.becomes_ready()
    seen = len(layer.sink.events)

    away = refusing(503, lambda request: request.path.endswith("/projects") and "watch" in request.query)
    cluster.faults.append(away)
    cluster.cut()
    await layer.says("503")
    await cluster.delete(PROJECTS, "default", "beta")
    cluster.server.compact()
    cluster.faults.remove(away)

    await until(lambda: ("projects", None, "alpha") in layer.sink.events[seen:], "alpha, listed again")
    await until(lambda: layer.sink.sweeps[-1] == ("projects", {"alpha"}), "a sweep without beta")
    assert not layer.sink.saw("DELETED", "beta")
    await layer.becomes_ready()


async def test_a_stream_of_nonsense_is_said_and_begun_anew(
    cluster: Cluster, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    await cluster.define()
    await cluster.project("alpha")

    async def babble(request: web.Request, _: Handler) -> web.StreamResponse | None:
        if not request.path.endswith("/projects") or "watch" not in request.query:
            return None
        cluster.faults.clear()
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"type":"ADDED","object":{"metada\n')
        return response

    cluster.faults.append(babble)
    layer = start()
    await layer.says("watch projects: JSONDecodeError")
    await layer.becomes_ready()

    assert layer.hooks.seen == [WatchEnded("projects", "error")]
    (record,) = [record for record in caplog.records if record.name == "project_operator.handlers.watch"]
    assert record.levelname == "ERROR"
    assert record.exc_info is not None


async def test_an_api_server_that_is_away_is_said_and_waited_for(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    layer = start()
    await layer.becomes_ready()

    async def hang_up(request: web.Request, _: Handler) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    cluster.faults.append(hang_up)
    cluster.cut()
    await layer.says("no answer from the API server")
    assert not layer.ready()
    cluster.faults.remove(hang_up)

    await cluster.project("alpha")
    await until(lambda: layer.sink.named("alpha"), "alpha")
    await layer.becomes_ready()


async def test_an_api_server_that_is_away_at_the_start_is_waited_for(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    away = refusing(503, lambda _: True)
    cluster.faults.append(away)
    layer = start()
    await layer.says("503")

    cluster.faults.remove(away)
    await layer.becomes_ready()


async def test_a_replaced_token_is_taken_up(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    current = [f"Bearer {cluster.server.issue_token('old')}"]
    layer = start(access=with_token(cluster.access, lambda: current[0]))
    await layer.becomes_ready()

    old, current[0] = current[0], f"Bearer {cluster.server.issue_token('new')}"
    cluster.faults.append(refusing(401, lambda request: request.headers.get("Authorization") == old))
    cluster.cut()
    await cluster.project("alpha")

    await until(lambda: layer.sink.named("alpha"), "alpha")
    await layer.becomes_ready()


async def test_credentials_that_stay_refused_are_not_tried_in_a_hurry(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    layer = start()
    await layer.becomes_ready()
    cluster.requests.clear()

    cluster.faults.append(refusing(401, lambda _: True))
    cluster.cut()
    surveys = "/apis/identity.project-operator.dev/v1alpha1"
    await until(
        lambda: sum(request.path == surveys for request in cluster.requests) >= 3,
        lambda: f"three surveys among {[request.path for request in cluster.requests]}",
    )

    assert len(cluster.asked("projects", watch="true")) == 1
    assert not layer.ready()


async def test_many_ends_and_beginnings_leave_nothing_behind(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    layer = start()
    await layer.becomes_ready()

    def held() -> tuple[int, int]:
        return len(asyncio.all_tasks()), len(list(Path("/dev/fd").iterdir()))

    tasks, files = held()
    for _ in range(5):
        await cluster.undefine()
        await until(lambda: not layer.ready(), "the end of the watch")
        await cluster.define()
        await layer.becomes_ready()

    await until(
        lambda: held()[0] <= tasks and held()[1] <= files,
        lambda: f"as many tasks and files as before ({tasks}, {files}), not {held()}",
    )


async def test_an_object_that_goes_before_it_is_listed_does_not_hold_readiness_up(
    cluster: Cluster, start: Start
) -> None:
    await cluster.define()
    await cluster.project("alpha")

    async def delete_before_kopf_lists(request: web.Request, _: Handler) -> None:
        if kopf_lists(request):
            cluster.faults.clear()
            await cluster.delete(PROJECTS, "default", "alpha")

    cluster.faults.append(delete_before_kopf_lists)
    layer = start()
    await layer.becomes_ready()

    assert layer.sink.events == []
    assert layer.hooks.seen == []  # no stream had to be begun anew for it


async def test_what_comes_while_a_sweep_lists_is_not_swept_away(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    layer = start()
    await layer.becomes_ready()

    async def create_after_the_listing(request: web.Request, handler: Handler) -> web.StreamResponse | None:
        if "as=Partial" not in request.headers.get("Accept", ""):
            return None
        cluster.faults.clear()
        answer = await handler(request)
        await cluster.project("alpha")
        await until(lambda: layer.sink.named("alpha"), "alpha")
        return answer

    layer.sink.sweeps.clear()
    cluster.faults.append(create_after_the_listing)
    await until(lambda: bool(layer.sink.sweeps) and not cluster.faults, "the next sweep")

    assert all(live == {"alpha"} for _, live in layer.sink.sweeps[-1:])


async def test_a_failed_sweep_sweeps_nothing(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    layer = start()
    await layer.becomes_ready()
    refused = refusing(500, lambda request: "as=Partial" in request.headers.get("Accept", ""))
    cluster.faults.append(refused)
    cluster.requests.clear()

    await until(lambda: len(cluster.asked("projects")) >= 3, "three sweeps that fail")
    assert {frozenset(live) for _, live in layer.sink.sweeps} == {frozenset({"alpha"})}
    assert layer.ready()


async def test_a_discovery_that_lags_is_asked_again(cluster: Cluster, start: Start) -> None:
    """Kopf looks for the kind once; if it is not there then, it never watches, and says nothing."""
    await cluster.define()
    asked = 0

    async def lag(request: web.Request, _: Handler) -> web.Response | None:
        nonlocal asked
        if request.path != "/apis/identity.project-operator.dev/v1alpha1":
            return None
        asked += 1
        return web.json_response({"resources": []}) if asked == 2 else None

    cluster.faults.append(lag)
    layer = start(rhythm=replace(QUICK, begin=0.3))
    await layer.says("not begun within 0.3 s")
    await layer.becomes_ready()


async def test_a_stream_that_does_not_show_what_there_is_is_begun_anew(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    hidden = 0

    async def hide(request: web.Request, handler: Handler) -> web.StreamResponse | None:
        nonlocal hidden
        if not kopf_lists(request) or hidden:
            return None
        hidden += 1
        answer = await handler(request)
        assert isinstance(answer, web.Response)
        return web.json_response({"metadata": {"resourceVersion": "1000000"}, "items": []})

    cluster.faults.append(hide)
    layer = start(rhythm=replace(QUICK, catch_up=0.05, patience=2))
    await layer.says("1 objects were never shown")
    await layer.becomes_ready()
    assert layer.sink.events == [("projects", None, "alpha")]


async def test_a_failing_sink_is_logged_and_the_watch_goes_on(
    cluster: Cluster, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    await cluster.define()
    await cluster.project("alpha")
    layer = start()
    layer.sink.failure = RuntimeError("a defect")
    await layer.becomes_ready()
    await cluster.project("beta")

    await until(lambda: layer.sink.named("beta"), "beta")
    assert "projects default/alpha could not be taken in" in caplog.text


async def test_it_stops_at_once_and_leaves_nothing_behind(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    before = asyncio.all_tasks()
    layer = start(PROJECTS, SECRETS)
    await layer.becomes_ready("projects")
    await layer.becomes_ready("secrets")

    layer.stop.set()
    async with asyncio.timeout(5):
        await layer.task

    def left() -> list[str]:
        names = [str(task.get_coro()) for task in asyncio.all_tasks() - before]
        return [name for name in names if "RequestHandler" not in name]  # the server's, in the same loop

    await until(lambda: not left(), "the last tasks to end")


async def test_when_kopf_ends_the_tasks_of_others_go_on(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    layer = start()
    await layer.becomes_ready()
    bystander = asyncio.create_task(asyncio.sleep(600))

    await cluster.undefine()
    await layer.says("waiting for its CustomResourceDefinition")
    layer.stop.set()
    await layer.task

    assert not bystander.done()
    bystander.cancel()


async def test_signals_are_ours_again_after_each_start(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    layer = start()
    await layer.becomes_ready()
    assert layer.signals_taken == 1

    await cluster.undefine()
    await layer.says("waiting for its CustomResourceDefinition")
    await cluster.define()
    await layer.becomes_ready()

    assert layer.signals_taken == 2


async def test_our_handler_of_a_signal_is_the_one_that_hears_it(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    layer = start(own_signals=lambda: loop.add_signal_handler(signal.SIGTERM, heard.set))
    try:
        await layer.becomes_ready()
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(heard.wait(), 5)
        await cluster.project("alpha")
        await until(lambda: layer.sink.named("alpha"), "alpha, as Kopf has not ended")
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
