"""Merge patches (RFC 7396) and JSON patches (RFC 6902) on objects that are never changed in place."""

import copy
from typing import Any

from project_operator.sandbox.controlplane.emulated.status import Refused


def merge(target: Any, patch: Any) -> Any:
    """``target`` after a merge patch. Directives of strategic ones (``$setElementOrder/...``) are passed over."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif not key.startswith("$"):
            merged[key] = merge(merged.get(key), value)
    return merged


def operate(target: Any, operations: Any) -> Any:
    """``target`` after the ``test``, ``add``, ``replace`` and ``remove`` of a JSON patch.

    Raises :class:`Refused` (422) when a test does not hold, a path leads nowhere, or the operation is another one.
    """
    document = {"": copy.deepcopy(target)}
    try:
        for operation in operations:
            _apply(document, operation["op"], operation["path"], operation.get("value"))
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise Refused(422, "Invalid", "the server rejected our request due to an error in our request") from error
    return document[""]


def _apply(document: Any, verb: str, path: str, value: Any) -> None:
    *parents, last = [token.replace("~1", "/").replace("~0", "~") for token in path.split("/")]
    for token in parents:
        document = document[int(token) if isinstance(document, list) else token]
    key: Any = last if isinstance(document, dict) else len(document) if last == "-" else int(last)
    found = None if verb == "add" else document[key]
    if isinstance(document, list) and not 0 <= key <= len(document):
        raise IndexError(path)
    if (verb == "test" and found != value) or verb not in {"test", "add", "replace", "remove"}:
        raise ValueError(path)
    if verb == "remove":
        del document[key]
    elif verb == "add" and isinstance(document, list):
        document.insert(key, value)
    elif verb != "test":
        document[key] = value
