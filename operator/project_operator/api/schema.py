"""What the models need to say a rule once and have it kept twice: by the API server (in CEL) and by us (in Python).

The second matters where the first is not to be had: objects stored under an older schema, and API servers without CEL.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic_core import CoreSchema, core_schema

JsonSchema = dict[str, Any]

VALIDATIONS: Final = "x-kubernetes-validations"
LIST_TYPE: Final = "x-kubernetes-list-type"
LIST_MAP_KEYS: Final = "x-kubernetes-list-map-keys"

_INITIALISMS: Final = {"csp": "CSP", "id": "ID", "ids": "IDs"}

Bool = Annotated[bool, Strict()]
Int = Annotated[int, Strict()]


def wire_name(attribute: str) -> str:
    """The field name on the wire: ``organization_id`` is ``organizationID``, ``import_`` is ``import``.

    Kubernetes API conventions: camelCase, initialisms in capitals except where the name begins with them.
    """
    first, *rest = attribute.rstrip("_").split("_")
    return first + "".join(_INITIALISMS.get(word, word.capitalize()) for word in rest)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on a value: its CEL for the API server, its message for people and, where it can be, its check in Python.

    Stands in ``Annotated[…]`` of a field, or in `ApiModel.rules` of a model.
    """

    cel: str
    message: str
    """What must be, and what the way out is: ``must …; …``."""
    check: Callable[[Any], bool] | None = None
    """The same rule on the parsed value; None for transition rules and rules that need another part of the object."""
    field_path: str = ""
    """Which field the API server names, relative to the value, as ``.field``; empty: the value itself."""

    def validate(self, value: Any) -> Any:
        """``value``, or ValueError with the message."""
        if self.check is not None and not self.check(value):
            raise ValueError(self.message)
        return value

    def as_schema(self) -> JsonSchema:
        """The entry in ``x-kubernetes-validations``."""
        entry = {"rule": self.cel, "message": self.message}
        return entry | ({"fieldPath": self.field_path} if self.field_path else {})

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after the type was checked."""
        return core_schema.no_info_after_validator_function(self.validate, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        """Put the CEL into the schema."""
        json_schema = handler(schema)
        json_schema[VALIDATIONS] = [*json_schema.get(VALIDATIONS, []), self.as_schema()]
        return json_schema


def cel_string(text: str) -> str:
    """``text`` as a literal of CEL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def matches(pattern: str, message: str) -> Rule:
    """The rule that a whole string matches ``pattern`` (RE2), with a message for people instead of the expression."""
    expression = re.compile(pattern, re.ASCII)  # RE2's classes are ASCII
    return Rule(f"self.matches({cel_string(pattern)})", message, lambda value: expression.fullmatch(value) is not None)


class ApiModel(BaseModel):
    """Base of everything that goes over the wire of the Kubernetes API.

    Unknown fields are ignored, for they come from a newer definition; wrong types are not.
    """

    model_config = ConfigDict(
        alias_generator=wire_name,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()
    one_of: ClassVar[tuple[str, ...]] = ()
    """Attributes of which exactly one is set: the members of a union. Each is optional by itself."""

    @classmethod
    def all_rules(cls) -> tuple[Rule, ...]:
        """The rules of the model, that of its union first."""
        return ((_exactly_one(cls.one_of),) if cls.one_of else ()) + cls.rules

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the rules of the model after its fields. Most models have none: they are not even asked for any."""
        schema, rules = handler(source), cls.all_rules()
        if not rules:
            return schema

        def keep_rules(model: "ApiModel") -> "ApiModel":
            for rule in rules:
                rule.validate(model)
            return model

        return core_schema.no_info_after_validator_function(keep_rules, schema)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        """The schema of the fields, with the rules of the model."""
        json_schema = handler.resolve_ref_schema(handler(schema))
        if cls.all_rules():
            json_schema[VALIDATIONS] = [rule.as_schema() for rule in cls.all_rules()]
        return json_schema


def _exactly_one(attributes: tuple[str, ...]) -> Rule:
    names = [wire_name(attribute) for attribute in attributes]
    quoted = [f"`{name}`" for name in names]
    if len(names) == 1:
        return Rule(f"has(self.{names[0]})", f"must set {quoted[0]}", _one_is_set(attributes))
    present = ", ".join(f"has(self.{name})" for name in names)
    listed = f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    return Rule(f"[{present}].filter(x, x).size() == 1", f"must set exactly one of {listed}", _one_is_set(attributes))


def _one_is_set(attributes: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda model: sum(getattr(model, attribute) is not None for attribute in attributes) == 1
