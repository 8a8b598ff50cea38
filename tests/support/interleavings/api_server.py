"""The API server: what is stored, and patches of it that apply or conflict and whose answers may be lost."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from interleavings.state import REVISION, TIMING, Operator, State, Stored, told
from interleavings.step import Rules, Step
from project_operator.reconcile.absorb import Moment
from project_operator.reconcile.record import Record
from project_operator.reconcile.view import record_of


def stored(state: State, new: Stored | None, **changes: Any) -> State:
    """With ``new`` in the API server; None: nothing is left of it."""
    if new is not None:
        new = replace(new, version=next_version(state))
    return replace(state, current=new, **changes)


def next_version(state: State) -> int:
    """Higher than whatever anybody remembers."""
    known = (state.current, state.lagging, *(operator.cache for operator in state.operators))
    return max((one.version for one in known if one is not None), default=0) + 1


def patched(
    state: State, index: int, operator: Operator, cache: Stored, label: str, absorbed: Any, rules: Rules, **changes: Any
) -> Iterator[Step]:
    """A patch of the Project: it applies, or it meets another version; and its answer may be lost."""
    current = state.current
    applies = current == cache if rules.guarded else current is not None
    if not applies or current is None:
        conflict = state.with_operator(index, replace(operator, cache=state.current))
        yield Step(f"{label}, which conflicts; it reads the Project live", conflict, at_once=True)
        return
    new = replace(current, version=next_version(state), **changes)
    gone = new.deleting and not new.finalizer
    broken = _finalizer_objection(state, current, index) if current.finalizer and not new.finalizer else ""
    stale = "" if current == cache else " over a state that it has not seen"
    tokens = max(state.tokens, int(str(told(new).get("attempt", "t0"))[1:]))
    written = replace(stored(state, None if gone else new), tokens=tokens)
    believed = new if rules.guarded else replace(cache, version=new.version, **changes)
    memory = absorbed(_record(believed), Moment(0.0, 0.0, 0.0, 0.0, cache.generation, REVISION))
    done = replace(operator, cache=None if gone else (new if rules.guarded else believed))
    after = written.with_operator(index, done.remembering(cache.uid, memory).a_moment_later())
    yield Step(f"{label}{stale}", after, broken=broken, at_once=True)
    if state.budget:
        lost = written.with_operator(index, replace(operator, must_read=True), budget=state.budget - 1)
        yield Step(f"{label}{stale}, its answer lost", lost, fault=True, broken=broken)


def _finalizer_objection(state: State, current: Stored, index: int) -> str:
    """I6: with the finalizer goes the last thing that remembers what there is or may yet be."""
    uid = current.uid
    if any(one.uid == uid and not one.gone for one in state.held):
        return "I6: a project of it is there"
    if any(one.kind == "create" and one.uid == uid for one in state.requests):
        return "I6: a creation is on its way"
    for other, operator in enumerate(state.operators):
        memory = operator.memory(uid)
        right = memory.right if memory is not None and other != index and operator.call is None else None
        if right is not None and right.asked_at >= -TIMING.send_validity:
            return "I6: another may still send a creation"
    return ""


def _record(stored: Stored) -> Record:
    return record_of(stored.parsed())
