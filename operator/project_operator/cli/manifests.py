"""From a project as a backend shows it to the manifest of a Project that takes it over and changes nothing. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from pydantic import ValidationError

from project_operator.api import names
from project_operator.api.marks import ORPHANED, Mark
from project_operator.api.problems import describe_problems
from project_operator.api.v1alpha1.project import DeletionPolicy, ManagementPolicy, Project
from project_operator.backends.base import RemoteProject, UnsupportedField
from project_operator.cli.claims import Claims
from project_operator.reconcile.content import IMMUTABLE
from project_operator.reconcile.tenancy import is_domain

LONGEST_NAME: Final = 63
"""Characters of a name that is also good as a label's value and as a file's name."""
_ID_SHOWN: Final = 8
_ESSENTIAL: Final = frozenset({"backendRef", "import", "name", "managementPolicy", "deletionPolicy"})
"""What a manifest is not written without."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which projects are meant."""

    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Patterns of the shell; one of them has to fit."""
    tags: tuple[str, ...] = ()
    """``name`` or ``name=value``; all of them have to be there."""
    everything: bool = False

    def __str__(self) -> str:
        """As it was typed."""
        given = (("--id", self.ids), ("--name", self.names), ("--tag", self.tags))
        return " ".join(["--all"] * self.everything + [f"{option} '{one}'" for option, ones in given for one in ones])

    @property
    def made(self) -> bool:
        """Whether anything was chosen."""
        return self.everything or bool(self.ids or self.names or self.tags)

    def means(self, project: RemoteProject) -> bool:
        """Whether ``project`` is meant: by its id, or by its name and its tags."""
        if self.everything or project.id in self.ids:
            return True
        if not self.names and not self.tags:
            return False
        content = project.content
        tags = {tag.name for tag in content.tags} | {f"{tag.name}={tag.value}" for tag in content.tags}
        fits = not self.names or any(fnmatchcase(content.name, pattern) for pattern in self.names)
        return fits and tags.issuperset(self.tags)


@dataclass(frozen=True, slots=True)
class Target:
    """What all manifests of one import have in common."""

    namespace: str
    backend_kind: str
    backend_name: str
    management_policy: ManagementPolicy = ManagementPolicy.OBSERVE
    """With `Observe` applying the manifest writes nothing in the backend, not even the mark."""
    deletion_policy: DeletionPolicy = DeletionPolicy.ORPHAN
    """Whoever deletes what was imported in a hurry loses nothing by it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A Project to be applied, and what it leaves out."""

    document: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return str(self.document["metadata"]["name"])

    @property
    def project_id(self) -> str:
        """``spec.import.id``."""
        return str(self.document["spec"]["import"]["id"])


@dataclass(frozen=True, slots=True)
class Refused:
    """A project of which no manifest is written."""

    project_id: str
    name: str
    why: str
    failed: bool = False
    """Whether it could not be read, and so may be imported another time."""


Objections = Callable[[Project], Iterable[UnsupportedField]]
"""What the backend, or its owner, has against a Project."""


@dataclass(frozen=True, slots=True)
class Heritage:
    """Which marks of Projects that are gone may be taken up again by a Project of the same name (docs/protocol.md)."""

    cluster_id: str
    namespace: str
    namespace_uid: str
    living: AbstractSet[str] = frozenset()
    """Uids of the Projects of the namespace."""
    taken: AbstractSet[str] = frozenset()
    """Their names."""

    def name_of(self, project: RemoteProject) -> str:
        """The name that the Project had for which ``project`` was made, if it is gone and called as its project is; ""
        where that cannot be told. A mark tells whether a name is the one, and not which one it is.
        """
        mark = Mark.parse(project.content.mark)
        if mark is None or mark.uid in self.living:
            return ""
        for name in dict.fromkeys((project.content.name, _plain(project.content.name))):
            own = Mark.of(
                cluster_id=self.cluster_id,
                namespace=self.namespace,
                name=name,
                namespace_uid=self.namespace_uid,
                uid=mark.uid,
            )
            if own == mark and name not in self.taken:
                return name
        return ""


@dataclass(slots=True)
class Names:
    """Gives names that are valid and not taken."""

    taken: set[str] = field(default_factory=set)

    heritage: Heritage | None = None
    """Where a former name counts for more than a fine one."""

    def give(self, project: RemoteProject) -> str:
        """A name for the Project of ``project``, like its own; with the beginning of its id where that is taken."""
        if self.heritage is not None and (former := self.heritage.name_of(project)):
            self.taken.add(former)
            return former
        plain = _plain(project.content.name)[:LONGEST_NAME].strip("-")
        tail = _plain(project.id)[:_ID_SHOWN].strip("-") or "x"
        stem = (plain or "project")[: LONGEST_NAME - 2 * _ID_SHOWN].strip("-")
        candidates = [plain] if plain else []
        candidates += [f"{stem}-{tail}", *(f"{stem}-{tail}-{number}" for number in range(2, len(self.taken) + 3))]
        name = next(one for one in candidates if one not in self.taken)
        self.taken.add(name)
        return name


def obstacle(project: RemoteProject, claims: Claims, heritage: Heritage | None = None) -> str:
    """Why ``project`` cannot be imported; "" where it can. ``claims``: those of the cluster's Projects."""
    inherited = heritage is not None and bool(heritage.name_of(project))
    if claim := claims.of(project.id, project.content.name):
        return claim
    if project.deleting:
        return "it is being deleted"
    if is_domain(project):
        return "it is a domain, with everything in it; write its Project by hand, with `keystone.isDomain: true`"
    if project.content.mark not in {"", ORPHANED} and not inherited:
        return "it carries the mark of another Project; see: project-operator orphans"
    return ""


