"""What there is at one moment of the small world; frozen, and equal where nothing that matters differs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cache
from math import ceil
from types import MappingProxyType
from typing import Any, Final

from project_operator.api.conditions import Reason
from project_operator.api.marks import Mark
from project_operator.api.names import FINALIZER
from project_operator.api.v1alpha1.project import Project
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.reconcile.actions import Action, Purpose
from project_operator.reconcile.evidence import NEVER, Listing
from project_operator.reconcile.memory import Intent, Memory
from project_operator.reconcile.record import Timing

TICK: Final = 100.0
"""Seconds. Every bound is one tick, so what the code adds for safety's sake is rounded up to at most one more."""
MOMENT: Final = 1.0
"""Seconds that everything takes which has an end; far less than a tick in sum."""
TIMING: Final = Timing(send_validity=TICK, deadline=TICK, in_flight_bound=TICK, read_lag=TICK)
LONG_AGO: Final = -5 * TICK
"""Nothing older than this is told apart: it is longer than the longest wait."""
REVISION: Final = "r1"
"""Of the backend object."""
WALL: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UIDS: Final = ("00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b")
MARKS: Final = {
    uid: str(Mark.of(cluster_id="cluster", namespace="ns", name="web", namespace_uid="n1", uid=uid)) for uid in UIDS
}


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of the Project in the API server."""

    version: int
    uid: str
    generation: int
    finalizer: bool
    annotations: tuple[tuple[str, str], ...]
    deleting: bool
    description: str
    status: str
    """JSON, without the times and the words for people."""

    def parsed(self) -> Project:
        """As the core gets it."""
        return _parsed(replace(self, version=0))


@dataclass(frozen=True, slots=True)
class Held:
    """A project of the backend."""

    id: str
    uid: str
    """Whose mark is on it."""
    description: str
    deleting: bool = False
    gone: bool = False
    age: float = 0.0
    """Seconds since it was changed last."""
    before: "Held | None" = None
    """What reads may show instead for another read lag; None: nothing."""

    def shown(self) -> tuple[RemoteProject | None, ...]:
        """What a read that begins now may show: what was true at any time of the last read lag."""
        sights, one = [self._sight()], self
        while one.age <= TIMING.read_lag:
            if one.before is None:
                sights.append(None)
                break
            one = one.before
            sights.append(one._sight())
        return tuple(sight for place, sight in enumerate(sights) if sight not in sights[:place])

    def older(self) -> "Held":
        """A tick later."""
        age = min(self.age + TICK, 2 * TICK)
        before = self.before.older() if self.before is not None and age <= TIMING.read_lag else None
        return replace(self, age=age, before=before)

    def changed(self, **facts: Any) -> "Held":
        """After a change at this moment."""
        return replace(self, age=0.0, before=self, **facts)

    def _sight(self) -> RemoteProject | None:
        return None if self.gone else _remote(self.id, self.uid, self.description, deleting=self.deleting)


@dataclass(frozen=True, slots=True)
class Request:
    """A write on its way to the backend."""

    kind: str
    sender: int
    """The operator that waits for the answer; -1: nobody does."""
    uid: str
    """Whose mark it carries, or on whose behalf it is."""
    project_id: str = ""
    description: str = ""
    age: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """What an operator waits for."""

    uid: str
    action: Action
    memory: Memory
    """As it was when the call was decided."""
    generation: int
    """Of the spec that it was decided for."""
    asked_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Operator:
    """One process, as far as it remembers anything."""

    cache: Stored | None
    memories: tuple[tuple[str, Memory], ...] = ()
    listing: Listing | None = None
    read_verified_at: float = NEVER
    definition_checked_at: float = NEVER
    started_at: float = NEVER
    """R9 alone asks for it, so only a world with edits knows it."""
    named_at: tuple[tuple[str, float], ...] = ()
    confirmed_gone: frozenset[str] = frozenset()
    call: Call | None = None
    must_read: bool = False

    def memory(self, uid: str) -> Memory | None:
        """What it knows about the object of that uid."""
        return dict(self.memories).get(uid)

    def a_moment_later(self) -> "Operator":
        """After something has ended: what begins next, begins later than that. What came before it within the tick is
        taken as having come at once with it, so that no read counts as later than a write which it was not later than.
        """
        return _moved(self, lambda moment, _: -MOMENT if moment > -TICK else moment)

    def remembering(self, uid: str, memory: Memory | None) -> "Operator":
        """With that memory; None: forgotten."""
        rest = [(known, one) for known, one in self.memories if known != uid]
        kept = [] if memory is None else [(uid, _bounded(memory))]
        return replace(self, memories=tuple(sorted([*rest, *kept], key=lambda pair: pair[0])))


@dataclass(frozen=True, slots=True)
class State:
    """Everything."""

    current: Stored | None
    """The Project as it is."""
    lagging: Stored | None
    """What an API server that lags would still answer."""
    held: tuple[Held, ...] = ()
    requests: tuple[Request, ...] = ()
    operators: tuple[Operator, ...] = ()
    people: tuple[str, ...] = ()
    """What people may still do."""
    budget: int = 0
    """How many faults may still happen."""
    tokens: int = 0
    """How many attempt tokens were given out."""

    def key(self) -> tuple[Any, ...]:
        """Equal for states that nothing can tell apart."""
        # Only who starts again is told an old state, and that takes a fault.
        lagging = self.lagging if self.budget else self.current
        known = [self.current, lagging, *(operator.cache for operator in self.operators)]
        ranks = {version: rank for rank, version in enumerate(sorted({one.version for one in known if one}))}
        return (
            _ranked(self.current, ranks),
            _ranked(lagging, ranks),
            self.held,
            *self._operators(ranks),
            self.people,
            self.budget,
            self.tokens,
        )

    def _operators(self, ranks: Mapping[int, int]) -> tuple[Any, ...]:
        """The operators and the requests; which operator is the first is not told apart."""
        told = [
            (_ranked(operator.cache, ranks), _told_apart(operator), index)
            for index, operator in enumerate(self.operators)
        ]
        if len(told) > 1:
            told.sort(key=repr)
        order = {index: place for place, (_, _, index) in enumerate(told)} | {-1: -1}
        requests = sorted((replace(one, sender=order[one.sender]) for one in self.requests), key=_order)
        return (tuple(requests), tuple((cache, plain) for cache, plain, _ in told))

    def with_operator(self, index: int, operator: Operator, **changes: Any) -> "State":
        """With that operator in place of the one at ``index``."""
        operators = (*self.operators[:index], operator, *self.operators[index + 1 :])
        return replace(self, operators=operators, **changes)

    def ticked(self) -> "State":
        """A tick later."""
        return replace(
            self,
            held=tuple(one.older() for one in self.held),
            requests=tuple(replace(one, age=one.age + TICK) for one in self.requests),
            operators=tuple(_waited(_moved(operator, _older)) for operator in self.operators),
        )


def wire_of(status: ProjectStatus) -> str:
    """``status`` as JSON without what only people read: equal statuses for the core are equal texts."""
    wire = status.to_wire()
    for condition in wire.get("conditions", ()):
        condition |= {"message": "", "lastTransitionTime": "2026-01-02T03:04:05Z"}
    for entry in wire.get("drift", ()):
        entry["since"] = "2026-01-02T03:04:05Z"
    if operation := wire.get("operation"):
        wire["operation"] = {name: operation[name] for name in ("type", "state") if name in operation}
    return json.dumps(wire, sort_keys=True)


def ready_in(status: Mapping[str, Any]) -> dict[str, Any]:
    """The condition Ready in ``status``; {} where there is none."""
    return next((dict(one) for one in status.get("conditions", ()) if one["type"] == "Ready"), {})


def told(stored: Stored) -> Mapping[str, Any]:
    """The status in ``stored``."""
    return _decoded(stored.status)


@cache
def _decoded(status: str) -> Mapping[str, Any]:
    return MappingProxyType(json.loads(status))


@cache
def _parsed(stored: Stored) -> Project:
    metadata: dict[str, Any] = {
        "name": "web",
        "namespace": "ns",
        "uid": stored.uid,
        "generation": stored.generation,
        "finalizers": [FINALIZER] if stored.finalizer else [],
        "annotations": dict(stored.annotations),
    }
    if stored.deleting:
        metadata["deletionTimestamp"] = "2026-01-02T03:04:05Z"
    return Project.parse(
        {
            "metadata": metadata,
            "spec": {"description": stored.description, "missingPolicy": "Recreate"},
            "status": json.loads(stored.status),
        }
    )


@cache
def _remote(project_id: str, uid: str, description: str, *, deleting: bool) -> RemoteProject:
    return RemoteProject(
        id=project_id,
        organization_id="org",
        content=ProjectContent("web", description, mark=MARKS[uid]),
        provisioning_status=ProvisioningStatus.DEPROVISIONING if deleting else ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
        creation_time=WALL,
        created_by="robot",
        deletion_time=WALL if deleting else None,
    )


def _bounded(memory: Memory) -> Memory:
    """Counters that only make waits longer are not told apart."""
    refusal = memory.refusal
    return replace(
        memory,
        polls=0,
        updates=min(memory.updates, 1),
        failures=min(memory.failures, 1),
        refusal=replace(refusal, times=1) if refusal is not None else None,
        failure=memory.failure if memory.failure is not None and memory.failure.retry_at > 0.0 else None,
        assigned={},
    )


Move = Callable[[float, float], float]
"""From a moment, and what it may be compared with at most, to the moment as it is seen later."""


def _older(moment: float, at_most: float) -> float:
    return moment if moment == NEVER else max(-TICK * ceil((TICK - moment - TICK / 2) / TICK), at_most)


LAG_WAIT: Final = -2 * TICK
"""What is compared with the read lag alone is not told apart beyond this."""
UPDATE_WAIT: Final = -3 * TICK
"""What is compared with the time that an update may still take, is not told apart beyond this."""


def _waited(operator: Operator) -> Operator:
    """No wait after a failure is as long as a tick."""
    memories = tuple((uid, replace(memory, failure=None)) for uid, memory in operator.memories)
    return replace(operator, memories=memories)


def _moved(operator: Operator, move: Move) -> Operator:
    listing, call = operator.listing, operator.call
    return replace(
        operator,
        memories=tuple((uid, _remembered(memory, move)) for uid, memory in operator.memories),
        listing=replace(listing, begun_at=move(listing.begun_at, LONG_AGO)) if listing is not None else None,
        read_verified_at=move(operator.read_verified_at, LONG_AGO),
        definition_checked_at=move(operator.definition_checked_at, LONG_AGO),
        started_at=move(operator.started_at, UPDATE_WAIT),
        named_at=tuple((name, moved) for name, at in operator.named_at if (moved := move(at, LONG_AGO)) >= LAG_WAIT),
        call=replace(call, memory=_remembered(call.memory, move), asked_at=move(call.asked_at, LONG_AGO))
        if call is not None
        else None,
    )


def _remembered(memory: Memory, move: Move) -> Memory:
    right, failure, refusal, announced = memory.right, memory.failure, memory.refusal, memory.announced
    asked_at = move(right.asked_at, LONG_AGO) if right is not None else 0.0
    return replace(
        memory,
        record_since=move(memory.record_since, LONG_AGO),
        answered_at=move(memory.answered_at, LAG_WAIT),
        last_write_at=move(memory.last_write_at, UPDATE_WAIT),
        updated_at=move(memory.updated_at, LAG_WAIT),
        unanswered_update_at=move(memory.unanswered_update_at, UPDATE_WAIT),
        right=replace(right, asked_at=asked_at, asked_wall=asked_at) if right is not None else None,
        failure=replace(failure, retry_at=failure.retry_at - MOMENT) if failure is not None else None,
        refusal=replace(refusal, at=move(refusal.at, LONG_AGO)) if refusal is not None else None,
        announced=replace(announced, at=move(announced.at, LONG_AGO)) if announced is not None else None,
        reads={name: replace(seen, begun_at=move(seen.begun_at, LONG_AGO)) for name, seen in memory.reads.items()},
        deletes_sent={name: move(at, LONG_AGO) for name, at in memory.deletes_sent.items()},
    )


def _ranked(stored: Stored | None, ranks: Mapping[int, int]) -> tuple[Any, ...] | None:
    if stored is None:
        return None
    facts = (stored.uid, stored.generation, stored.finalizer, stored.annotations, stored.deleting)
    return (ranks[stored.version], *facts, stored.description, stored.status)


def _order(request: Request) -> tuple[Any, ...]:
    return (request.kind, request.sender, request.uid, request.project_id, request.description, request.age)


def _told_apart(operator: Operator) -> tuple[Any, ...]:
    """All of it but the cache."""
    return tuple([_plain(getattr(operator, name)) for name in _names(Operator) if name != "cache"])


def _plain(value: Any) -> Any:
    """``value`` as something that can be hashed and compared."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is tuple:
        return tuple([_plain(one) for one in value])
    if kind is dict or kind is MappingProxyType:
        return tuple(sorted([(name, _plain(one)) for name, one in value.items()]))
    if kind is RemoteProject:
        return id(_interned(value))
    if kind is Listing:
        return (value.begun_at, value.credible, tuple(sorted([_plain(one) for one in value.by_id.values()])))
    if kind is ProjectStatus:
        return wire_of(value)
    return (kind.__name__, *[_plain(getattr(value, name)) for name in _names(kind)])


_ATOMS: Final = frozenset({type(None), str, int, float, bool, frozenset, Reason, Intent, Purpose})


_NAMES: Final[dict[type[Any], tuple[str, ...]]] = {}


def _names(kind: type[Any]) -> tuple[str, ...]:
    known = _NAMES.get(kind)
    if known is None:
        known = _NAMES[kind] = tuple(field.name for field in fields(kind))
    return known


_KNOWN: Final[dict[tuple[Any, ...], RemoteProject]] = {}


def _interned(project: RemoteProject) -> RemoteProject:
    """One of those that are equal as far as this world tells them apart."""
    content = project.content
    told_apart = (project.id, content.mark, content.description, project.provisioning_status, content.role_assignments)
    return _KNOWN.setdefault(told_apart, project)
