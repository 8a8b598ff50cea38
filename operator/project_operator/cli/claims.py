"""Which projects of a backend the Projects of a cluster have a claim to: what may not be imported once more. Pure."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from project_operator.api.names import IDENTITY_BACKEND_KIND
from project_operator.runtime.backend_kinds import backend_place
from project_operator.runtime.keys import Place
from project_operator.runtime.stored import part, text

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claims:
    """Of Projects in one place; each is told as ``namespace/name``."""

    by_id: Mapping[str, str] = field(default_factory=dict)
    by_name: Mapping[str, str] = field(default_factory=dict)
    """Of those that import by name, and have not found their project yet."""

    def of(self, project_id: str, name: str) -> str:
        """Who has a claim to a project and why, in words; "" where nobody has."""
        if owner := self.by_id.get(project_id):
            return f"Project {owner} names it already"
        if owner := self.by_name.get(name):
            return f"Project {owner} is about to import it by its name"
        return ""


def claims(projects: Iterable[Raw], endpoint_id: str, backend: Place, default: tuple[str, str]) -> Claims:
    """The claims of ``projects`` to what is at ``endpoint_id``, where ``backend`` leads.

    ``default``: kind and name of the backend object of a Project that names none. Who does not know yet where its
    backend object leads claims the id that it asks for wherever that is; a name only where it uses ``backend`` itself,
    for ids are nobody else's, and names are.
    """
    by_id: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for raw in projects:
        there = text(raw, "status", "endpointID")
        if there not in {"", endpoint_id}:
            continue
        owner = f"{text(raw, 'metadata', 'namespace')}/{text(raw, 'metadata', 'name')}"
        known = text(raw, "status", "id")
        for project_id in (known, text(raw, "spec", "import", "id")):
            if project_id:
                by_id[project_id] = owner
        waits = text(raw, "spec", "import", "byName") and not known
        if waits and (there == endpoint_id or _place(raw, default) == backend):
            by_name[text(raw, "spec", "name") or text(raw, "metadata", "name")] = owner
    return Claims(by_id, by_name)


def taken_names(projects: Iterable[Raw], namespace: str) -> AbstractSet[str]:
    """The names that Projects of ``namespace`` have."""
    return {str(raw["metadata"]["name"]) for raw in projects if raw["metadata"].get("namespace") == namespace}


def _place(raw: Raw, default: tuple[str, str]) -> Place:
    """The backend object that a Project uses."""
    ref = part(raw, "spec", "backendRef")
    kind, name = (text(ref, "kind") or IDENTITY_BACKEND_KIND, text(ref, "name")) if ref else default
    return backend_place(kind, name, text(raw, "metadata", "namespace"))
