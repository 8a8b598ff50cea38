"""What can happen next: people, time, the backend, faults, and one step of an operator that decides with the real core.

Each step is one atomic change. A write to the API server succeeds only on the version that it was decided on (R1),
unless a rule is broken on purpose (`Rules`).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from interleavings.api_server import next_version, stored
from interleavings.deciding import next_of
from interleavings.requests import on_their_way, put
from interleavings.state import TIMING, UIDS, Operator, State, Stored
from interleavings.step import Rules, Step
from project_operator.reconcile.evidence import NEVER

EDITS: Final = {"edit": "two", "second edit": "three"}
"""What people may do to the spec, and the description that it has then."""


def steps(state: State, rules: Rules) -> Iterator[Step]:
    """Everything that can happen next in ``state``."""
    yield from _people(state)
    yield from _servers(state)
    yield from on_their_way(state)
    own = [step for index in range(len(state.operators)) for step in next_of(state, index, rules)]
    for index in range(len(state.operators)):
        yield from _faults(state, index)
    yield from own
    yield from _time(state, rules, busy=any(step.at_once for step in own))


def _people(state: State) -> Iterator[Step]:
    current = state.current
    for wish in state.people:
        rest = tuple(one for one in state.people if one != wish)
        if wish == "re-create" and current is None:
            new = Stored(next_version(state), UIDS[1], 1, False, (), False, "one", "{}")  # noqa: FBT003 - in order
            yield Step("a person makes the Project anew", replace(state, current=new, people=rest), chosen=True)
        if current is None:
            continue
        if wish in EDITS and not current.deleting:
            edited = replace(current, description=EDITS[wish], generation=current.generation + 1)
            yield Step(f"a person's {wish}", stored(state, edited, people=rest), chosen=True)
        if wish == "delete" and not current.deleting:
            going = replace(current, deleting=True, generation=current.generation + 1)
            yield Step(
                "a person deletes the Project",
                stored(state, going if going.finalizer else None, people=rest),
                chosen=True,
            )
        if wish == "strip" and current.finalizer and not current.deleting:
            yield Step(
                "a person strips the finalizer",
                stored(state, replace(current, finalizer=False), people=rest),
                chosen=True,
            )
    if "delete outside" in state.people:
        rest = tuple(one for one in state.people if one != "delete outside")
        for place, one in enumerate(state.held):
            if not one.gone and not one.deleting:
                held = put(state.held, place, one.changed(deleting=True))
                yield Step(f"somebody deletes {one.id} outside", replace(state, held=held, people=rest), chosen=True)


def _servers(state: State) -> Iterator[Step]:
    if state.lagging != state.current and state.budget:
        yield Step("the lagging API server catches up", replace(state, lagging=state.current))
    for place, one in enumerate(state.held):
        if one.deleting and not one.gone:
            held = put(state.held, place, one.changed(gone=True))
            yield Step(f"the backend has deleted {one.id}", replace(state, held=held))


def _time(state: State, rules: Rules, *, busy: bool) -> Iterator[Step]:
    """A tick. That an operator which has something to do lets it pass, is a fault: it was paused."""
    if busy and not state.budget:
        return
    if rules.flight_is_bounded and any(one.age >= TIMING.in_flight_bound for one in state.requests):
        return
    after = state.ticked()
    if not rules.lag_is_bounded:
        after = replace(after, held=tuple(replace(one, age=0.0) for one in after.held))
    if busy:
        yield Step("an operator is paused for a tick", replace(after, budget=state.budget - 1), fault=True)
    elif after.key() != state.key():
        yield Step("a tick passes", after)


def _faults(state: State, index: int) -> Iterator[Step]:
    if not state.budget:
        return
    orphaned = tuple(replace(one, sender=-1) if one.sender == index else one for one in state.requests)
    for cache in {state.current, state.lagging}:
        fresh = Operator(cache, started_at=NEVER if state.operators[index].started_at == NEVER else 0.0)
        if fresh != state.operators[index] or orphaned != state.requests:
            old = "" if cache == state.current else ", and is told an old state"
            after = state.with_operator(index, fresh, requests=orphaned, budget=state.budget - 1)
            yield Step(f"operator {index} is killed and starts again{old}", after, fault=True)