def obstacle_since(listed: RemoteProject, now: RemoteProject, claims: Claims, heritage: Heritage | None = None) -> str:
    """The same for a project that was ``listed`` before the claims were known, and read after that."""
    if now.content.mark != listed.content.mark:
        return "its mark was changed while this looked; look again"
    return obstacle(now, claims, heritage)


def manifest(
    project: RemoteProject, name: str, target: Target, objections: Objections = lambda _: ()
) -> Manifest | Refused:
    """The manifest with every field that ``project`` shows and the backend object lets a Project have.

    What cannot be said in a manifest, or may not be asked for, is left out, which leaves it as it is; a note says so.
    """
    spec = _spec(project, target)
    notes: list[str] = []
    while True:
        document = _document(name, target.namespace, spec)
        try:
            parsed = Project.parse(document)
        except ValidationError as error:
            fields = {_field(".".join(map(str, problem["loc"]))) for problem in error.errors()}
            why = describe_problems(error)
        else:
            found = tuple(objections(parsed))
            if not found:
                return Manifest(document, tuple(notes))
            fields = {_field(one.path) for one in found}
            why = "; ".join(f"{one.path} {one.reason}" for one in found)
        droppable = fields & spec.keys() - _ESSENTIAL
        if not droppable:
            return Refused(project.id, project.content.name, why)
        for one in sorted(droppable):
            del spec[one]
        notes.append(f"left out, and so left as it is: {', '.join(sorted(droppable))} ({why})")


def _document(name: str, namespace: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.PROJECT_KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": dict(spec),
    }


def _spec(project: RemoteProject, target: Target) -> dict[str, Any]:
    content = project.content
    spec: dict[str, Any] = {
        "backendRef": {"kind": target.backend_kind, "name": target.backend_name},
        "import": {"id": project.id},
        "managementPolicy": str(target.management_policy),
        "deletionPolicy": str(target.deletion_policy),
        "name": content.name,
    }
    if content.description:
        spec["description"] = content.description
    if tags := [{"name": tag.name, "value": tag.value} for tag in sorted(set(content.tags))]:
        spec["tags"] = tags
    if groups := _groups(project):
        spec["groups"] = groups
    if content.enabled is not None:
        spec["enabled"] = content.enabled
    if content.parent_id:
        spec["parentID"] = content.parent_id
    return spec | _particulars(content.particulars)


def _groups(project: RemoteProject) -> list[dict[str, Any]]:
    if project.content.group_ids:
        return [{"id": group_id} for group_id in dict.fromkeys(project.content.group_ids)]
    roles: dict[str, list[dict[str, str]]] = {}
    for one in sorted(set(project.content.role_assignments or ())):
        roles.setdefault(one.group_id, []).append({"id": one.role_id})
    return [{"id": group_id, "roles": given} for group_id, given in roles.items()]


def _particulars(particulars: Mapping[str, str]) -> dict[str, Any]:
    """What only one family has. That a project is no domain, and not locked, goes without saying."""
    found: dict[str, Any] = {}
    if domain := particulars.get("keystone.domainID"):
        found.setdefault("keystone", {})["domainID"] = domain
    if particulars.get(IMMUTABLE) == "true":
        found.setdefault("keystone", {})["immutable"] = True
    if vrn := particulars.get("csp.vrn"):
        found.setdefault("csp", {})["vrn"] = vrn
    if scopes := particulars.get("csp.subResourceServiceScopes"):
        found.setdefault("csp", {})["subResourceServiceScopes"] = scopes.split(",")
    return found


def _field(path: str) -> str:
    """The field of the spec that ``path`` is in."""
    return re.split(r"[.\[]", path.removeprefix("spec."))[0]


def _plain(text: str) -> str:
    """Lower-case letters, digits and single hyphens, as the names of Kubernetes objects have them."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")
