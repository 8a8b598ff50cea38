"""Create, and recover a creation whose outcome is unknown (protocol section 3, steps 1 to 6)."""

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project_status import ProjectOperation
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import (
    carriers,
    duplicates,
    naming,
    planning,
    rest,
    restoring,
    settling,
    succession,
    summary,
    vouching,
)
from project_operator.reconcile.actions import Action, AddFinalizer, Create, Poll, Purpose, Read, WriteStatus
from project_operator.reconcile.backoff import WORTH_A_WORD
from project_operator.reconcile.content import Wanted, initial
from project_operator.reconcile.credibility import in_the_way
from project_operator.reconcile.evidence import Listing, whole
from project_operator.reconcile.outcome import working
from project_operator.reconcile.policies import backend_annotation, reads_only
from project_operator.reconcile.resolving import resolve
from project_operator.reconcile.view import BackendView, Verdict, View


def decide(view: View, backend: BackendView) -> Action:
    """What to do for a Project without an id that is to have a project of its own."""
    memory, record = view.memory, view.record
    if memory.answer is not None:
        return _name(view, backend, memory.answer)
    if (waiting := _until_the_next_right(view, backend) or rest.on_failure(view)) is not None:
        return waiting
    if record.finalizer:
        may_send = memory.right is not None and not reads_only(view)
        return _with_right(view, backend) if may_send else recover(view, backend)
    if record.attempt and not reads_only(view):
        return AddFinalizer(backend_annotation(backend), grants_right=False)
    want = _wanted(view, backend)
    if not isinstance(want, Wanted):
        return want
    if reads_only(view):
        return planning.creation(view, backend, want)
    return AddFinalizer(backend_annotation(backend), grants_right=True)


def _until_the_next_right(view: View, backend: BackendView) -> Action | None:
    """A right ran out before its creation could leave, and the wait before the next is bought is worth a word."""
    failure = view.memory.failure
    if failure is None or failure.reason is not Reason.PROGRESSING_WITH_RETRY or reads_only(view):
        return None
    left = failure.retry_at - view.now
    if left < WORTH_A_WORD:
        return None
    message = (
        f"the creation was not sent, because its turn had not come {view.timing.send_validity:g} s after it was "
        "allowed: operator, cluster or backend have more to do than they can; it is tried again at "
        f"{view.until(failure.retry_at):%Y-%m-%dT%H:%M:%SZ}"
    )
    return rest.reporting(view, rest.on_the_way(view, backend, frozenset(), message), wake_in=left)


def recover(view: View, backend: BackendView) -> Action:
    """Steps 4 to 6: whoever finds a finalizer without an id looks for the mark, and believes its absence only after the
    quarantine.
    """
    if extras := carriers.to_set_apart(view, backend):
        return duplicates.condemn(view, extras)
    found = carrying_our_mark(view, backend)
    ours = carriers.ours(view, backend, found)
    if living := [project for project in ours if not project.deleting]:
        first = look_first(view, backend, living[0]) or restoring.name_when_calm(view, backend, living[0])
        return first or _name(view, backend, living[0])
    if others := carriers.others(view, backend, found):
        return rest.on_verdict(view, carriers.not_taken_over(view, backend, others))
    if found:
        return rest.reporting(
            view,
            working(
                f"project {found[0].id}, which carries this object's mark, is being deleted outside", Reason.DELETING
            ),
            poll=rest.soon(view, ""),
        )
    if (claim := _claim(view, backend)) is not None:
        return claim
    if not (vouching.never_left(view) or _absence_is_proved(view, backend)):
        return _keep_looking(view, backend)
    want = _wanted(view, backend)
    if not isinstance(want, Wanted):
        return want
    if reads_only(view):
        return planning.creation(view, backend, want)
    if vouching.is_needed(view, backend):
        return vouching.hold_creation(view, backend)
    return rest.on_refusal(view, backend, want.ids) or _buy_right(view, backend, want)


def look_first(view: View, backend: BackendView, shown: RemoteProject) -> Action | None:
    """A look at what the latest listing shows without its state: what is on its way out is not taken (R6). None where
    there is no need.
    """
    if backend.listing is None:
        raise AssertionError("asked about what a listing shows")
    seen = whole(shown, backend.listing, view.memory.reads.get(shown.id))
    if seen is None:
        return Read(shown.id)
    if seen.project is None or seen.project.deleting:
        return rest.unchanged(poll=rest.soon(view, ""))
    return None


def _claim(view: View, backend: BackendView) -> Action | None:
    """Where a restore is under way, what an earlier object left is looked at before an absence is proved."""
    if not view.cluster.restores or reads_only(view) or backend.listing is None:
        return None
    return restoring.claim(view, backend, backend.listing)


