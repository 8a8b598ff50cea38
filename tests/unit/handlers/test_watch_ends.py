"""The watch layer ends and begins without leaving anything behind, and signals stay ours."""

import asyncio
import signal
from pathlib import Path

from waiting import WITHIN
from watching import Cluster, Start, until

from project_operator.kube.resources import PROJECTS, SECRETS


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


async def test_it_stops_at_once_and_leaves_nothing_behind(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    before = asyncio.all_tasks()
    layer = start(PROJECTS, SECRETS)
    await layer.becomes_ready("projects")
    await layer.becomes_ready("secrets")

    layer.stop.set()
    async with asyncio.timeout(WITHIN):
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
        await asyncio.wait_for(heard.wait(), WITHIN)
        await cluster.project("alpha")
        await until(lambda: layer.sink.named("alpha"), "alpha, as Kopf has not ended")
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
