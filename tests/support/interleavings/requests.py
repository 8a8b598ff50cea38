"""Writes on their way to the backend: they take effect or not, early or late, and are answered or not."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from interleavings.state import MARKS, REVISION, WALL, Call, Held, Request, State, told
from interleavings.step import Step
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.errors import OutcomeUnknown
from project_operator.reconcile import absorb
from project_operator.reconcile import actions as act
from project_operator.reconcile.absorb import Moment

MOST_PROJECTS: Final = 4
"""More are never there at once in a trace that is worth reading."""


def on_their_way(state: State) -> Iterator[Step]:
    """What becomes of the requests that are on their way."""
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
            replace(state, held=put(state.held, place, one.changed(description=request.description))),
            one.id,
            broken,
        )
    current = state.current
    if current is not None and not current.deleting and told(current).get("id") == one.id:
        broken = "I3: a living Project names it"
    return replace(state, held=put(state.held, place, one.changed(deleting=True))), one.id, broken


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


def _moment(call: Call) -> Moment:
    return Moment(call.asked_at, call.asked_at, 0.0, 0.0, call.generation, REVISION)


def put(held: tuple[Held, ...], place: int, one: Held) -> tuple[Held, ...]:
    """With ``one`` in that place."""
    return (*held[:place], one, *held[place + 1 :])


def _named(request: Request) -> str:
    return f"the {request.kind} of {request.project_id or 'a project'}"