def carrying_our_mark(view: View, backend: BackendView) -> tuple[RemoteProject, ...]:
    """What the latest listing shows with exactly our mark and without a history: neither condemned nor proved gone
    before (R6, R8).
    """
    if backend.listing is None:
        return ()
    return tuple(one for one in backend.listing.of_mark(view.mark) if not carriers.never_adopted(view, one))


def found_while_leaving(view: View, backend: BackendView) -> Action | None:
    """The name of what a creation of before has made, where nothing is written to the backend any more; None where
    nothing of it is shown.
    """
    ours = carriers.ours(view, backend, carrying_our_mark(view, backend))
    living = next((project for project in ours if not project.deleting), None)
    return (look_first(view, backend, living) or _name(view, backend, living)) if living is not None else None


def _with_right(view: View, backend: BackendView) -> Action:
    right = view.memory.right
    if right is None:
        raise AssertionError("only called with a right in hand")
    want = _wanted(view, backend)
    return Create(initial(want, view.mark), right) if isinstance(want, Wanted) else want


def planned_anew(view: View, backend: BackendView) -> Action:
    """`Plan`, where what was there is proved gone and would be created anew."""
    want = _wanted(view, backend)
    return planning.creation(view, backend, want) if isinstance(want, Wanted) else want


def _wanted(view: View, backend: BackendView) -> Wanted | Action:
    """What to create, or what stands in its way: looked at before a right is bought, for a right holds only seconds."""
    if not backend.verbs.create:
        return rest.on_verdict(
            view,
            Verdict(
                Reason.NOT_PERMITTED,
                f"{backend.kind} '{backend.name}' does not allow creation (`spec.capabilities.create: false`)",
            ),
        )
    if backend.listing is None or backend.listing.begun_at <= view.predecessor_left_at:
        # Without one look at what is there, a predecessor's project would be doubled.
        return rest.unchanged(poll=Poll("", view.predecessor_left_at, 0.0))
    if (left := succession.decide(view, backend, backend.listing)) is not None:
        return left
    return resolve(view, backend)


def _name(view: View, backend: BackendView, project: RemoteProject) -> Action:
    own_answer = view.memory.answer is not None and view.memory.answer.id == project.id
    resolved = resolve(view, backend) if own_answer else None
    want = resolved if isinstance(resolved, Wanted) else None
    outcome = working(f"project {project.id} was accepted; the backend reports it as {project.provisioning_status}")
    if want is not None and not view.project.metadata.deleting and settling.at_once(view, project, want):
        outcome = settling.accomplished(view, project)
    return naming.name(view, backend, project, outcome, origin=naming.CREATED, want=want)


def _absence_is_proved(view: View, backend: BackendView) -> bool:
    """R4: a credible listing, begun after the quarantine, shows nothing of our mark."""
    listing = backend.listing
    return listing is not None and listing.credible and listing.begun_at > view.quarantined_until


def _keep_looking(view: View, backend: BackendView) -> Action:
    if backend.listing is None or backend.listing.begun_at < view.memory.record_since:
        return rest.unchanged(poll=Poll("", view.memory.record_since, 0.0))
    if view.now > view.quarantined_until:
        return _until_believed(view, backend.listing)
    until = view.until(view.quarantined_until)
    return rest.reporting(
        view,
        working(
            "whether the last creation took effect is not known; looking for this object's mark until "
            f"{until:%Y-%m-%dT%H:%M:%SZ} before "
            "another is sent",
            Reason.OUTCOME_UNKNOWN,
        ),
        poll=Poll("", view.now, min(view.cadence.after(view.memory.polls), view.quarantined_until - view.now + 0.01)),
    )


def _until_believed(view: View, listing: Listing) -> Action:
    """The quarantine is over: what is waited for is a listing that began after it, and can be believed."""
    if listing.begun_at <= view.quarantined_until:
        return rest.unchanged(poll=Poll("", view.quarantined_until, 0.0))
    why = in_the_way(listing.in_doubt) or "the backend's listing lacks what Projects name, which is looked for first"
    message = f"whether the last creation took effect is not known, and no other is sent as yet: {why}"
    return rest.reporting(view, working(message, Reason.OUTCOME_UNKNOWN), poll=rest.soon(view, ""))


def _buy_right(view: View, backend: BackendView, want: Wanted) -> WriteStatus:
    """Step 6: the guarded attempt write; it changes no condition that was not there, so it is not worth an Event."""
    after = summary.status(
        view,
        rest.on_the_way(view, backend, want.ids, "creating the project"),
        attempt=view.token,
        operation=ProjectOperation(
            type="Create", state="Pending", start_time=view.wall, message="creating the project"
        ),
    )
    return WriteStatus(after, Purpose.ATTEMPT)
