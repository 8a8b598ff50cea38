"""What `plan` shows the operator: what is there, with the manifests laid over it; and what the operator did with it."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import ValidationError

from project_operator.api.conditions import Reason
from project_operator.api.marks import Mark
from project_operator.api.names import CREDENTIALS_LABEL
from project_operator.api.problems import describe_problems
from project_operator.api.v1alpha1.project import Project
from project_operator.backends.base import PlannedCall
from project_operator.cli import plans
from project_operator.cli.documents import Document
from project_operator.cli.overlay import Overlay, being_deleted, is_held, laid_over
from project_operator.cli.plans import Plan, Verdict
from project_operator.cli.session import Snapshot
from project_operator.cli.stored import Raw
from project_operator.errors import ConfigurationError
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    IDENTITY_BACKENDS,
    PROJECTS,
    SECRETS,
    Resource,
)
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES, parse_backend
from project_operator.runtime.stored import part, text

KINDS: Final[Mapping[str, Resource]] = {
    one.kind: one for one in (PROJECTS, IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS, SECRETS)
}
"""Of which manifests are laid over what is there."""
Name = tuple[str, str]
"""Namespace ("" where there is none) and name."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What manifests ask for."""

    objects: tuple[tuple[Resource, Raw], ...] = ()
    """As kubectl would apply them."""
    refused: tuple[Plan, ...] = ()
    """Of Projects that cannot be understood."""

    @property
    def projects(self) -> tuple[Raw, ...]:
        """The Projects among them."""
        return tuple(raw for resource, raw in self.objects if resource == PROJECTS)

    @property
    def shared(self) -> bool:
        """Whether a ClusterIdentityBackend is among them."""
        return any(resource == CLUSTER_IDENTITY_BACKENDS for resource, _ in self.objects)

    @property
    def namespaces(self) -> frozenset[str]:
        """Where they are."""
        return frozenset(raw["metadata"]["namespace"] for resource, raw in self.objects if resource.namespaced)


def wishes(given: Iterable[Document], namespace: str) -> Wishes:
    """What ``given`` asks for; ``namespace`` is that of manifests which name none.

    Raises:
        ConfigurationError: a backend object or Secret cannot be understood, on which Projects depend.
    """
    objects: list[tuple[Resource, Raw]] = []
    refused: list[Plan] = []
    for one in given:
        raw = one.raw
        problem = one.problem
        if not problem:
            raw = _as_applied(one.raw, one.resource, namespace)
            problem = _problem_of_spec(one.resource, raw)
        if not problem:
            objects.append((one.resource, raw))
        elif one.resource == SECRETS and text(one.raw, "metadata", "labels", CREDENTIALS_LABEL) != "true":
            continue  # it is somebody else's, and nothing to do with us
        elif one.resource == PROJECTS:
            name = one.name if "/" in one.name else f"{namespace}/{one.name}"
            refused.append(Plan(name, Verdict.BLOCKED, reason=Reason.INVALID_SPEC, message=f"{one.source}: {problem}"))
        else:
            raise ConfigurationError(f"{one.source}: {one.resource.kind} {one.name}: {problem}")
    return Wishes(tuple(objects), tuple(refused))


def uses_shared(projects: Iterable[Raw], default_kind: str) -> bool:
    """Whether one of ``projects`` needs a ClusterIdentityBackend."""
    return any(_backend_kind(raw, default_kind) == CLUSTER_IDENTITY_BACKENDS.kind for raw in projects)


