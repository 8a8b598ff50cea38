"""The watch layer goes on, whatever the API server does, and says what is wrong."""

from dataclasses import replace

import pytest
from aiohttp import web
from watching import QUICK, Cluster, Handler, Start, refusing, until, with_token

from project_operator.kube.resources import PROJECTS
from project_operator.observability.hooks import WatchEnded


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
