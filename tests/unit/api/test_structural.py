"""What becomes of a pydantic model in a CRD, and what cannot go into one."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from project_operator.api.schema import LIST_MAP_KEYS, LIST_TYPE, VALIDATIONS, ApiModel, Rule
from project_operator.api.structural import KEYWORDS, NotStructuralError, structural_schema, walk

Name = Annotated[str, Field(max_length=10)]
ATOMIC = {LIST_TYPE: "atomic"}


class Colour(StrEnum):
    """A choice."""

    RED = "Red"
    BLUE = "Blue"


class Inner(ApiModel):
    """A nested object."""

    name: Name
    """A name."""


class WithDefault(ApiModel):
    """A nested object with a default."""

    name: Name = "nobody"
    """A name."""


class Recursive(ApiModel):
    """A nested object that holds itself."""

    inner: "Recursive | None" = None
    """Itself."""


def converted(annotation: Any, **field: Any) -> dict[str, Any]:
    """The schema of a field with this annotation."""
    model = type(
        "Model",
        (ApiModel,),
        {"__annotations__": {"it": annotation}, "it": Field(description="It.", **field), "__module__": __name__},
    )
    schema: dict[str, Any] = structural_schema(model)["properties"]["it"]
    assert schema.pop("description") == "It."
    return schema


CONVERTED: list[tuple[str, Any, dict[str, Any], dict[str, Any]]] = [
    ("optional", Name | None, {"default": None}, {"type": "string", "maxLength": 10}),
    ("nested", Inner, {}, structural_schema(Inner) | {"description": "It."}),
    ("optional nested", Inner | None, {"default": None}, structural_schema(Inner) | {"description": "It."}),
    ("integer", int, {}, {"type": "integer", "format": "int64"}),
    ("boolean default", bool, {"default": False}, {"type": "boolean", "default": False}),
    ("scalar default", Name, {"default": "x"}, {"type": "string", "maxLength": 10, "default": "x"}),
    ("empty default", Name, {"default": ""}, {"type": "string", "maxLength": 10}),
    ("time", datetime, {}, {"type": "string", "format": "date-time"}),
    ("enum", Colour, {}, {"type": "string", "enum": ["Red", "Blue"]}),
    ("constant", Literal["only"], {}, {"type": "string", "enum": ["only"]}),
    (
        "exclusive bounds",
        Annotated[float, Field(gt=0, lt=5)],
        {},
        {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": True},
    ),
    ("int or string", int | Annotated[str, Field()], {}, {"x-kubernetes-int-or-string": True}),
    (
        "list",
        tuple[Name, ...],
        {"max_length": 2, "json_schema_extra": ATOMIC},
        {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 10}, LIST_TYPE: "atomic"},
    ),
    (
        "set",
        frozenset[Name],
        {"max_length": 2},
        {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 10}, LIST_TYPE: "set"},
    ),
    (
        "map of strings",
        dict[str, Name],
        {"max_length": 2},
        {"type": "object", "maxProperties": 2, "additionalProperties": {"type": "string", "maxLength": 10}},
    ),
]


@pytest.mark.parametrize(
    ("annotation", "field", "schema"), [row[1:] for row in CONVERTED], ids=[row[0] for row in CONVERTED]
)
def test_has_a_structural_form(annotation: Any, field: dict[str, Any], schema: dict[str, Any]) -> None:
    expected = {keyword: value for keyword, value in schema.items() if keyword != "description"}
    assert converted(annotation, **field) == expected


REFUSED: list[tuple[str, Any, dict[str, Any], str]] = [
    ("recursion", Recursive, {}, "Recursive contains itself"),
    ("union", int | bool, {}, "must not be a union"),
    ("union of objects", Inner | WithDefault, {}, "must not be a union"),
    ("anything", Any, {}, "must have a type"),
    ("map of anything", dict[str, Any], {"max_length": 2}, "must say what its values are"),
    ("object without fields", dict, {"max_length": 2}, "must say what its values are"),
    ("fixed tuple", tuple[Name, Name], {"json_schema_extra": ATOMIC}, "prefixItems cannot be said"),
    ("secret", Annotated[SecretStr, Field(max_length=9)], {}, "format password"),
    ("ISO duration", timedelta, {}, "format duration"),
    ("null", None, {}, "null is no type"),
    ("string without maximum", str, {}, "must have a maxLength"),
    ("list without maximum", tuple[Name, ...], {"json_schema_extra": ATOMIC}, "must have a maxItems"),
    ("map without maximum", dict[str, Name], {}, "must have a maxProperties"),
    (
        "list item without maximum",
        tuple[str, ...],
        {"max_length": 2, "json_schema_extra": ATOMIC},
        r"it\[\]: must have a",
    ),
    ("map value without maximum", dict[str, str], {"max_length": 2}, r"it\{\}: must have a maxLength"),
    ("list without type", tuple[Name, ...], {"max_length": 2}, "must say x-kubernetes-list-type"),
    (
        "list map without keys",
        tuple[Inner, ...],
        {"max_length": 2, "json_schema_extra": {LIST_TYPE: "map"}},
        "must say x-kubernetes-list-map-keys",
    ),
    (
        "optional list map key",
        tuple[WithDefault, ...],
        {"max_length": 2, "json_schema_extra": {LIST_TYPE: "map", LIST_MAP_KEYS: ["name"]}},
        "must not have a default inside a list item",
    ),
    (
        "unknown list map key",
        tuple[Inner, ...],
        {"max_length": 2, "json_schema_extra": {LIST_TYPE: "map", LIST_MAP_KEYS: ["kind"]}},
        "the key kind must be a required field",
    ),
    (
        "default in a list item",
        tuple[WithDefault, ...],
        {"max_length": 2, "json_schema_extra": ATOMIC},
        r"it\[\].name: must not have a default inside a list item",
    ),
]


@pytest.mark.parametrize(
    ("annotation", "field", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_fails_where_it_is_generated(annotation: Any, field: dict[str, Any], words: str) -> None:
    with pytest.raises(NotStructuralError, match=words):
        converted(annotation, **field)


@pytest.mark.parametrize("name", ["n", "y", "no", "yes", "on", "off"])
def test_no_field_has_a_name_that_yaml_reads_as_a_boolean(name: str) -> None:
    model = type("Model", (BaseModel,), {"__annotations__": {name: int}, name: Field(description="It.")})
    with pytest.raises(NotStructuralError, match=f"Model.{name}: must not be called '{name}'"):
        structural_schema(model)


def test_every_field_is_described() -> None:
    class Model(BaseModel):
        silent: int

    with pytest.raises(NotStructuralError, match=r"Model.silent: must have a description"):
        structural_schema(Model)


def test_what_stands_beside_a_reference_wins_and_rules_add_up() -> None:
    class Ruled(ApiModel):
        """Said by the type."""

        rules = (Rule("a", "must a"),)

        name: Name
        """A name."""

    schema = converted(Annotated[Ruled, Rule("b", "must b")])
    assert [rule["rule"] for rule in schema[VALIDATIONS]] == ["a", "b"]


def test_a_default_object_leaves_its_fields_to_the_server() -> None:
    schema = converted(WithDefault, default=WithDefault(name="other"))
    assert schema["default"] == {}
    assert schema["properties"]["name"]["default"] == "nobody"


def test_what_says_nothing_in_a_crd_is_left_out() -> None:
    class Model(BaseModel):
        model_config = ConfigDict(extra="forbid", title="Title")

        name: Annotated[
            str, Field(max_length=3, examples=["a"], deprecated=True, title="Name", description="On\ntwo lines.")
        ]

    assert structural_schema(Model) == {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"description": "On two lines.", "type": "string", "maxLength": 3}},
    }


def test_keywords_come_out_in_one_order() -> None:
    for _, schema in walk(structural_schema(Inner)):
        assert list(schema) == [keyword for keyword in KEYWORDS if keyword in schema]
