"""JSON merge patch (RFC 7396), the one way we write."""

from collections.abc import Mapping
from typing import Any


def merge_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest merge patch that makes ``new`` of ``old``; {} when there is nothing to do.

    A key that is missing in ``new`` is removed (null on the wire). None in ``new`` means missing, as a merge patch cannot write a null. Lists are
    replaced whole. What is an object on both sides is patched inside; an object that became another type is replaced.
    """
    patch: dict[str, Any] = {}
    for key in old:
        if old[key] is not None and new.get(key) is None:
            patch[key] = None
    for key, value in new.items():
        before = old.get(key)
        if value is None or value == before:
            continue
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            inner = merge_patch(before, value)
            if inner:
                patch[key] = inner
        else:
            patch[key] = value
    return patch
