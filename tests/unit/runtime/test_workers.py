"""Workers at a queue leave the event loop to others, however much there is to do."""

import asyncio
from itertools import groupby

from simulation.loop import run_virtually

from project_operator.runtime.queue import WorkQueue
from project_operator.runtime.workers import Workers

LEAST = 4
TURN = "another's turn"


def test_work_that_waits_for_nothing_does_not_keep_the_loop_to_itself() -> None:
    """Ten thousand looks at a start, say, beside the event that tells of a new Project."""
    done: list[str] = []

    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue()

        async def work(key: str) -> None:
            done.append(key)
            queue.done(key)

        workers = Workers(queue, work, least=LEAST)
        for number in range(100):
            queue.add(f"key {number}")
        workers.start()
        while len(done) - done.count(TURN) < 100:
            await asyncio.sleep(0)
            done.append(TURN)
        queue.close()
        await workers.stop(1.0)

    run_virtually(story())
    runs = [len(list(group)) for kind, group in groupby(done, lambda one: one == TURN) if not kind]
    # At first each begins with one, and one more than stay for good is hired; from then on it is one at a time.
    assert max(runs) <= LEAST + 1
    assert max(runs[1:]) == 1
