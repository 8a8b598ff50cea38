import asyncio
from collections.abc import Awaitable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.loop import run_virtually

from project_operator.runtime.clock import TICK
from project_operator.runtime.queue import Class, WorkQueue

FOREVER = 1e9


def now() -> float:
    return asyncio.get_running_loop().time()


async def taken(queue: WorkQueue[str]) -> str | None:
    """What is handed out at once; None if nothing is."""
    waiting = asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    return None


async def all_taken(queue: WorkQueue[str]) -> list[str]:
    found = []
    while (key := await taken(queue)) is not None:
        found.append(key)
        queue.done(key)
    return found


def told(story: Awaitable[None]) -> None:
    async def tell() -> None:
        await story

    run_virtually(tell())


def test_a_key_waits_once_however_often_it_is_added() -> None:
    async def story() -> None:
        queue = WorkQueue[str]()
        for key in ("a", "b", "a"):
            queue.add(key)
        assert await all_taken(queue) == ["a", "b"]

    told(story())


def test_what_changed_goes_before_rounds_and_each_in_its_order() -> None:
    async def story() -> None:
        queue = WorkQueue[str]()
        for key, cls in (("r1", Class.ROUTINE), ("c1", Class.CHANGED), ("r2", Class.ROUTINE), ("c2", Class.CHANGED)):
            queue.add(key, cls)
        queue.add("r2", Class.CHANGED)
        queue.add("c1", Class.ROUTINE)
        assert (queue.depth(Class.CHANGED), queue.depth(Class.ROUTINE)) == (3, 1)
        assert await all_taken(queue) == ["c1", "c2", "r2", "r1"]

    told(story())


@pytest.mark.parametrize(("waited", "first"), [(1.9, "new"), (2.1, "old")])
def test_routine_work_is_passed_over_only_until_it_has_aged(waited: float, first: str) -> None:
    async def story() -> None:
        queue = WorkQueue[str](ageing=2.0)
        queue.add("old", Class.ROUTINE)
        await asyncio.sleep(waited)
        queue.add("new", Class.CHANGED)
        assert queue.age(Class.ROUTINE) == pytest.approx(waited)
        assert await taken(queue) == first

    told(story())


def test_aged_routine_work_does_not_push_before_what_changed_earlier() -> None:
    async def story() -> None:
        queue = WorkQueue[str](ageing=2.0)
        queue.add("changed", Class.CHANGED)
        await asyncio.sleep(1.0)
        queue.add("routine", Class.ROUTINE)
        await asyncio.sleep(3.0)
        assert await all_taken(queue) == ["changed", "routine"]

    told(story())


def test_much_that_has_aged_takes_turns_with_what_comes_then() -> None:
    async def story() -> None:
        queue = WorkQueue[str](ageing=2.0)
        for key in ("r1", "r2", "r3", "r4"):
            queue.add(key, Class.ROUTINE)
        await asyncio.sleep(3.0)
        for key in ("c1", "c2"):
            queue.add(key, Class.CHANGED)
        assert await all_taken(queue) == ["r1", "c1", "r2", "c2", "r3", "r4"]

    told(story())


def test_a_key_added_while_it_is_worked_on_is_worked_on_once_more_and_never_twice_at_once() -> None:
    async def story() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        assert await taken(queue) == "a"
        queue.add("a", Class.ROUTINE)
        queue.add("a", Class.CHANGED)
        assert queue.active == 1
        assert await taken(queue) is None
        queue.done("a")
        assert queue.depth(Class.CHANGED) == 1
        assert await all_taken(queue) == ["a"]
        assert queue.active == 0

    told(story())


def test_a_delay_wakes_the_worker_and_the_earlier_of_two_counts() -> None:
    async def story() -> None:
        queue = WorkQueue[str]()
        begun = now()
        queue.add_after("a", 5.0)
        queue.add_after("a", 9.0)
        queue.add_after("b", 8.0)
        queue.add_after("b", 2.0)
        handed = [(await queue.get(), round(now() - begun, 3)) for _ in range(2)]
        assert handed == [("b", 2.0), ("a", 5.0)]
        queue.done("a")
        queue.done("b")
        await asyncio.sleep(20.0)
        assert await taken(queue) is None

    told(story())


def test_adding_a_key_ends_its_delay_and_so_does_cancelling() -> None:
    async def story() -> None:
        queue = WorkQueue[str]()
        queue.add_after("a", 5.0)
        queue.add_after("b", 5.0)
        queue.add("a")
        queue.cancel_delay("b")
        assert await all_taken(queue) == ["a"]
        await asyncio.sleep(6.0)
        assert await all_taken(queue) == []

    told(story())


def test_the_wait_is_told_with_its_class() -> None:
    async def story() -> None:
        queue = WorkQueue[str]()
        queue.add("a", Class.ROUTINE)
        await asyncio.sleep(1.5)
        assert await taken(queue) == "a"
        cls, seconds = queue.waited("a")
        assert cls == "routine"
        assert seconds == pytest.approx(1.5)
        assert queue.age(Class.ROUTINE) == 0.0

    told(story())


def test_closing_sends_every_waiting_worker_home_and_hands_out_nothing_more() -> None:
    async def story() -> None:
        queue = WorkQueue[str]()
        workers = [asyncio.ensure_future(queue.get()) for _ in range(3)]
        await asyncio.sleep(1.0)
        queue.add_after("late", 1.0)
        queue.close()
        assert await asyncio.gather(*workers) == [None, None, None]
        queue.add("a")
        assert await queue.get() is None

    told(story())


