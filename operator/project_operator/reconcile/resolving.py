"""From what the spec names (groups, roles, a parent) to ids, or the wait for what is missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project import ProjectGroup, ProjectRole
from project_operator.backends.base import Group, Role, RoleAssignment
from project_operator.reconcile import hierarchy, rest
from project_operator.reconcile.actions import Action, ReadGroups, ReadRoles
from project_operator.reconcile.content import Wanted, assigned_by_us, wanted
from project_operator.reconcile.evidence import NEVER
from project_operator.reconcile.view import BackendView, Groups, Roles, Verdict, View


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A reference that names nothing, or several things."""

    path: str
    kind: str
    """``group`` or ``role``."""
    named: str
    candidates: tuple[str, ...] = ()


def resolve(view: View, backend: BackendView) -> Wanted | Action:
    """What the spec wants with everything as ids, or what must come first: a listing, or a wait."""
    parent_id = hierarchy.parent_id(view)
    if isinstance(parent_id, Verdict):
        return rest.on_verdict(view, parent_id)
    refs = view.project.spec.groups
    if not refs:
        none: tuple[()] | None = None if refs is None else ()
        if backend.abilities.roles:
            return _want(view, backend, role_assignments=none, parent_id=parent_id)
        return _want(view, backend, group_ids=none, parent_id=parent_id)
    if backend.groups is None:
        return ReadGroups(after=NEVER)
    if not backend.abilities.roles:
        group_ids, unresolved = resolve_groups(refs, backend.groups.groups)
        if not unresolved:
            return _want(view, backend, group_ids=group_ids, parent_id=parent_id)
        return _look_again(view, unresolved, backend.groups, backend.roles)
    if backend.roles is None:
        return ReadRoles(after=NEVER)
    assignments, unresolved = resolve_roles(refs, backend.groups.groups, backend.roles.roles)
    if not unresolved:
        return _want(view, backend, role_assignments=assignments, parent_id=parent_id)
    return _look_again(view, unresolved, backend.groups, backend.roles)


def _want(view: View, backend: BackendView, **resolved: Any) -> Wanted:
    abilities = backend.abilities
    return wanted(view.project, ignores_case=abilities.ignores_case, resumes=abilities.resumes, **resolved)


def groups_with_roles(view: View, backend: BackendView) -> frozenset[str]:
    """The groups whose roles on the project matter here: those that are to have some, as far as they are known, and
    those that were given some by us.
    """
    refs = view.project.spec.groups
    if not backend.abilities.roles or refs is None:
        return frozenset()
    known = backend.groups.groups if backend.groups is not None else ()
    wanted_ids, _ = resolve_groups(tuple(ref for ref in refs if ref.roles), known)
    ours = assigned_by_us(view.project.status.applied)
    return frozenset(wanted_ids) | {assignment.group_id for assignment in ours}


def resolve_groups(
    refs: tuple[ProjectGroup, ...], known: tuple[Group, ...]
) -> tuple[tuple[str, ...], tuple[Unresolved, ...]]:
    """The ids that ``refs`` mean among the ``known`` groups, in order and without repeats, and the references that mean
    none or several.
    """
    found: list[str] = []
    unresolved: list[Unresolved] = []
    for index, ref in enumerate(refs):
        match = _match(f"spec.groups[{index}]", "group", ref, known)
        if isinstance(match, Unresolved):
            unresolved.append(match)
        else:
            found.append(match)
    return tuple(dict.fromkeys(found)), tuple(unresolved)


def resolve_roles(
    refs: tuple[ProjectGroup, ...], groups: tuple[Group, ...], roles: tuple[Role, ...]
) -> tuple[tuple[RoleAssignment, ...], tuple[Unresolved, ...]]:
    """The role assignments that ``refs`` mean, in order and without repeats, and the references that mean none or
    several.
    """
    found: list[RoleAssignment] = []
    unresolved: list[Unresolved] = []
    for index, ref in enumerate(refs):
        path = f"spec.groups[{index}]"
        group = _match(path, "group", ref, groups)
        if isinstance(group, Unresolved):
            unresolved.append(group)
        for number, wish in enumerate(ref.roles or ()):
            role = _match(f"{path}.roles[{number}]", "role", wish, roles)
            if isinstance(role, Unresolved):
                unresolved.append(role)
            elif not isinstance(group, Unresolved):
                found.append(RoleAssignment(group, role))
    return tuple(dict.fromkeys(found)), tuple(unresolved)


def _match(path: str, kind: str, ref: ProjectGroup | ProjectRole, known: Iterable[Group | Role]) -> str | Unresolved:
    matches = [one.id for one in known if (one.name == ref.name if ref.id is None else one.id == ref.id)]
    if len(matches) == 1:
        return matches[0]
    return Unresolved(
        f"{path}.{'id' if ref.id is not None else 'name'}", kind, ref.id or ref.name or "", tuple(sorted(matches))
    )


def _look_again(view: View, unresolved: tuple[Unresolved, ...], groups: Groups, roles: Roles | None) -> Action:
    """What the known listing lacks may be new, so one begun after this Project was last told of it is taken before
    giving up.
    """
    old = view.now - view.cadence.slow
    kinds = {one.kind for one in unresolved}
    if "group" in kinds and groups.begun_at < old:
        return ReadGroups(after=old)
    if "role" in kinds and roles is not None and roles.begun_at < old:
        return ReadRoles(after=old)
    return rest.on_verdict(view, _verdict(unresolved), wake_in=view.cadence.slow * 1.1)


_REASONS: Final[dict[tuple[str, bool], Reason]] = {
    ("group", False): Reason.GROUP_NOT_FOUND,
    ("group", True): Reason.GROUP_AMBIGUOUS,
    ("role", False): Reason.ROLE_NOT_FOUND,
    ("role", True): Reason.ROLE_AMBIGUOUS,
}


def _verdict(unresolved: tuple[Unresolved, ...]) -> Verdict:
    """What is ambiguous comes before what is not there, and groups before roles: more can be told about it."""
    first = min(unresolved, key=lambda one: (not one.candidates, one.kind))
    return Verdict(_REASONS[first.kind, bool(first.candidates)], "; ".join(map(_explained, unresolved)))


def _explained(one: Unresolved) -> str:
    if not one.candidates:
        return f"`{one.path}`: the organization has no {one.kind} '{one.named}'"
    return (
        f"`{one.path}`: the organization has {len(one.candidates)} {one.kind}s called '{one.named}' "
        f"({', '.join(one.candidates[:5])}), name one by `id`"
    )
