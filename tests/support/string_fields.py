"""Every string field of our kinds, out of their schemas, each in a document of its own: new ones are there at once."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from project_operator.api.crd import openapi_schema
from project_operator.api.kinds import Kind
from project_operator.api.schema import JsonSchema


@functools.cache
def _spec(kind: Kind) -> JsonSchema:
    schema: JsonSchema = openapi_schema(kind)["properties"]["spec"]
    return schema


@dataclass(frozen=True)
class StringField:
    """A place for a string: keys, 0 for the items of a list, `*` for the keys of a map."""

    kind: Kind
    path: tuple[str | int, ...]

    def __str__(self) -> str:
        return f"{self.kind.kind}:" + ".".join(map(str, self.path))

    @property
    def schema(self) -> JsonSchema:
        """Of the string itself."""
        schema = _spec(self.kind)
        for step in self.path:
            match step:
                case int():
                    schema = schema["items"]
                case "*":
                    schema = schema["additionalProperties"]
                case name:
                    schema = schema["properties"][name]
        found: JsonSchema = schema
        return found

    @property
    def location(self) -> tuple[str | int, ...]:
        """The place in a document that has nothing else."""
        return ("spec", *("key" if step == "*" else step for step in self.path))

    def document(self, value: Any) -> dict[str, Any]:
        """A spec with ``value`` in this place, and nothing beside it."""
        schema = _spec(self.kind)
        document: dict[str, Any] = _with(schema, self.path, value)
        return document


def string_fields(kind: Kind) -> Iterator[StringField]:
    """The string fields of the spec of a kind, enumerations included."""
    for path in _paths(_spec(kind)):
        yield StringField(kind, path)


def _paths(schema: JsonSchema) -> Iterator[tuple[str | int, ...]]:
    if schema.get("type") == "string":
        yield ()
    for name, child in schema.get("properties", {}).items():
        yield from ((name, *rest) for rest in _paths(child))
    if "items" in schema:
        yield from ((0, *rest) for rest in _paths(schema["items"]))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from (("*", *rest) for rest in _paths(schema["additionalProperties"]))


def _with(schema: JsonSchema, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    first, *rest = path
    if first == 0:
        return [_with(schema["items"], tuple(rest), value)]
    if first == "*":
        return {"key": _with(schema["additionalProperties"], tuple(rest), value)}
    return {first: _with(schema["properties"][first], tuple(rest), value)}