class Model:
    """The queue as sets: what waits, what is worked on, what is due."""

    def __init__(self) -> None:
        self.ready: dict[str, Class] = {}
        self.active: set[str] = set()
        self.again: dict[str, Class] = {}
        self.due: dict[str, float] = {}

    def add(self, key: str, cls: Class) -> None:
        self.due.pop(key, None)
        waiting = self.again if key in self.active else self.ready
        waiting[key] = min(cls, waiting.get(key, cls))

    def add_after(self, key: str, moment: float) -> None:
        self.due[key] = min(moment, self.due.get(key, moment))

    def promote(self, moment: float) -> None:
        for key in [key for key, due in self.due.items() if due <= moment + TICK]:
            self.add(key, Class.ROUTINE)

    def take(self, key: str) -> None:
        assert key not in self.active
        assert self.ready.pop(key) <= min(self.ready.values(), default=Class.ROUTINE)
        self.active.add(key)

    def done(self, key: str) -> None:
        self.active.discard(key)
        if key in self.again:
            self.add(key, self.again.pop(key))


keys = st.sampled_from("abcd")
deeds = st.one_of(
    st.tuples(st.just("add"), keys, st.sampled_from(Class)),
    st.tuples(st.just("after"), keys, st.sampled_from([0.0, 1.0, 2.5])),
    st.tuples(st.just("take")),
    st.tuples(st.just("done"), keys),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 1.0, 3.0])),
)


async def as_the_model_says(story: list[tuple[object, ...]]) -> None:
    queue, model = WorkQueue[str](ageing=FOREVER), Model()
    for deed in [*story, ("wait", 10.0), *[("take",)] * 5]:
        match deed:
            case ("add", str(key), Class() as cls):
                queue.add(key, cls)
                model.add(key, cls)
            case ("after", str(key), float(delay)):
                queue.add_after(key, delay)
                model.add_after(key, now() + delay)
            case ("wait", float(seconds)):
                await asyncio.sleep(seconds)
            case ("done", str(key)) if key in model.active:
                queue.done(key)
                model.done(key)
            case ("take",):
                model.promote(now())
                handed = await taken(queue)
                assert (handed is None) == (not model.ready)
                if handed is not None:
                    model.take(handed)
    assert queue.active == len(model.active)


@settings(max_examples=200, deadline=None)
@given(st.lists(deeds, max_size=30))
def test_it_does_what_the_model_does(story: list[tuple[object, ...]]) -> None:
    run_virtually(as_the_model_says(story))


def test_a_queue_that_hands_out_what_is_worked_on_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    story: list[tuple[object, ...]] = [("add", "a", Class.CHANGED), ("take",), ("add", "a", Class.CHANGED), ("take",)]
    run_virtually(as_the_model_says(story))
    whole = WorkQueue.add

    def forgetful(self: WorkQueue[str], key: str, cls: Class = Class.CHANGED) -> None:
        self._active.pop(key, None)
        whole(self, key, cls)

    monkeypatch.setattr(WorkQueue, "add", forgetful)
    with pytest.raises(AssertionError):
        run_virtually(as_the_model_says(story))


def lanes(width: int = 2) -> WorkQueue[str]:
    """A queue whose lanes go by the first letter."""
    return WorkQueue[str](lane_of=lambda key: key[0], width=width)


def test_of_one_lane_only_so_many_are_worked_on_and_the_others_go_on() -> None:
    async def story() -> None:
        queue = lanes()
        for key in ("a1", "a2", "a3", "a4", "b1"):
            queue.add(key)
        assert [await taken(queue) for _ in range(4)] == ["a1", "b1", "a2", None]
        assert queue.depth(Class.CHANGED) == 2
        queue.done("a2")
        assert await taken(queue) == "a3"
        assert await taken(queue) is None

    told(story())


def test_lanes_take_turns_however_much_waits_in_one() -> None:
    async def story() -> None:
        queue = lanes(width=100)
        for number in range(10):
            queue.add(f"a{number}")
        queue.add("b1")
        queue.add("c1", Class.ROUTINE)
        queue.add("c2")
        assert [await taken(queue) for _ in range(5)] == ["a0", "b1", "c2", "a1", "a2"]

    told(story())


def test_a_worker_who_waits_is_woken_when_a_lane_has_room_again() -> None:
    async def story() -> None:
        queue = lanes(width=1)
        queue.add("a1")
        queue.add("a2")
        assert await taken(queue) == "a1"
        waiting = asyncio.ensure_future(queue.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.done("a1")
        assert await waiting == "a2"

    told(story())


def test_a_key_stays_in_its_lane_until_it_is_done() -> None:
    async def story() -> None:
        place = "a"
        queue = WorkQueue[str](lane_of=lambda _: place, width=1)
        queue.add("x")
        assert await taken(queue) == "x"
        place = "b"
        queue.add("x")
        queue.add("y")
        assert await taken(queue) == "y"
        queue.done("y")
        queue.done("x")
        assert await taken(queue) == "x"
        queue.done("x")
        assert await all_taken(queue) == []

    told(story())


def test_what_waits_in_a_full_lane_holds_up_no_round_of_another() -> None:
    """Not even when it has waited for longer than any."""

    async def story() -> None:
        queue = lanes(width=1)
        for key in ("a1", "a2"):
            queue.add(key, Class.ROUTINE)
        assert await taken(queue) == "a1"
        await asyncio.sleep(60)
        queue.add("b1", Class.ROUTINE)
        queue.add("c1")
        assert [await taken(queue) for _ in range(3)] == ["c1", "b1", None]
        assert queue.age(Class.ROUTINE) == pytest.approx(60)

    told(story())
