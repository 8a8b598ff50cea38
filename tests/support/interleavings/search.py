"""Go through every state that can be reached, shortest ways first; keep the ways, so that what breaks can be told."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from interleavings.state import TIMING, UIDS, Held, Operator, State, Stored, ready_in, told
from interleavings.step import Rules, Step
from interleavings.steps import steps
from project_operator.reconcile.evidence import NEVER


@dataclass(slots=True)
class Found:
    """What a search came to."""

    states: int = 0
    edges: int = 0
    """Steps that were looked at; several may lead from one state to another."""
    complete: bool = False
    steps: int = 0
    """Every way of so many steps from the start was gone to its end; where it is complete, every way."""
    broken: dict[str, list[str]] = field(default_factory=dict)
    """By promise: the shortest way to break it, step by step."""
    stuck: list[str] | None = None
    """The way to a state from which no good end can be reached without a fault."""


def world(*people: str, operators: int = 1, budget: int = 1) -> State:
    """A Project just applied, and operators that know it."""
    new = Stored(1, UIDS[0], 1, False, (), False, "one", "{}")  # noqa: FBT003 - in order
    one = Operator(new, started_at=0.0 if "edit" in people else NEVER)
    return State(new, new, operators=(one,) * operators, people=people, budget=budget)


def search(start: State, rules: Rules | None = None, *, at_most: int = 100_000, until_broken: bool = False) -> Found:
    """Every state that can be reached from ``start``, at most ``at_most`` of them."""
    rules = rules or Rules()
    number = {start.key(): 0}
    states, came, depths = [start], [(-1, "")], [0]
    backwards: dict[int, list[int]] = {}
    found = Found()
    place = 0
    while place < len(states):
        if len(states) > at_most:
            found.states = len(states)
            return found
        state, found.steps = states[place], depths[place]
        if (
            is_good(state)
            and not state.budget
            and not state.people
            and all(one.age > TIMING.read_lag for one in state.held)
        ):
            place += 1  # nothing that could go wrong is left
            continue
        for step in steps(state, rules):
            found.edges += 1
            broken = step.broken or _objection(step.after)
            if broken:
                found.broken.setdefault(broken.split(":")[0], [*_way(came, place), step.label, broken])
                if until_broken:
                    found.states = len(states)
                    return found
                continue
            key = step.after.key()
            known = number.get(key)
            if known is None:
                known = number[key] = len(states)
                states.append(step.after)
                came.append((place, step.label))
                depths.append(depths[place] + 1)
            if not step.fault and not step.chosen:
                backwards.setdefault(known, []).append(place)
        place += 1
    found.states, found.complete = len(states), True
    if not found.broken:
        found.stuck = _stuck(states, came, backwards)
    return found


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a story ends."""

    state: State
    broken: str
    """The promise that it breaks, if only one that is tolerated elsewhere; "" where none."""


class Impossible(Exception):
    """A story that this world does not allow."""


def follow(
    start: State, story: Sequence[str], rules: Rules | None = None, *, tolerating: str = "nothing", at_most: int = 1500
) -> Ending:
    """Live through ``story``: parts of the labels of steps, in order, with as few other steps between them as will do,
    none of these a fault or a person's. No promise is broken before its end, but the one that is tolerated.

    Raises:
        Impossible: the story cannot go on so, or has broken a promise before its end.
    """
    rules = rules or Rules()
    state, broken = start, ""
    for place, part in enumerate(story):
        if broken:
            raise Impossible(f"{broken}, before {part!r}")
        found = _next(state, part, rules, at_most)
        if found is None:
            raise Impossible(f"{place}: never {part!r}")
        state, broken = found.after, found.broken or _objection(found.after)
        if place < len(story) - 1 and broken.startswith(tolerating):
            broken = ""
    return Ending(state, broken)


def _next(start: State, part: str, rules: Rules, at_most: int) -> Step | None:
    """The nearest step whose label has ``part`` in it."""
    seen, front = {start.key()}, deque([start])
    while front and len(seen) < at_most:
        for step in steps(front.popleft(), rules):
            if part in step.label:
                return step
            if step.fault or step.chosen or step.broken or (key := step.after.key()) in seen:
                continue
            seen.add(key)
            front.append(step.after)
    return None


def _objection(state: State) -> str:
    """I1, I2 and I7, which are of states."""
    for uid in UIDS:
        if sum(one.uid == uid and not one.gone for one in state.held) > 1:
            return "I1: two projects carry the mark of one object"
    current = state.current
    for one in state.held:
        if one.gone or one.deleting or (current is not None and current.uid == one.uid):
            continue
        if not (_is_being_deleted(state, one) or any(_remembers(operator, one) for operator in state.operators)):
            return "I2: a project of an object that is gone"
    if current is not None and not current.deleting and state.people == ():
        status = told(current)
        ready = ready_in(status)
        if ready.get("status") == "True" and ready.get("observedGeneration") == current.generation:
            named = next((one for one in state.held if one.id == status.get("id")), None)
            if named is not None and not named.deleting and not named.gone and named.description != current.description:
                return "I7: Ready, and not as the spec says"
    return ""


def _is_being_deleted(state: State, one: Held) -> bool:
    return any(request.kind == "delete" and request.project_id == one.id for request in state.requests)


def _remembers(operator: Operator, one: Held) -> bool:
    """Whether it has the answer to its own creation of ``one`` in hand, and so will do away with it (R8)."""
    memory = operator.memory(one.uid)
    return memory is not None and memory.answer is not None and memory.answer.id == one.id


def is_good(state: State) -> bool:
    """Nothing under way; and either the Project is Ready with the one project that is there, or both are gone."""
    living = [one for one in state.held if not one.gone]
    current = state.current
    if state.requests or (current is not None and current.deleting):
        return False
    if current is None:
        return not living
    status = told(current)
    ready = ready_in(status)
    return (
        len(living) == 1
        and current.finalizer
        and (living[0].id, living[0].uid, living[0].description) == (status.get("id"), current.uid, current.description)
        and not living[0].deleting
        and (ready.get("status"), ready.get("observedGeneration")) == ("True", current.generation)
    )


def _way(came: list[tuple[int, str]], place: int) -> list[str]:
    way = []
    while place > 0:
        place, label = came[place]
        way.append(label)
    return way[::-1]


def _stuck(states: list[State], came: list[tuple[int, str]], backwards: dict[int, list[int]]) -> list[str] | None:
    saved = bytearray(len(states))
    front = deque(place for place, state in enumerate(states) if is_good(state))
    for place in front:
        saved[place] = 1
    while front:
        for before in backwards.get(front.popleft(), ()):
            if not saved[before]:
                saved[before] = 1
                front.append(before)
    lost = saved.find(0)
    return None if lost < 0 else [*_way(came, lost), repr(states[lost])]
