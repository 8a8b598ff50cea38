"""One operator: what it knows, what the real core decides on that, and what comes of it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final

from simulation.backend import SimulatedBackend

from interleavings.api_server import patched
from interleavings.looking import listed, read
from interleavings.state import (
    MARKS,
    REVISION,
    TICK,
    TIMING,
    WALL,
    Call,
    Operator,
    Request,
    State,
    Stored,
    ready_in,
    told,
    wire_of,
)
from interleavings.step import Rules, Step
from project_operator.api.names import BACKEND_ANNOTATION
from project_operator.reconcile import absorb
from project_operator.reconcile import actions as act
from project_operator.reconcile.decide import decide
from project_operator.reconcile.memory import Intent, Memory
from project_operator.reconcile.removal import vanished
from project_operator.reconcile.view import BackendView, Cadence, View, record_of

CADENCE: Final = Cadence(fast=1.0, slow=10.0, resync=TICK, refused=TICK, refused_at_most=TICK, grace=0.0)
BACKEND: Final = BackendView(
    kind="IdentityBackend",
    name="default",
    uid="b1",
    endpoint_id="e1",
    organization_id="org",
    revision=REVISION,
    unsupported=lambda _project: (),
    planner=SimulatedBackend(Random(1)),  # noqa: S311 - nothing is drawn
    default_deletion_policy="Delete",
    deletion_policy_source="default",
    principal="robot",
)


def next_of(state: State, index: int, rules: Rules) -> Iterator[Step]:
    """What the operator at ``index`` may do next: what the real core decides, on what it knows."""
    operator = state.operators[index]
    if operator.cache != state.current:
        told_now = replace(operator, cache=state.current, must_read=False)
        yield Step(f"operator {index}'s watch catches up", state.with_operator(index, told_now))
    if operator.call is not None:
        return
    if operator.must_read:
        read = replace(operator, cache=state.current, must_read=False)
        yield Step(f"operator {index} reads the Project live", state.with_operator(index, read), at_once=True)
        return
    cache = operator.cache
    for uid, memory in operator.memories:
        if cache is None or cache.uid != uid:
            yield from _left_behind(state, index, uid, memory)
            return
    if cache is None:
        return
    view = _view(state, operator, cache, rules)
    action = decide(view)
    facing = operator.remembering(cache.uid, view.memory)
    if facing.memories != operator.memories:
        yield Step(f"operator {index} takes note", state.with_operator(index, facing), at_once=True)
        return
    yield from _carried_out(state, index, facing, cache, view, action, rules)


def _left_behind(state: State, index: int, uid: str, memory: Memory) -> Iterator[Step]:
    """R8: nothing is left of the object, by live GET."""
    operator = state.operators[index]
    action = vanished(memory)
    if not isinstance(action, act.Delete):
        yield Step(
            f"operator {index} forgets", state.with_operator(index, operator.remembering(uid, None)), at_once=True
        )
        return
    request = Request("delete", -1, uid, action.project_id)
    after = state.with_operator(index, operator.remembering(uid, None), requests=(*state.requests, request))
    yield Step(f"operator {index} deletes {action.project_id}, which no object names", after, at_once=True)


def _view(state: State, operator: Operator, cache: Stored, rules: Rules) -> View:
    project = cache.parsed()
    record = record_of(project)
    memory = operator.memory(cache.uid) or Memory.first_sight(record, 0.0)
    memory = memory.facing(record, now=0.0, wall=0.0, timing=TIMING, jitter=0.0)
    return View(
        now=0.0,
        wall=WALL,
        started_at=operator.started_at,
        project=project,
        mark=MARKS[cache.uid],
        timing=TIMING,
        backend=replace(
            BACKEND,
            listing=operator.listing,
            read_verified_at=operator.read_verified_at,
            remove_duplicates=rules.remove_duplicates,
        ),
        memory=memory,
        token=f"t{state.tokens + 1}",
        cadence=CADENCE,
        definition_checked_at=operator.definition_checked_at,
    )


def _carried_out(  # noqa: C901, PLR0912 - a case for each action, and its circumstances
    state: State, index: int, operator: Operator, cache: Stored, view: View, action: act.Action, rules: Rules
) -> Iterator[Step]:
    who = f"operator {index}"
    memory, uid = view.memory, cache.uid
    match action:
        case act.AddFinalizer():
            annotations = tuple(
                sorted((dict(cache.annotations) | {BACKEND_ANNOTATION: action.backend_annotation}).items())
            )
            yield from patched(
                state, index, operator, cache, f"{who} adds the finalizer",
                lambda record, moment: absorb.finalizer_added(memory, action, record, moment),
                rules, finalizer=True, annotations=annotations,
            )  # fmt: skip
        case act.RemoveFinalizer():
            kept = tuple(pair for pair in cache.annotations if pair[0] != BACKEND_ANNOTATION)
            yield from patched(
                state, index, operator, cache, f"{who} removes the finalizer", lambda *_: memory, rules,
                finalizer=False, annotations=kept,
            )  # fmt: skip
        case act.WriteStatus():
            before = view.project.status.operation
            updating = before is not None and Intent.sends_updates(before.type)
            yield from patched(
                state, index, operator, cache, f"{who} writes {action.purpose}: {_brief(action.status.to_wire())}",
                lambda record, moment: absorb.status_written(memory, action, record, moment, was_updating=updating),
                rules, status=wire_of(action.status),
            )  # fmt: skip
        case act.Create():
            request = Request("create", index, uid, description=action.content.description or "")
            waits = replace(operator, call=Call(uid, action, memory, cache.generation))
            yield Step(
                f"{who} sends a creation",
                state.with_operator(index, waits, requests=(*state.requests, request)),
                at_once=True,
            )
        case act.Update():
            description = action.content.description or ""
            request = Request("update", index, uid, action.current.id, description)
            waits = replace(operator, call=Call(uid, action, memory, cache.generation))
            sent = state.with_operator(index, waits, requests=(*state.requests, request))
            yield Step(f"{who} sends an update of {action.current.id}", sent, at_once=True)
        case act.Delete():
            request = Request("delete", index, uid, action.project_id)
            waits = replace(operator, call=Call(uid, action, memory, cache.generation))
            sent = state.with_operator(index, waits, requests=(*state.requests, request))
            yield Step(f"{who} sends a deletion of {action.project_id}", sent, at_once=True)
        case act.Read():
            yield from read(state, index, operator, uid, memory, action.project_id)
        case act.VerifyReadAccess():
            yield Step(
                f"{who} proves its right to read",
                state.with_operator(index, replace(operator, read_verified_at=0.0)),
                at_once=True,
            )
        case act.CheckDefinition():
            checked = replace(operator, definition_checked_at=0.0)
            yield Step(f"{who} looks at the definition", state.with_operator(index, checked), at_once=True)
        case act.Rest():
            status = wire_of(action.status) if action.status is not None else cache.status
            if status != cache.status:
                yield from patched(
                    state, index, operator, cache, f"{who} reports {_brief(told(replace(cache, status=status)))}",
                    lambda *_: memory, rules, status=status,
                )  # fmt: skip
                return
            if action.poll is not None and action.poll.project_id:
                yield from read(state, index, operator, uid, memory, action.poll.project_id)
            wanted = action.poll is not None and not action.poll.project_id and action.poll.after <= 0.0
            yield from listed(state, index, operator, cache, wanted=wanted)
        case act.Forget():
            yield Step(f"{who} forgets", state.with_operator(index, operator.remembering(uid, None)), at_once=True)
        case _:
            raise AssertionError(action)


def _brief(status: Mapping[str, Any]) -> str:
    ready = ready_in(status)
    words = f"id={status.get('id', '')} attempt={status.get('attempt', '')}"
    return f"{words} Ready={ready.get('status')}/{ready.get('reason')}"
