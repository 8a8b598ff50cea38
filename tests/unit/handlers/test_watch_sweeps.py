"""What goes and what comes while the watch layer lists is neither waited for nor swept away."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import web
from watching import QUICK, Cluster, Handler, Start, lists_all, refusing, until

from project_operator.kube.resources import PROJECTS


async def test_an_object_that_goes_before_it_is_listed_does_not_hold_readiness_up(
    cluster: Cluster, start: Start
) -> None:
    await cluster.define()
    await cluster.project("alpha")

    async def delete_before_all_is_listed(request: web.Request, _: Handler) -> None:
        if lists_all(request):
            cluster.faults.clear()
            await cluster.delete(PROJECTS, "default", "alpha")

    cluster.faults.append(delete_before_all_is_listed)
    layer = start()
    await layer.becomes_ready()
    await until(lambda: layer.sink.named("alpha"), "the end of alpha")

    assert layer.sink.events == [("projects", "DELETED", "alpha")]
    assert layer.hooks.seen == []  # no stream had to be begun anew for it


@pytest.mark.parametrize("lists", [lists_all, lambda request: "as=Partial" in request.headers.get("Accept", "")])
async def test_what_comes_after_a_listing_is_not_judged_by_it(
    cluster: Cluster, start: Start, lists: Callable[[web.Request], bool]
) -> None:
    await cluster.define()
    layer = start(rhythm=replace(QUICK, sweep=600 if lists is lists_all else QUICK.sweep))

    async def create_after_the_listing(request: web.Request, handler: Handler) -> web.StreamResponse | None:
        if not lists(request):
            return None
        cluster.faults.clear()
        answer = await handler(request)
        await cluster.project("alpha")
        await until(lambda: layer.sink.named("alpha"), "alpha")
        layer.sink.sweeps.clear()
        layer.sink.swept_as_of.clear()
        return answer

    cluster.faults.append(create_after_the_listing)
    await until(lambda: layer.sink.named("alpha") and bool(layer.sink.sweeps), "the sweep")

    assert layer.sink.sweeps[0] == ("projects", set())
    assert layer.sink.swept_as_of[0] < int(layer.sink.raw[0]["metadata"]["resourceVersion"])


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


async def test_what_a_stream_skips_is_found_and_listed(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    layer = start()
    await layer.becomes_ready()
    layer.sink.skipped.add("alpha")
    await cluster.project("alpha")

    await until(lambda: layer.sink.saw(None, "alpha"), "a listing with alpha")
    await layer.becomes_ready()
    assert [type(one).__name__ for one in layer.hooks.seen] == ["WatchEnded"]
    assert any("1 changes were never shown, such as that of default/alpha" in told for _, told in layer.reports)


async def test_what_comes_late_is_waited_for(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    layer = start(rhythm=replace(QUICK, catch_up=5.0))
    await layer.becomes_ready()
    layer.sink.skipped.add("alpha")
    raw = await cluster.project("alpha")
    swept = len(layer.sink.sweeps)
    await until(lambda: len(layer.sink.sweeps) > swept, "a sweep that misses alpha")

    layer.sink.skipped.clear()
    layer.sink.observe(PROJECTS, "ADDED", raw)
    swept = len(layer.sink.sweeps)
    await until(lambda: len(layer.sink.sweeps) > swept, "the next sweep", seconds=30.0)
    assert layer.hooks.seen == []
