"""The difference between two objects as a JSON merge patch."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.kube.merge import merge_patch

SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-1, 1) | st.text("ab", max_size=2)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", min_size=1, max_size=1), inner),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text("xyz", min_size=1, max_size=1), VALUES)


def apply(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, word by word."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply(result.get(name), value)
    return result


def without_nulls(value: Any) -> Any:
    """What remains of objects in an API where null means missing."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return value


def exact(value: Any) -> str:
    """Tells 1 from 1.0 and from True."""
    if isinstance(value, dict):
        return repr(sorted((name, exact(inner)) for name, inner in value.items()))
    if isinstance(value, list):
        return repr([exact(inner) for inner in value])
    return repr(value if isinstance(value, bool) or not isinstance(value, int | float) else float(value) + 0.0)


@given(OBJECTS, OBJECTS)
def test_applied_to_the_old_it_gives_the_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    patched = apply(without_nulls(old), merge_patch(old, new))

    assert exact(patched) == exact(without_nulls(new))


@given(OBJECTS)
def test_no_difference_is_an_empty_patch(obj: dict[str, Any]) -> None:
    assert merge_patch(obj, obj) == {}


@given(OBJECTS, OBJECTS)
def test_what_it_made_needs_no_further_patch(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert merge_patch(apply(old, merge_patch(old, new)), new) == {}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {}, {"a": None}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ({}, {"a": None}, {}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": None}}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 2}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": [1, 2]}, {"a": [1, 3]}, {"a": [1, 3]}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": [{"b": 0}]}, {"a": [{"b": False}]}, {"a": [{"b": False}]}),
        ({"a": 1}, {"a": 1.0}, {}),
        ({"a": "x"}, {"a": "x", "b": ""}, {"b": ""}),
    ],
)
def test_differences(old: dict[str, Any], new: dict[str, Any], expected: dict[str, Any]) -> None:
    patch = merge_patch(old, new)

    assert exact(patch) == exact(expected)
