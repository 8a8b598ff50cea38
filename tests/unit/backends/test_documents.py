import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from project_operator.backends.documents import Identifier, each_item, read


class Thing(BaseModel):
    name: str


@pytest.mark.parametrize("value", [b'{"name": "x"}', {"name": "x"}])
def test_text_and_what_was_taken_apart_are_read_alike(value: Any) -> None:
    assert read(Thing, value) == Thing(name="x")


@pytest.mark.parametrize("value", [b"", b"<html>", b'{"name": 1}', b"[]", b"\xff", {}, [], None, "{}", 7])
def test_what_it_is_not_is_none(value: Any) -> None:
    assert read(Thing, value) is None


@pytest.mark.parametrize("text", ["a", "0f-_.:Z", "default", "x" * 128])
def test_ids_that_can_stand_in_a_path(text: str) -> None:
    assert TypeAdapter(Identifier).validate_python(text) == text


@pytest.mark.parametrize("text", ["", ".", "..", ".a", ":a", "a/b", "a b", "a?b", "a%2f", "ä", "a\n", "x" * 129])
def test_ids_that_cannot(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Identifier).validate_python(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(JSON, max_size=5), st.sampled_from([None, 1]))
def test_the_items_of_an_array_are_what_is_in_it(items: list[Any], indent: int | None) -> None:
    assert list(each_item(json.dumps(items, indent=indent).encode())) == items


@given(st.lists(JSON, min_size=1, max_size=3), st.integers(min_value=1))
def test_of_a_part_of_an_array_no_end_is_reached(items: list[Any], cut: int) -> None:
    body = json.dumps(items).encode()
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        list(each_item(body[: -1 - cut % len(body)] if cut % len(body) < len(body) - 1 else b""))


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{}", b"null", b"[", b"[{}", b"[,]", b"[1 2]", b'[{"a": 1},]', b"<html>", b"\xff", b"[]x", b"[][]"],
)
def test_what_is_no_array_or_not_all_of_one_has_no_end(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        list(each_item(body))
