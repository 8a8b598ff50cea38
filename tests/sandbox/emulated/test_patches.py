"""Merge and JSON patches. The real server's answers to them are compared in conformance/."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project_operator.kube.merge import merge_patch
from project_operator.sandbox.controlplane.emulated.patches import merge, operate
from project_operator.sandbox.controlplane.emulated.status import Refused

LEAVES = st.booleans() | st.integers() | st.text(max_size=3)
OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), LEAVES | st.lists(LEAVES, max_size=2), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner | LEAVES, max_size=3),
    max_leaves=6,
)


# RFC 7396, appendix A, as far as objects are patched.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"b": None}}, {"a": {}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_do_as_the_rfc_says(target: Any, patch: Any, result: Any) -> None:
    assert merge(target, patch) == result


# Generating an example takes milliseconds; what a busy machine takes says nothing about patches.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(OBJECTS, OBJECTS)
def test_a_difference_merged_makes_the_other(one: dict[str, Any], other: dict[str, Any]) -> None:
    before = copy.deepcopy(one)
    assert merge(one, merge_patch(one, other)) == other
    assert one == before


def test_directives_of_strategic_patches_are_passed_over() -> None:
    patch = {"$setElementOrder/ports": [1], "data": {"$retainKeys": ["a"], "a": "b"}}
    assert merge({"data": {"c": "d"}}, patch) == {"data": {"a": "b", "c": "d"}}


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ({"op": "add", "path": "/x", "value": 1}, {"a": ["p", "q"], "b/c": {"~d": 0}, "x": 1}),
        ({"op": "add", "path": "/a/0", "value": "o"}, {"a": ["o", "p", "q"], "b/c": {"~d": 0}}),
        ({"op": "add", "path": "/a/-", "value": "r"}, {"a": ["p", "q", "r"], "b/c": {"~d": 0}}),
        ({"op": "add", "path": "/a", "value": []}, {"a": [], "b/c": {"~d": 0}}),
        ({"op": "replace", "path": "/b~1c/~0d", "value": 1}, {"a": ["p", "q"], "b/c": {"~d": 1}}),
        ({"op": "replace", "path": "/a/1", "value": "z"}, {"a": ["p", "z"], "b/c": {"~d": 0}}),
        ({"op": "remove", "path": "/a/0"}, {"a": ["q"], "b/c": {"~d": 0}}),
        ({"op": "remove", "path": "/b~1c"}, {"a": ["p", "q"]}),
        ({"op": "test", "path": "/a", "value": ["p", "q"]}, {"a": ["p", "q"], "b/c": {"~d": 0}}),
        ({"op": "replace", "path": "", "value": {"new": 1}}, {"new": 1}),
    ],
)
def test_json_patches_do_as_the_rfc_says(operation: dict[str, Any], result: Any) -> None:
    target = {"a": ["p", "q"], "b/c": {"~d": 0}}
    before = copy.deepcopy(target)
    assert operate(target, [operation]) == result
    assert target == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "test", "path": "/b", "value": None},
        {"op": "replace", "path": "/b", "value": 1},
        {"op": "remove", "path": "/b"},
        {"op": "add", "path": "/a/b", "value": 1},
        {"op": "add", "path": "/b/c", "value": 1},
        {"op": "add", "path": "/l/2", "value": 1},
        {"op": "add", "path": "/l/x", "value": 1},
        {"op": "move", "path": "/b", "from": "/a"},
        {"path": "/a"},
        "nonsense",
    ],
)
def test_a_json_patch_that_cannot_apply_is_refused(operation: Any) -> None:
    with pytest.raises(Refused) as refused:
        operate({"a": 1, "l": ["x"]}, [operation])
    assert refused.value.code == 422
