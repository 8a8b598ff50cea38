"""Every string field of every kind, with every text that nobody should write: refused in plain words, or bounded and of
what can be written everywhere.
"""

import functools
from typing import Any, Final

import pytest
from hostile import DEEP, TEXTS
from pydantic import ValidationError
from string_fields import StringField, string_fields

from project_operator.api.kinds import KINDS
from project_operator.api.problems import describe_problems

FIELDS: Final = [field for kind in KINDS for field in string_fields(kind)]
LONGEST: Final = 300_000
"""What one text may have: a bundle of certificates."""
SAFE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-")


def refusal(field: StringField, value: Any) -> ValidationError | None:
    """What is said against ``value`` in this place; what else the document lacks does not count."""
    metadata = {"name": "a", "namespace": "ns", "uid": "u"}
    try:
        field.kind.model.model_validate({"metadata": metadata, "spec": field.document(value)})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        here = [one for one in problems if tuple(one["loc"][: len(field.location)]) == field.location]
        return error if here else None
    return None


@functools.cache
def accepted(field: StringField) -> frozenset[str]:
    """Which of `TEXTS` the field takes."""
    return frozenset(name for name, text in TEXTS.items() if refusal(field, text) is None)


def is_id(field: StringField) -> bool:
    """Whether it stands in URL paths."""
    steps = [step for step in field.path if isinstance(step, str)]
    return steps[-1] in {"id", "parentID", "domainID"}


def test_there_are_as_many_fields_as_the_schemas_have() -> None:
    assert len(FIELDS) == len(set(map(str, FIELDS)))
    assert len(FIELDS) > 100


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_a_text_is_bounded_and_can_be_encoded(field: StringField) -> None:
    assert field.schema.get("maxLength", 0) or "enum" in field.schema, "a string without a maximum"
    assert field.schema.get("maxLength", 0) <= LONGEST
    taken = accepted(field)
    assert "lone surrogate" not in taken
    assert "surrogates the wrong way" not in taken
    for name in taken:
        text = TEXTS[name]
        assert len(text) <= field.schema.get("maxLength", LONGEST)
        assert text.encode().decode() == text
        if is_id(field):
            assert set(text) <= SAFE, name
            assert not text.startswith((".", ":")), name


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_what_yaml_makes_of_a_word_is_no_text(field: StringField) -> None:
    """`no`, `1`, `1e3` without quotes are no strings any more when they come here."""
    words = [True, 1, 1.5, [], {}, ["a"], {"a": "b"}]
    assert [word for word in words if refusal(field, word) is None] == []


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_a_refusal_is_one_line_that_names_the_field_and_quotes_nothing(field: StringField) -> None:
    for name in TEXTS.keys() - accepted(field):
        error = refusal(field, TEXTS[name])
        assert error is not None
        words = describe_problems(error)
        assert "\n" not in words
        assert words.isprintable()
        assert len(words) < 2048
        assert len(TEXTS[name]) < 8 or TEXTS[name] not in words


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_depth_is_no_matter(kind: Any) -> None:
    nested: Any = []
    for _ in range(DEEP):
        nested = [nested]
    with pytest.raises(ValidationError):
        kind.model.model_validate({"metadata": {"name": "a"}, "spec": nested})
    kind.model.model_fields["status"].annotation.parse({"conditions": nested, "observed": nested, "drift": nested})


def test_a_field_without_a_bound_is_caught() -> None:
    class Unbounded(StringField):
        @property
        def schema(self) -> dict[str, Any]:
            return {"type": "string"}

    with pytest.raises(AssertionError, match="without a maximum"):
        test_a_text_is_bounded_and_can_be_encoded(Unbounded(FIELDS[0].kind, FIELDS[0].path))
