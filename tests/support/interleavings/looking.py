"""What an operator sees of the backend: anything that was true within the read lag."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from interleavings.state import TIMING, Operator, State, Stored, told
from interleavings.step import Step
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import absorb
from project_operator.reconcile.credibility import Census, judge
from project_operator.reconcile.evidence import Listing
from project_operator.reconcile.memory import Memory


def read(state: State, index: int, operator: Operator, uid: str, memory: Memory, project_id: str) -> Iterator[Step]:
    """A read of one project: whatever it may show."""
    for shown in next((one.shown() for one in state.held if one.id == project_id), (None,)):
        after = absorb.read(memory, project_id, shown, begun_at=0.0)
        gone = operator.confirmed_gone | {project_id} if shown is None else operator.confirmed_gone - {project_id}
        reader = replace(operator, confirmed_gone=gone).remembering(uid, after)
        if reader != state.operators[index]:
            yield Step(f"operator {index} reads {project_id}: {_sight(shown)}", state.with_operator(index, reader))


def listed(state: State, index: int, operator: Operator, cache: Stored, *, wanted: bool) -> Iterator[Step]:
    """A listing: where it is wanted, or shows something else than the last one did."""
    status = told(cache)
    named = frozenset({str(status["id"])} if "id" in status else ())
    census = Census(
        named=named,
        expected=named if cache.deleting else frozenset(),
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
            seen = ", ".join(map(_sight, projects)) or "nothing"
            yield Step(f"operator {index} lists: {seen}", state.with_operator(index, looked))


def _sight(project: RemoteProject | None) -> str:
    if project is None:
        return "not found"
    return f"{project.id} '{project.content.description}'{' (being deleted)' if project.deleting else ''}"
