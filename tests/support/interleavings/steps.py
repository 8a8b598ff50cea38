"""What can happen next: people, time, the backend, faults, and one step of an operator that decides with the real core.

Each step is one atomic change. A write to the API server succeeds only on the version that it was decided on (R1),
unless a rule is broken on purpose (`Rules`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import Any, Final

from simulation.backend import SimulatedBackend

from interleavings.state import (
    MARKS,
    TICK,
    TIMING,
    UIDS,
    WALL,
    Call,
    Held,
    Operator,
    Request,
    State,
    Stored,
    ready_in,
    told,
    wire_of,
)
from project_operator.api.names import BACKEND_ANNOTATION
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.errors import OutcomeUnknown
from project_operator.reconcile import absorb
from project_operator.reconcile import actions as act
from project_operator.reconcile.absorb import Moment
from project_operator.reconcile.credibility import Census, judge
from project_operator.reconcile.decide import decide
from project_operator.reconcile.evidence import NEVER, Listing
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.record import Record
from project_operator.reconcile.removal import vanished
from project_operator.reconcile.view import BackendView, Cadence, View, record_of

CADENCE: Final = Cadence(fast=1.0, slow=10.0, resync=TICK, refused=TICK, refused_at_most=TICK, grace=0.0)
BACKEND: Final = BackendView(
    kind="IdentityBackend",
    name="default",
    uid="b1",
    endpoint_id="e1",
    organization_id="org",
    revision="r1",
    unsupported=lambda _project: (),
    planner=SimulatedBackend(Random(1)),  # noqa: S311 - nothing is drawn
    default_deletion_policy="Delete",
    deletion_policy_source="default",
    principal="robot",
)
EDITS: Final = {"edit": "two", "second edit": "three"}
"""What people may do to the spec, and the description that it has then."""
MOST_PROJECTS: Final = 4
"""More are never there at once in a trace that is worth reading."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The world's part of the protocol, for a test to break."""

    guarded: bool = True
    """R1: a patch applies only to the version that it was decided on."""
    remove_duplicates: bool = False
    lag_is_bounded: bool = True
    flight_is_bounded: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens."""

    label: str
    after: State
    fault: bool = False
    broken: str = ""
    """The promise that it breaks."""
    at_once: bool = False
    """Whether an operator that is not paused does it before time passes."""
    chosen: bool = False
    """Whether a person chose to do it."""


def steps(state: State, rules: Rules) -> Iterator[Step]:
    """Everything that can happen next in ``state``."""
    yield from _people(state)
    yield from _servers(state)
    yield from _requests(state, rules)
    own = [step for index in range(len(state.operators)) for step in _operator(state, index, rules)]
    for index in range(len(state.operators)):
        yield from _faults(state, index)
    yield from own
    yield from _time(state, rules, busy=any(step.at_once for step in own))


def _people(state: State) -> Iterator[Step]:
    current = state.current
    for wish in state.people:
        rest = tuple(one for one in state.people if one != wish)
        if wish == "re-create" and current is None:
            new = Stored(_next_version(state), UIDS[1], 1, False, (), False, "one", "{}")  # noqa: FBT003 - in order
            yield Step("a person makes the Project anew", replace(state, current=new, people=rest), chosen=True)
        if current is None:
            continue
        if wish in EDITS and not current.deleting:
            edited = replace(current, description=EDITS[wish], generation=current.generation + 1)
            yield Step(f"a person's {wish}", _stored(state, edited, people=rest), chosen=True)
        if wish == "delete" and not current.deleting:
            going = replace(current, deleting=True, generation=current.generation + 1)
            yield Step(
                "a person deletes the Project",
                _stored(state, going if going.finalizer else None, people=rest),
                chosen=True,
            )
        if wish == "strip" and current.finalizer and not current.deleting:
            yield Step(
                "a person strips the finalizer",
                _stored(state, replace(current, finalizer=False), people=rest),
                chosen=True,
            )
    if "delete outside" in state.people:
        rest = tuple(one for one in state.people if one != "delete outside")
        for place, one in enumerate(state.held):
            if not one.gone and not one.deleting:
                held = _put(state.held, place, one.changed(deleting=True))
                yield Step(f"somebody deletes {one.id} outside", replace(state, held=held, people=rest), chosen=True)


def _servers(state: State) -> Iterator[Step]:
    if state.lagging != state.current and state.budget:
        yield Step("the lagging API server catches up", replace(state, lagging=state.current))
    for place, one in enumerate(state.held):
        if one.deleting and not one.gone:
            held = _put(state.held, place, one.changed(gone=True))
            yield Step(f"the backend has deleted {one.id}", replace(state, held=held))


def _requests(state: State, rules: Rules) -> Iterator[Step]:
    for place, request in enumerate(state.requests):
        without = replace(state, requests=state.requests[:place] + state.requests[place + 1 :])
        if request.sender >= 0 and state.budget:
            spent = replace(without, budget=state.budget - 1)
            left = replace(request, sender=-1)
            yield Step(f"{_named(request)} fails on its way", _unanswered(spent, request), fault=True)
            on_its_way = _unanswered(replace(spent, requests=(*spent.requests, left)), request)
            yield Step(f"nobody waits any more for {_named(request)}", on_its_way, fault=True)
        if request.sender < 0:
            yield Step(f"{_named(request)} never arrives", without)
        committed = _committed(without, request)
        if committed is None:
            continue
        after, project_id, broken = committed
        if request.sender < 0:
            yield Step(f"{_named(request)} takes effect late", after, broken=broken)
            continue
        yield Step(f"{_named(request)} is done and answered", _answered(after, request, project_id), broken=broken)
        if state.budget:
            lost = _unanswered(replace(after, budget=state.budget - 1), request)
            yield Step(f"{_named(request)} is done, its answer lost", lost, fault=True, broken=broken)
    del rules


def _committed(state: State, request: Request) -> tuple[State, str, str] | None:
    """The world after a request took effect, the id that it was about, and the promise that this breaks."""
    if request.kind == "create":
        if len(state.held) >= MOST_PROJECTS:
            return None
        new = Held(f"o{len(state.held) + 1}", request.uid, request.description)
        return replace(state, held=(*state.held, new)), new.id, ""
    place = next(place for place, one in enumerate(state.held) if one.id == request.project_id)
    one = state.held[place]
    if one.gone or one.deleting:
        return state, one.id, ""
    broken = "I3: it carries another object's mark" if one.uid != request.uid else ""
    if request.kind == "update":
        return (
            replace(state, held=_put(state.held, place, one.changed(description=request.description))),
            one.id,
            broken,
        )
    current = state.current
    if current is not None and not current.deleting and told(current).get("id") == one.id:
        broken = "I3: a living Project names it"
    return replace(state, held=_put(state.held, place, one.changed(deleting=True))), one.id, broken


def _answered(state: State, request: Request, project_id: str) -> State:
    operator = state.operators[request.sender]
    call = operator.call
    if call is None:
        raise AssertionError("an operator waits for its answer")
    moment = _moment(call)
    match call.action:
        case act.Create():
            answer = RemoteProject(
                id=project_id,
                organization_id="org",
                content=ProjectContent("web", request.description, mark=MARKS[request.uid]),
                provisioning_status=ProvisioningStatus.PENDING,
                health_status=HealthStatus.UNKNOWN,
                creation_time=WALL,
                created_by="robot",
            )
            memory = absorb.created(call.memory, answer, moment)
            operator = replace(operator, named_at=(*operator.named_at, (project_id, 0.0)))
        case act.Update():
            memory = absorb.updated(call.memory, call.action, moment)
        case act.Delete():
            memory = absorb.deleted(call.memory, call.action, moment)
        case _:
            raise AssertionError(call.action)
    return state.with_operator(
        request.sender, replace(operator, call=None).remembering(call.uid, memory).a_moment_later()
    )


def _unanswered(state: State, request: Request) -> State:
    operator = state.operators[request.sender]
    call = operator.call
    if call is None:
        raise AssertionError("an operator waits for its answer")
    moment, error = _moment(call), OutcomeUnknown("no answer")
    match call.action:
        case act.Create():
            memory = absorb.create_failed(call.memory, call.action, error, moment)
        case act.Update():
            memory = absorb.update_failed(call.memory, call.action, error, moment)
        case act.Delete():
            memory = absorb.delete_failed(call.memory, call.action, error, moment)
        case _:
            raise AssertionError(call.action)
    return state.with_operator(
        request.sender, replace(operator, call=None).remembering(call.uid, memory).a_moment_later()
    )


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


def _operator(state: State, index: int, rules: Rules) -> Iterator[Step]:
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
            yield from _patched(
                state, index, operator, cache, f"{who} adds the finalizer",
                lambda record, moment: absorb.finalizer_added(memory, action, record, moment),
                rules, finalizer=True, annotations=annotations,
            )  # fmt: skip
        case act.RemoveFinalizer():
            kept = tuple(pair for pair in cache.annotations if pair[0] != BACKEND_ANNOTATION)
            yield from _patched(
                state, index, operator, cache, f"{who} removes the finalizer", lambda *_: memory, rules,
                finalizer=False, annotations=kept,
            )  # fmt: skip
        case act.WriteStatus():
            before = view.project.status.operation
            updating = before is not None and before.type == "Update"
            yield from _patched(
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
            yield from _read(state, index, operator, uid, memory, action.project_id)
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
                yield from _patched(
                    state, index, operator, cache, f"{who} reports {_brief(told(replace(cache, status=status)))}",
                    lambda *_: memory, rules, status=status,
                )  # fmt: skip
                return
            if action.poll is not None and action.poll.project_id:
                yield from _read(state, index, operator, uid, memory, action.poll.project_id)
            wanted = action.poll is not None and not action.poll.project_id and action.poll.after <= 0.0
            yield from _listed(state, index, operator, cache, wanted=wanted)
        case act.Forget():
            yield Step(f"{who} forgets", state.with_operator(index, operator.remembering(uid, None)), at_once=True)
        case _:
            raise AssertionError(action)


def _read(state: State, index: int, operator: Operator, uid: str, memory: Memory, project_id: str) -> Iterator[Step]:
    for shown in next((one.shown() for one in state.held if one.id == project_id), (None,)):
        after = absorb.read(memory, project_id, shown, begun_at=0.0)
        gone = operator.confirmed_gone | {project_id} if shown is None else operator.confirmed_gone - {project_id}
        reader = replace(operator, confirmed_gone=gone).remembering(uid, after)
        if reader != state.operators[index]:
            yield Step(f"operator {index} reads {project_id}: {_look(shown)}", state.with_operator(index, reader))


def _listed(state: State, index: int, operator: Operator, cache: Stored, *, wanted: bool) -> Iterator[Step]:
    """A listing: where it is wanted, or shows something else than the last one did."""
    status = told(cache)
    named = frozenset({str(status["id"])} if "id" in status else ())
    census = Census(
        named=named,
        leaving=named if cache.deleting else frozenset(),
        confirmed_gone=operator.confirmed_gone & named,
        named_at=dict(operator.named_at),
        read_lag=TIMING.read_lag,
    )
    for shown in product(*(one.shown() for one in state.held)):
        projects = [one for one in shown if one is not None]
        judgement = judge(census, {one.id for one in projects}, begun_at=0.0, may_read=True)
        listing = Listing.of(projects, begun_at=0.0, credible=judgement.credible)
        looked = replace(
            operator, listing=listing, read_verified_at=0.0, confirmed_gone=operator.confirmed_gone & named
        )
        old = operator.listing
        if wanted or old is None or (old.by_id, old.credible) != (listing.by_id, listing.credible):
            seen = ", ".join(map(_look, projects)) or "nothing"
            yield Step(f"operator {index} lists: {seen}", state.with_operator(index, looked))


def _patched(
    state: State, index: int, operator: Operator, cache: Stored, label: str, absorbed: Any, rules: Rules, **changes: Any
) -> Iterator[Step]:
    """A patch of the Project: it applies, or it meets another version; and its answer may be lost."""
    current = state.current
    applies = current == cache if rules.guarded else current is not None
    if not applies or current is None:
        conflict = state.with_operator(index, replace(operator, cache=state.current))
        yield Step(f"{label}, which conflicts; it reads the Project live", conflict, at_once=True)
        return
    new = replace(current, version=_next_version(state), **changes)
    gone = new.deleting and not new.finalizer
    broken = _finalizer_objection(state, current, index) if current.finalizer and not new.finalizer else ""
    stale = "" if current == cache else " over a state that it has not seen"
    tokens = max(state.tokens, int(str(told(new).get("attempt", "t0"))[1:]))
    written = replace(_stored(state, None if gone else new), tokens=tokens)
    believed = new if rules.guarded else replace(cache, version=new.version, **changes)
    memory = absorbed(_record(believed), Moment(0.0, 0.0, 0.0, 0.0, cache.generation, BACKEND.revision))
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


def _moment(call: Call) -> Moment:
    return Moment(call.asked_at, call.asked_at, 0.0, 0.0, call.generation, BACKEND.revision)


def _stored(state: State, new: Stored | None, **changes: Any) -> State:
    if new is not None:
        new = replace(new, version=_next_version(state))
    return replace(state, current=new, **changes)


def _next_version(state: State) -> int:
    known = (state.current, state.lagging, *(operator.cache for operator in state.operators))
    return max((one.version for one in known if one is not None), default=0) + 1


def _put(held: tuple[Held, ...], place: int, one: Held) -> tuple[Held, ...]:
    return (*held[:place], one, *held[place + 1 :])


def _named(request: Request) -> str:
    return f"the {request.kind} of {request.project_id or 'a project'}"


def _look(project: RemoteProject | None) -> str:
    if project is None:
        return "not found"
    return f"{project.id} '{project.content.description}'{' (being deleted)' if project.deleting else ''}"


def _brief(status: dict[str, Any]) -> str:
    ready = ready_in(status)
    words = f"id={status.get('id', '')} attempt={status.get('attempt', '')}"
    return f"{words} Ready={ready.get('status')}/{ready.get('reason')}"
