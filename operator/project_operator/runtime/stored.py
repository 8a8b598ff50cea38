"""What is looked up in an object as the API server stores it, before it is parsed or although it cannot be.

`metadata` has the shape that the API server gives it. `spec` and `status` have that of the schema under which they were
written, which may be an older one, or none: what is not of the type that is asked for counts as absent here, and is
named to people where the object is parsed (`gathering.parse_project`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_NOTHING: Final[Mapping[str, Any]] = {}


def part(raw: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The object at ``path``; an empty one where there is none."""
    found = raw
    for name in path:
        inner = found.get(name)
        # What came as JSON is a dict; to ask that first spares the search among abstract classes.
        if not (type(inner) is dict or isinstance(inner, Mapping)):
            return _NOTHING
        found = inner
    return found


def text(raw: Mapping[str, Any], *path: str) -> str:
    """The text at ``path``; "" where there is none."""
    found = part(raw, *path[:-1]).get(path[-1])
    return found if isinstance(found, str) else ""


def conditions(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The conditions in its status."""
    found = part(raw, "status").get("conditions")
    return (one for one in (found if isinstance(found, list) else ()) if isinstance(one, Mapping))
