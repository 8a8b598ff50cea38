"""Whose is a field: what the spec wants, what is found, and the content that honours both.

Absent = not managed, left as found. In lists the entries that we set or found already there are ours
(``status.applied``); foreign ones stay, in their order. Lists are compared as sets, for backends keep duplicates and
orders of their own.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

from project_operator.api.v1alpha1.project import AppliedProject, Project, ProjectGroup, TagStatus
from project_operator.backends.base import Group, ProjectContent, Tag

MARK_FIELD: Final = "mark"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The managed part of a project's content; None = not managed."""

    name: str
    description: str | None
    tags: tuple[Tag, ...] | None
    group_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as it should be, in words for status."""

    field: str
    desired: str
    observed: str


@dataclass(frozen=True, slots=True)
class UnresolvedGroup:
    """A group reference that names no group, or several."""

    path: str
    group: str
    candidates: tuple[str, ...] = ()


def wanted(project: Project, group_ids: tuple[str, ...] | None) -> Wanted:
    """What ``project`` asks for, its groups resolved to ids."""
    spec = project.spec
    return Wanted(
        name=project.remote_name,
        description=spec.description,
        tags=None if spec.tags is None else tuple(Tag(tag.name, tag.value) for tag in spec.tags),
        group_ids=group_ids,
    )


def resolve_groups(
    refs: tuple[ProjectGroup, ...], known: tuple[Group, ...]
) -> tuple[tuple[str, ...], tuple[UnresolvedGroup, ...]]:
    """The ids that ``refs`` mean among the ``known`` groups, in order and without repeats, and the references that mean
    none or several.
    """
    found: list[str] = []
    unresolved: list[UnresolvedGroup] = []
    for index, ref in enumerate(refs):
        matches = [group.id for group in known if (group.name == ref.name if ref.id is None else group.id == ref.id)]
        if len(matches) == 1:
            found.append(matches[0])
        else:
            path = f"spec.groups[{index}].{'id' if ref.id is not None else 'name'}"
            unresolved.append(UnresolvedGroup(path, ref.id or ref.name or "", tuple(sorted(matches))))
    return tuple(dict.fromkeys(found)), tuple(unresolved)


def initial(want: Wanted, mark: str) -> ProjectContent:
    """The content to create a project with."""
    return ProjectContent(want.name, want.description, want.tags or (), want.group_ids or (), mark)


def target(want: Wanted, current: ProjectContent, applied: AppliedProject | None, mark: str) -> ProjectContent:
    """The content that ``current`` should become: wanted entries added, ours that are no longer wanted removed,
    everything else kept.
    """
    tags, group_ids = current.tags, current.group_ids
    if want.tags is not None:
        ours = {Tag(tag.name, tag.value) for tag in (applied.tags or ())} if applied else set()
        tags = _merged(current.tags, want.tags, ours)
    if want.group_ids is not None:
        ours_ids = set(applied.group_ids or ()) if applied else set()
        group_ids = _merged(current.group_ids, want.group_ids, ours_ids)
    return ProjectContent(
        name=want.name,
        description=current.description if want.description is None else want.description,
        tags=tags,
        group_ids=group_ids,
        mark=mark,
    )


def _merged(current: tuple[T, ...], want: tuple[T, ...], ours: set[T]) -> tuple[T, ...]:
    if set(current) == {item for item in current if item not in ours or item in want} | set(want):
        return current
    kept = [item for item in current if item not in ours or item in want]
    return tuple(kept + [item for item in want if item not in current])


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
    if current.mark != aim.mark:
        found.append(Difference(MARK_FIELD, aim.mark, current.mark))
    return tuple(found)


def _tags(tags: tuple[Tag, ...]) -> str:
    return ", ".join(f"{tag.name}={tag.value}" for tag in sorted(tags))


def applied(want: Wanted, generation: int) -> AppliedProject:
    """What is ours once ``want`` has been read back."""
    return AppliedProject(
        name=want.name,
        description=want.description,
        tags=None if want.tags is None else tuple(TagStatus(name=tag.name, value=tag.value) for tag in want.tags),
        group_ids=want.group_ids,
        generation=generation,
    )
