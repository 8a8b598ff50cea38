"""Structural schemas: pruning, defaulting and validation in one walk, with the messages of kube-openapi.

Not looked at, so never refused: x-kubernetes-validations (CEL), list types, format, allOf, anyOf, oneOf, not.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from project_operator.sandbox.controlplane.emulated.status import FieldError, wrong

TYPES: Final = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
BOUNDS: Final[tuple[tuple[Any, str, Callable[[Any, Any], bool], str], ...]] = (
    (str, "pattern", lambda value, bound: not re.search(bound, value), "should match '{}'"),
    (str, "minLength", lambda value, bound: len(value) < bound, "should be at least {} chars long"),
    ((int, float), "minimum", lambda value, bound: value < bound, "should be greater than or equal to {}"),
    ((int, float), "maximum", lambda value, bound: value > bound, "should be less than or equal to {}"),
)
MAXIMA: Final = (
    (str, "maxLength", "FieldValueTooLong", "Too long: may not be more than {most} byte"),
    (list, "maxItems", "FieldValueTooMany", "Too many: {length}: must have at most {most} item"),
    (dict, "maxProperties", "FieldValueTooMany", "Too many: {length}: must have at most {most} item"),
)


class Walk:
    """One pass over one object: what was pruned (``unknown``, as paths) and what is wrong (``errors``)."""

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self.errors: list[FieldError] = []

    def conform(self, schema: Mapping[str, Any], value: Any, path: str = "") -> Any:
        """``value`` pruned and defaulted; where it does not fit it stays as it is and the error is noted."""
        found, wanted = TYPES.get(type(value), "null"), schema.get("type")
        if value is None and schema.get("nullable"):
            return None
        if wanted not in {found, None} and (wanted, found) != ("number", "integer"):
            text = f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"'
            self.errors.append(FieldError(path, text, "FieldValueTypeInvalid"))
            return value
        self._check(schema, value, path)
        if isinstance(value, dict):
            return self._object(schema, value, f"{path}." if path else "")
        if isinstance(value, list):
            return [self.conform(schema.get("items", {}), item, f"{path}[{index}]") for index, item in enumerate(value)]
        return value

    def _object(self, schema: Mapping[str, Any], value: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others or "type" not in schema or schema.get("x-kubernetes-preserve-unknown-fields")
        result = {}
        for key, item in value.items():
            inner = properties.get(key, others)
            if not inner:
                self.unknown.append(prefix + key)
            elif inner is True:
                result[key] = item
            elif item is not None or inner.get("nullable"):
                result[key] = self.conform(inner, item, prefix + key)
        for key, inner in properties.items():
            if key not in result and "default" in inner:
                result[key] = self.conform(inner, inner["default"], prefix + key)
        missing = [key for key in schema.get("required", ()) if key not in result]
        self.errors += [FieldError(prefix + key, "Required value", "FieldValueRequired") for key in missing]
        return result

    def _check(self, schema: Mapping[str, Any], value: Any, path: str) -> None:
        if value not in schema.get("enum", [value]):
            text = f"supported values: {', '.join(json.dumps(str(item)) for item in schema['enum'])}"
            text = f"Unsupported value: {json.dumps(value)}: {text}"
            self.errors.append(FieldError(path, text, "FieldValueNotSupported"))
        for types, keyword, broken, text in BOUNDS:
            if keyword in schema and isinstance(value, types) and broken(value, schema[keyword]):
                self.errors.append(wrong(path, value, f"{path} in body {text.format(schema[keyword])}"))
        for kind, keyword, reason, text in MAXIMA:
            if keyword in schema and isinstance(value, kind) and len(value) > (most := schema[keyword]):
                self.errors.append(
                    FieldError(path, text.format(length=len(value), most=most) + "s" * (most != 1), reason)
                )
