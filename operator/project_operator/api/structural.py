"""From a pydantic model to a structural schema, the only kind that a CustomResourceDefinition may hold.

What has no structural form fails with `NotStructuralError`, and so does what this project does not want in its API:
a field without a description, a string, list or map without a maximum, a list without a type, a default inside a list
item (GitOps tools show it as a difference for ever), a field whose name YAML 1.1 reads as a boolean.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ ("Specifying a
structural schema") and Kubernetes API conventions.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from project_operator.api.schema import LIST_MAP_KEYS, LIST_TYPE, VALIDATIONS, JsonSchema

INT_OR_STRING: Final = "x-kubernetes-int-or-string"

KEYWORDS: Final = (
    "description",
    "type",
    "format",
    "enum",
    "default",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "items",
    "additionalProperties",
    "required",
    "properties",
    INT_OR_STRING,
    LIST_TYPE,
    LIST_MAP_KEYS,
    VALIDATIONS,
)
"""Every keyword that may come out, in the order in which it does."""

_NOISE: Final = frozenset({"title", "examples", "deprecated", "readOnly", "writeOnly", "$defs"})
_YAML_BOOLEANS: Final = frozenset({"n", "y", "no", "yes", "on", "off"})
_FORMATS: Final = frozenset({"int64", "date-time"})
_INT_OR_STRING_TYPES: Final = [{"type": "integer"}, {"type": "string"}]


class NotStructuralError(ValueError):
    """A model has something that a CRD cannot hold, or that this API does not want; the message names the field."""


def structural_schema(model: type[BaseModel], *, without: frozenset[str] = frozenset()) -> JsonSchema:
    """The structural schema of ``model``, everything inlined, leaving out the fields ``without`` of the model itself.

    Raises:
        NotStructuralError: see the module.
    """
    schema = model.model_json_schema(by_alias=True, mode="validation")
    schema["properties"] = {name: child for name, child in schema["properties"].items() if name not in without}
    schema["required"] = [name for name in schema.get("required", []) if name not in without]
    return _Converter(schema.get("$defs", {})).convert(schema, model.__name__)


class _Converter:
    def __init__(self, definitions: Mapping[str, JsonSchema]) -> None:
        self._definitions = definitions

    def convert(
        self, schema: JsonSchema, path: str, *, inside: tuple[str, ...] = (), in_item: bool = False
    ) -> JsonSchema:
        """``schema`` at ``path``, made while the definitions ``inside`` are being inlined."""
        schema, inside = self._inline(schema, path, inside)
        schema = _without_noise(schema)
        _check_keywords(schema, path)
        self._convert_children(schema, path, inside, in_item=in_item)
        _check_limits(schema, path)
        _check_list(schema, path)
        if in_item and "default" in schema:
            raise NotStructuralError(f"{path}: must not have a default inside a list item")
        return {keyword: schema[keyword] for keyword in KEYWORDS if keyword in schema}

    def _inline(self, schema: JsonSchema, path: str, inside: tuple[str, ...]) -> tuple[JsonSchema, tuple[str, ...]]:
        """``schema`` with its reference and its "or null" resolved; what stands beside them wins."""
        while "$ref" in schema or "anyOf" in schema:
            beside = {keyword: value for keyword, value in schema.items() if keyword not in {"$ref", "anyOf"}}
            if "$ref" in schema:
                name = schema["$ref"].removeprefix("#/$defs/")
                if name in inside:
                    raise NotStructuralError(f"{path}: {name} contains itself, which a CRD cannot say")
                inside = (*inside, name)
                target = self._definitions[name]
            else:
                target = _member(schema["anyOf"], path)
            rules = [*target.get(VALIDATIONS, []), *beside.get(VALIDATIONS, [])]
            schema = target | beside | ({VALIDATIONS: rules} if rules else {})
        return schema, inside

    def _convert_children(self, schema: JsonSchema, path: str, inside: tuple[str, ...], *, in_item: bool) -> None:
        if "properties" in schema:
            schema["properties"] = {
                name: self._convert_property(name, child, f"{path}.{name}", inside, in_item=in_item)
                for name, child in schema["properties"].items()
            }
        if "items" in schema:
            schema["items"] = self.convert(schema["items"], f"{path}[]", inside=inside, in_item=True)
        if "additionalProperties" in schema:
            schema["additionalProperties"] = self.convert(
                schema["additionalProperties"], f"{path}{{}}", inside=inside, in_item=in_item
            )

    def _convert_property(
        self, name: str, schema: JsonSchema, path: str, inside: tuple[str, ...], *, in_item: bool
    ) -> JsonSchema:
        if name in _YAML_BOOLEANS:
            raise NotStructuralError(f"{path}: must not be called {name!r}, which YAML 1.1 reads as a boolean")
        converted = self.convert(schema, path, inside=inside, in_item=in_item)
        if not converted.get("description"):
            raise NotStructuralError(f"{path}: must have a description: a docstring under the attribute")
        return converted


def _member(union: Sequence[JsonSchema], path: str) -> JsonSchema:
    """What a union stands for: X of ``X | None``, or int-or-string."""
    members = [member for member in union if member.get("type") != "null"]
    if len(members) == 1:
        return members[0]
    if sorted(members, key=str) == _INT_OR_STRING_TYPES:
        return {INT_OR_STRING: True}
    raise NotStructuralError(f"{path}: must not be a union; use optional fields of which exactly one is set")


def _without_noise(schema: JsonSchema) -> JsonSchema:
    """``schema`` in the words of a CRD, without what says nothing there."""
    cleaned = {keyword: value for keyword, value in schema.items() if keyword not in _NOISE and value != []}
    if "description" in cleaned:
        cleaned["description"] = " ".join(cleaned["description"].split())
    if "const" in cleaned:
        cleaned["enum"] = [cleaned.pop("const")]
    if "enum" in cleaned and "type" not in cleaned:
        cleaned["type"] = "string"
    if cleaned.pop("uniqueItems", False):
        cleaned[LIST_TYPE] = "set"
    if cleaned.get("additionalProperties") is False:
        del cleaned["additionalProperties"]
    if cleaned.get("type") == "integer":
        cleaned["format"] = "int64"
    return _with_boolean_bounds(_with_server_default(cleaned))


def _with_boolean_bounds(schema: JsonSchema) -> JsonSchema:
    """The bounds of JSON Schema 2020-12 in the words of OpenAPI 3.0."""
    for bound in ("Minimum", "Maximum"):
        if f"exclusive{bound}" in schema:
            schema = schema | {bound.lower(): schema[f"exclusive{bound}"], f"exclusive{bound}": True}
    return schema


def _with_server_default(schema: JsonSchema) -> JsonSchema:
    """Empty defaults are left out, for absent says as much; that of an object leaves its fields to the server."""
    default = schema.get("default")
    if isinstance(default, dict) and "properties" in schema:
        return schema | {"default": {}}
    if isinstance(default, bool) or default:
        return schema
    return {keyword: value for keyword, value in schema.items() if keyword != "default"}


def _check_keywords(schema: JsonSchema, path: str) -> None:
    unknown = schema.keys() - set(KEYWORDS)
    if unknown:
        raise NotStructuralError(f"{path}: {', '.join(sorted(unknown))} cannot be said in a CRD")
    if schema.get("format", "int64") not in _FORMATS:
        raise NotStructuralError(f"{path}: format {schema['format']} means something else, or nothing, in a CRD")
    if schema.get("type") == "null":
        raise NotStructuralError(f"{path}: null is no type in a CRD; make the field optional")
    if "type" not in schema and INT_OR_STRING not in schema:
        raise NotStructuralError(f"{path}: must have a type; Any cannot be said in a CRD")
    if schema.get("additionalProperties") is True or ("properties" in schema and "additionalProperties" in schema):
        raise NotStructuralError(f"{path}: must say what its values are, and cannot have named fields beside them")
    if schema.get("type") == "object" and "properties" not in schema and "additionalProperties" not in schema:
        raise NotStructuralError(f"{path}: must have fields, or say what its values are")


def _check_limits(schema: JsonSchema, path: str) -> None:
    maximum = {
        "string": None if "enum" in schema or schema.get("format") == "date-time" else "maxLength",
        "array": "maxItems",
        "object": None if "properties" in schema else "maxProperties",
    }.get(schema.get("type", ""))
    if maximum is not None and maximum not in schema:
        raise NotStructuralError(f"{path}: must have a {maximum}")


def _check_list(schema: JsonSchema, path: str) -> None:
    if schema.get("type") != "array":
        return
    if LIST_TYPE not in schema:
        raise NotStructuralError(f"{path}: must say {LIST_TYPE}: atomic, set or map")
    for key in schema.get(LIST_MAP_KEYS, ()):
        if key not in schema["items"].get("required", ()):
            raise NotStructuralError(f"{path}: the key {key} must be a required field of the items")
    if schema[LIST_TYPE] == "map" and LIST_MAP_KEYS not in schema:
        raise NotStructuralError(f"{path}: must say {LIST_MAP_KEYS}")


def walk(schema: Mapping[str, Any], path: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    """Every schema inside the structural ``schema`` with its path (``.spec.tags[].name``), outermost first."""
    found = [(path, schema)]
    for name, child in schema.get("properties", {}).items():
        found += walk(child, f"{path}.{name}")
    if "items" in schema:
        found += walk(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        found += walk(schema["additionalProperties"], f"{path}{{}}")
    return found
