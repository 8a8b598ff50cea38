"""Whose is a field: what the spec wants, what is found, and the content that honours both.

Absent = not managed, left as found. In lists the entries that we set or found already there are ours
(``status.applied``); foreign ones stay, in their order. Lists are compared as sets, for backends keep duplicates and
orders of their own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from project_operator.api.marks import is_predecessors
from project_operator.api.v1alpha1.project import Project, ProjectSpec
from project_operator.api.v1alpha1.project_status import AppliedProject, RoleAssignmentStatus, TagStatus
from project_operator.backends.base import ProjectContent, RoleAssignment, Tag

MARK_FIELD: Final = "mark"
PARENT_FIELD: Final = "parentID"
IMMUTABLE: Final = "keystone.immutable"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The managed part of a project's content; None, and what ``particulars`` lack = not managed."""

    name: str
    description: str | None
    tags: tuple[Tag, ...] | None
    group_ids: tuple[str, ...] | None = None
    """Where groups are associated with a project."""
    role_assignments: tuple[RoleAssignment, ...] | None = None
    """Where groups are given roles on it."""
    enabled: bool | None = None
    parent_id: str | None = None
    particulars: Mapping[str, str] = field(default_factory=dict)
    ignores_case: bool = False
    """Whether a name in another case is the same name."""
    resumes: bool = False
    """Whether a project that an earlier object of the name left switched off is switched on again."""

    @property
    def ids(self) -> frozenset[str]:
        """The ids that stand for what the spec may name otherwise: groups, roles, the parent."""
        return _ids(self.group_ids or (), self.role_assignments or (), self.parent_id)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as it should be, in words for status."""

    field: str
    desired: str
    observed: str


def wanted(
    project: Project,
    *,
    group_ids: tuple[str, ...] | None = None,
    role_assignments: tuple[RoleAssignment, ...] | None = None,
    parent_id: str | None = None,
    ignores_case: bool = False,
    resumes: bool = False,
) -> Wanted:
    """What ``project`` asks for, what it names resolved to ids; the last two say what its backend is like."""
    spec = project.spec
    return Wanted(
        name=project.remote_name,
        description=spec.description,
        tags=None if spec.tags is None else tuple(Tag(tag.name, tag.value) for tag in spec.tags),
        group_ids=group_ids,
        role_assignments=role_assignments,
        enabled=spec.enabled,
        parent_id=parent_id,
        particulars=particulars(spec),
        ignores_case=ignores_case,
        resumes=resumes,
    )


def particulars(spec: ProjectSpec) -> dict[str, str]:
    """What ``spec`` says of what only one family of backends has, as `ProjectContent.particulars` has it."""
    said: dict[str, str | None] = {}
    if (keystone := spec.keystone) is not None:
        said["keystone.isDomain"] = None if keystone.is_domain is None else _boolean(keystone.is_domain)
        said["keystone.domainID"] = keystone.domain_id
        said[IMMUTABLE] = None if keystone.immutable is None else _boolean(keystone.immutable)
    if (csp := spec.csp) is not None:
        scopes = csp.sub_resource_service_scopes
        said["csp.vrn"] = csp.vrn
        said["csp.subResourceServiceScopes"] = None if scopes is None else ",".join(sorted(set(scopes)))
    return {path: value for path, value in said.items() if value is not None}


def same_without_case(one: str, other: str) -> bool:
    """Whether two names differ in nothing but case."""
    return one.casefold() == other.casefold()


def ids_of(content: ProjectContent) -> frozenset[str]:
    """The ids in ``content`` that a spec may name otherwise: groups, roles, the parent."""
    return _ids(content.group_ids, content.role_assignments or (), content.parent_id)


def initial(want: Wanted, mark: str) -> ProjectContent:
    """The content to create a project with, and what the update that follows adds to it."""
    return ProjectContent(
        name=want.name,
        description=want.description,
        tags=want.tags or (),
        group_ids=want.group_ids or (),
        mark=mark,
        role_assignments=want.role_assignments,
        enabled=want.enabled,
        parent_id=want.parent_id,
        particulars=want.particulars,
    )


def target(want: Wanted, current: ProjectContent, applied: AppliedProject | None, mark: str) -> ProjectContent:
    """The content that ``current`` should become: wanted entries added, ours that are no longer wanted removed,
    everything else kept. ``particulars`` holds those alone that the spec names: the others are nobody's to set.
    """
    tags, group_ids, assignments = current.tags, current.group_ids, current.role_assignments
    same_name = want.ignores_case and same_without_case(want.name, current.name)
    enabled = current.enabled if want.enabled is None else want.enabled
    if want.resumes and want.enabled is None and is_predecessors(current.mark, mark):
        enabled = True
    if want.tags is not None:
        ours = {Tag(tag.name, tag.value) for tag in (applied.tags or ())} if applied else set()
        tags = _merged(current.tags, want.tags, ours)
    if want.group_ids is not None:
        ours_ids = set(applied.group_ids or ()) if applied else set()
        group_ids = _merged(current.group_ids, want.group_ids, ours_ids)
    if want.role_assignments is not None:
        assignments = _merged(current.role_assignments or (), want.role_assignments, set(assigned_by_us(applied)))
    return ProjectContent(
        name=current.name if same_name else want.name,
        description=current.description if want.description is None else want.description,
        tags=tags,
        group_ids=group_ids,
        mark=mark,
        role_assignments=assignments,
        enabled=enabled,
        parent_id=current.parent_id if want.parent_id is None else want.parent_id,
        particulars=want.particulars,
    )


def assigned_by_us(applied: AppliedProject | None) -> tuple[RoleAssignment, ...]:
    """The role assignments that are ours."""
    return as_assignments(applied.role_assignments if applied is not None else None)


def differences(current: ProjectContent, aim: ProjectContent) -> tuple[Difference, ...]:
    """What would have to change; empty when nothing has to."""
    found: list[Difference] = []
    if current.name != aim.name:
        found.append(Difference("name", aim.name, current.name))
    if current.description != aim.description and (current.description or aim.description):
        found.append(Difference("description", aim.description or "", current.description or ""))
    if set(current.tags) != set(aim.tags):
        found.append(Difference("tags", _tags(aim.tags), _tags(current.tags)))
    if set(current.group_ids) != set(aim.group_ids):
        found.append(Difference("groups", ", ".join(sorted(aim.group_ids)), ", ".join(sorted(current.group_ids))))
    if set(current.role_assignments or ()) != set(aim.role_assignments or ()):
        desired, observed = _assignments(aim.role_assignments), _assignments(current.role_assignments)
        found.append(Difference("groups", desired, observed))
    if current.enabled != aim.enabled:
        found.append(Difference("enabled", _said(aim.enabled), _said(current.enabled)))
    if current.parent_id != aim.parent_id:
        found.append(Difference(PARENT_FIELD, aim.parent_id or "", current.parent_id or ""))
    found += (
        Difference(path, value, current.particulars.get(path, ""))
        for path, value in aim.particulars.items()
        if current.particulars.get(path, "") != value
    )
    if current.mark != aim.mark:
        found.append(Difference(MARK_FIELD, aim.mark, current.mark))
    return tuple(found)


def applied(want: Wanted, generation: int | None) -> AppliedProject:
    """What is ours of ``want``, which was read back for ``generation``; None: not yet."""
    return AppliedProject(
        name=want.name,
        description=want.description,
        tags=None if want.tags is None else tag_statuses(want.tags),
        group_ids=want.group_ids,
        role_assignments=None if want.role_assignments is None else assignment_statuses(want.role_assignments),
        generation=generation,
    )


def owning(before: AppliedProject | None, want: Wanted) -> AppliedProject:
    """What is ours while ``before`` is being replaced by ``want``: both."""
    old = before or AppliedProject()
    tags = {(tag.name, tag.value): tag for tag in (*(old.tags or ()), *tag_statuses(want.tags or ()))}
    group_ids = dict.fromkeys((*(old.group_ids or ()), *(want.group_ids or ())))
    assignments = dict.fromkeys((*assigned_by_us(old), *(want.role_assignments or ())))
    return AppliedProject(
        name=old.name,
        description=old.description,
        tags=tuple(tags.values()) if old.tags is not None or want.tags is not None else None,
        group_ids=tuple(group_ids) if old.group_ids is not None or want.group_ids is not None else None,
        role_assignments=assignment_statuses(assignments)
        if old.role_assignments is not None or want.role_assignments is not None
        else None,
        generation=old.generation,
    )


def tag_statuses(tags: Iterable[Tag]) -> tuple[TagStatus, ...]:
    """``tags`` as status has them."""
    return tuple(TagStatus(name=tag.name, value=tag.value) for tag in tags)


def assignment_statuses(assignments: Iterable[RoleAssignment]) -> tuple[RoleAssignmentStatus, ...]:
    """``assignments`` as status has them."""
    return tuple(RoleAssignmentStatus(group_id=one.group_id, role_id=one.role_id) for one in assignments)


def as_assignments(entries: Iterable[RoleAssignmentStatus] | None) -> tuple[RoleAssignment, ...]:
    """The role assignments that status has as ``entries``."""
    return tuple(RoleAssignment(entry.group_id, entry.role_id) for entry in entries or ())


def _merged(current: tuple[T, ...], want: tuple[T, ...], ours: set[T]) -> tuple[T, ...]:
    if set(current) == {item for item in current if item not in ours or item in want} | set(want):
        return current
    kept = [item for item in current if item not in ours or item in want]
    return tuple(kept + [item for item in want if item not in current])


def _ids(group_ids: Iterable[str], assignments: Iterable[RoleAssignment], parent_id: str | None) -> frozenset[str]:
    named = {name for one in assignments for name in (one.group_id, one.role_id)}
    return frozenset(group_ids) | named | ({parent_id} if parent_id is not None else set())


def _tags(tags: tuple[Tag, ...]) -> str:
    return ", ".join(f"{tag.name}={tag.value}" for tag in sorted(tags))


def _assignments(assignments: tuple[RoleAssignment, ...] | None) -> str:
    return ", ".join(f"{one.group_id} has {one.role_id}" for one in sorted(assignments or ()))


def _said(value: bool | None) -> str:  # noqa: FBT001 - a value to be shown
    return "" if value is None else _boolean(value)


def _boolean(value: bool) -> str:  # noqa: FBT001 - a value to be shown
    return "true" if value else "false"
