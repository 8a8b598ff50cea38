from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from project_operator.backends.documents import Identifier, read


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
