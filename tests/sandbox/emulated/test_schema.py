"""Structural schemas in one walk. What the server says of them is compared with the real one in conformance/."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from project_operator.sandbox.controlplane.emulated.schema import Walk

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["a"],
    "properties": {
        "a": {"type": "string", "maxLength": 3, "default": "x"},
        "b": {"type": "object", "properties": {"c": {"type": "integer", "minimum": 0, "default": 1}}},
        "c": {"type": "array", "maxItems": 1, "items": {"type": "number", "nullable": True}},
    },
}


@given(JSON)
def test_a_schema_that_allows_everything_changes_nothing(value: Any) -> None:
    walk = Walk()
    anything = {"x-kubernetes-preserve-unknown-fields": True, "nullable": True}
    assert walk.conform(anything, value) == value
    assert (walk.unknown, walk.errors) == ([], [])


@given(st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4))
def test_what_conforms_conforms_again_unchanged(value: dict[str, Any]) -> None:
    first, second = Walk(), Walk()
    result = first.conform(SCHEMA, value)
    assert second.conform(SCHEMA, result) == result
    assert second.unknown == []
    assert second.errors == first.errors


@given(st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4))
def test_the_value_given_is_left_as_it_was(value: dict[str, Any]) -> None:
    before = repr(value)
    Walk().conform(SCHEMA, value)
    assert repr(value) == before


def test_defaults_fill_objects_that_are_there_and_not_those_that_are_not() -> None:
    assert Walk().conform(SCHEMA, {}) == {"a": "x"}
    assert Walk().conform(SCHEMA, {"b": {}}) == {"a": "x", "b": {"c": 1}}


def test_true_is_no_integer_and_an_integer_is_a_number() -> None:
    walk = Walk()
    walk.conform(SCHEMA, {"b": {"c": True}, "c": [1]})
    assert [error.field for error in walk.errors] == ["b.c"]


def test_nulls_are_kept_where_they_are_allowed() -> None:
    assert Walk().conform(SCHEMA, {"a": None, "c": [None]}) == {"a": "x", "c": [None]}


def test_unknown_fields_are_named_by_their_path() -> None:
    walk = Walk()
    assert walk.conform(SCHEMA, {"d": 1, "b": {"e": {"f": 1}}}) == {"a": "x", "b": {"c": 1}}
    assert walk.unknown == ["d", "b.e"]
