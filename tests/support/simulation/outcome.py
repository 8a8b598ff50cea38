"""What came of a spec, without what may differ between two ways there: ids, times, generations, and what the spec does
not manage.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from project_operator.backends.base import ProjectContent
from simulation.world import World

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MANAGED: Final = {
    "description": ("description",),
    "tags": ("tags",),
    "groups": ("group_ids", "role_assignments"),
    "enabled": ("enabled",),
}
"""Fields of a spec, and what they come to in the content of a project."""
_SHOWN: Final = {"description": "description", "tags": "tags", "groups": "groupIDs", "enabled": "enabled"}


def outcome(world: World, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """What became of ``spec`` in the backend and in the status of the Project ``name``."""
    status = _plain(world, name)
    told = {
        "current": status.get("observedGeneration") == (world.kube.look(name) or {})["metadata"]["generation"],
        "conditions": {
            one["type"]: (one["status"], one["reason"], one["message"]) for one in status.get("conditions", ())
        },
        "deletionPolicy": status.get("deletionPolicy"),
    }
    if not world.is_ready(name):
        return told
    observed, remote = status.get("observed", {}), world.remote(name).content
    as_compared = world.family.as_compared if world.family is not None else str
    return told | {
        "names": [as_compared(one) for one in (remote.name, observed["name"], status["name"])],
        "managed": managed(remote, spec),
        "observed": {field: _ordered(observed.get(field)) for field in _shown(spec)},
        "applied": {field: value for field, value in status.get("applied", {}).items() if field != "generation"},
        "rest": {field: status.get(field) for field in _EQUAL},
    }


_EQUAL: Final = (
    *("id", "organizationID", "backendRef", "provisioningStatus", "healthStatus", "operation", "origin"),
    *("condemned", "goneIDs", "drift", "plan"),
)


def managed(content: ProjectContent, spec: Mapping[str, Any]) -> dict[str, Any]:
    """That part of ``content``, but for the name, that ``spec`` manages."""
    found: dict[str, Any] = {}
    for field, parts in MANAGED.items():
        if field in spec:
            found |= {part: _sorted(getattr(content, part)) for part in parts}
    said = {**spec.get("keystone", {}), **spec.get("csp", {})}
    return found | {path: value for path, value in content.particulars.items() if path.partition(".")[2] in said}


def _shown(spec: Mapping[str, Any]) -> list[str]:
    return [shown for field, shown in _SHOWN.items() if field in spec]


def _sorted(value: Any) -> Any:
    """Lists are compared as sets, and no text is an empty one."""
    return sorted(value) if isinstance(value, tuple) else value or None


def _ordered(value: Any) -> Any:
    """The same of what status shows: tags are objects there."""
    return sorted(value, key=str) if isinstance(value, list) else value or None


def _plain(world: World, name: str) -> dict[str, Any]:
    status = world.status(name)
    text = json.dumps(status)
    if known := status.get("id"):
        text = re.sub(rf"\b{known}\b", "<id>", text)
    plain: dict[str, Any] = json.loads(_TIME.sub("<time>", text))
    return plain