@dataclass(slots=True)
class Stage:
    """What the operator is shown, and what it did."""

    world: Overlay
    subjects: dict[Name, Raw] = field(default_factory=dict)
    """The Projects to plan for, as they were put there."""
    new: set[Name] = field(default_factory=set)
    """Those that the API server does not have yet."""
    told: dict[Name, list[PlannedCall]] = field(default_factory=dict)
    """The writes that were about to be sent."""

    def set(self, seen: Snapshot, wanted: Wishes, asked: Iterable[Name], *, delete: bool) -> list[tuple[Resource, Raw]]:
        """Put everything on the stage: what is there, and what the manifests make of it; all that was put there.

        ``asked``: the Projects to plan for. The others are there too, so that parents, rivals and
        the credibility of listings are judged as they will be, and are suspended.
        """
        live = {(PROJECTS, name_of(raw)): raw for raw in seen.projects}
        live |= {(one.resource, name_of(one.raw)): one.raw for one in seen.backends}
        wished = {(resource, name_of(raw)): raw for resource, raw in wanted.objects}
        everything = live | {place: laid_over(live.get(place), raw) for place, raw in wished.items()}
        names = frozenset(asked)
        put: list[tuple[Resource, Raw]] = []
        for place, raw in everything.items():
            resource, name = place
            if resource == PROJECTS:
                shown = self._put_project(name, raw, new=place not in live, asked=name in names, delete=delete)
            else:
                shown = self.world.put(resource, raw)
            put.append((resource, shown))
        return put

    def _put_project(self, name: Name, raw: Raw, *, new: bool, asked: bool, delete: bool) -> Raw:
        idle = {**raw, "spec": {**part(raw, "spec"), "suspend": True}}
        if not asked:
            return self.world.put(PROJECTS, idle)
        if not delete and "deletionTimestamp" not in raw["metadata"]:
            shown = plans.rehearsed_as(raw)
        else:
            # Without the operator's finalizer it goes without the operator.
            shown = being_deleted(raw) if is_held(raw) else idle
        put = self.world.put(PROJECTS, plans.unjudged(shown))
        self.subjects[name] = put
        if new:
            self.new.add(name)
        return put

    def tell(self, marks: Iterable[str], project_id: str, calls: tuple[PlannedCall, ...]) -> None:
        """See `rehearsal.Tell`."""
        uids = {mark.uid for token in marks if (mark := Mark.parse(token)) is not None}
        for name, raw in self.subjects.items():
            if raw["metadata"]["uid"] in uids or (project_id and (raw.get("status") or {}).get("id") == project_id):
                self.told.setdefault(name, []).extend(calls)

    def is_decided(self, name: Name) -> bool:
        """Whether nothing more is to be expected about one."""
        raw = self.world.find(PROJECTS, *name)
        return raw is None or name in self.told or plans.is_decided(raw)

    def is_at_work(self, name: Name) -> bool:
        """Whether nothing was said of one yet."""
        raw = self.world.find(PROJECTS, *name)
        return raw is not None and plans.is_at_work(raw)

    def plan(self, name: Name, *, delete: bool) -> Plan:
        """What came of one."""
        raw = self.subjects[name]
        last = self.world.find(PROJECTS, *name)
        if delete or "deletionTimestamp" in raw["metadata"]:
            return plans.deletion_of(raw, last if is_held(raw) else None, self.told.get(name, ()))
        return plans.plan_of(last or raw, new=name in self.new)


def _problem_of_spec(resource: Resource, raw: Raw) -> str:
    try:
        if resource == PROJECTS:
            Project.parse(raw)
        elif resource.plural in BACKEND_RESOURCES:
            parse_backend(resource.plural, raw)
    except ValidationError as error:
        return describe_problems(error)
    return ""


def _as_applied(raw: Raw, resource: Resource, namespace: str) -> Raw:
    """In the namespace that kubectl would put it in."""
    metadata = dict(raw["metadata"])
    if resource.namespaced:
        metadata["namespace"] = metadata.get("namespace") or namespace
    else:
        metadata.pop("namespace", None)
    if resource == SECRETS:
        from_text = {key: _encoded(value) for key, value in (raw.get("stringData") or {}).items()}
        raw = {**raw, "data": {**(raw.get("data") or {}), **from_text}}
    return {**raw, "metadata": metadata}


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode("ascii")


def _backend_kind(raw: Raw, default_kind: str) -> str:
    """Of the backend object that a Project uses."""
    if not part(raw, "spec", "backendRef"):
        return default_kind
    return text(raw, "spec", "backendRef", "kind") or IDENTITY_BACKENDS.kind


def name_of(raw: Raw) -> Name:
    """Of an object."""
    return raw["metadata"].get("namespace") or "", raw["metadata"]["name"]
