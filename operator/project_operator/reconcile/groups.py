"""From group references to ids, or the wait for what is missing."""

from project_operator.api.conditions import Reason
from project_operator.reconcile import rest
from project_operator.reconcile.actions import Action, ReadGroups
from project_operator.reconcile.content import UnresolvedGroup, Wanted, resolve_groups, wanted
from project_operator.reconcile.evidence import NEVER
from project_operator.reconcile.view import BackendView, Verdict, View


def resolve(view: View, backend: BackendView) -> Wanted | Action:
    """What the spec wants with its groups as ids, or what must come first: a listing of the groups, or a wait.

    A group that the known listing lacks may be new, so one listing begun after this Project was last told of it is
    taken before giving up.
    """
    refs = view.project.spec.groups
    if not refs:
        return wanted(view.project, None if refs is None else ())
    if backend.groups is None:
        return ReadGroups(after=NEVER)
    ids, unresolved = resolve_groups(refs, backend.groups.groups)
    if not unresolved:
        return wanted(view.project, ids)
    if view.now - backend.groups.begun_at > view.cadence.slow:
        return ReadGroups(after=view.now - view.cadence.slow)
    return rest.on_verdict(view, _verdict(unresolved), wake_in=view.cadence.slow * 1.1)


def _verdict(unresolved: tuple[UnresolvedGroup, ...]) -> Verdict:
    ambiguous = any(one.candidates for one in unresolved)
    return Verdict(
        Reason.GROUP_AMBIGUOUS if ambiguous else Reason.GROUP_NOT_FOUND,
        "; ".join(
            f"`{one.path}`: the organization has {len(one.candidates)} groups called '{one.group}' "
            f"({', '.join(one.candidates[:5])}), name one by `id`"
            if one.candidates
            else f"`{one.path}`: the organization has no group '{one.group}'"
            for one in unresolved
        ),
    )
