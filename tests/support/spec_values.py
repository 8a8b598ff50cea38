"""Specs of Projects out of our own schema: those that the API server takes, and those that it refuses.

The structural part is read from the definition. Of its CEL rules, those that say how a text is spelled and which member
of a union is set are read as well, so that what is made keeps them; the others are kept by asking the models, which say
each of them again in Python. `Setting` puts words that mean something in the world of a test where chance would never
find them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st
from pydantic import ValidationError

from project_operator.api.crd import openapi_schema
from project_operator.api.kinds import KINDS
from project_operator.api.schema import LIST_MAP_KEYS, LIST_TYPE, VALIDATIONS
from project_operator.api.v1alpha1.project import ProjectSpec

Spec = dict[str, Any]
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """What is sensible in the world of a test. A place is a path such as ``groups[].id``."""

    words: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """What may stand in a place; where it lacks one, the schema alone says it."""
    absent: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()
    """Places that are always filled, though the schema does not ask for it."""


MOST: Final = 3
"""More items than this show nothing that fewer do not."""
_MATCHES: Final = re.compile(r"^self\.matches\('(.*)'\)$")
_EXACTLY_ONE: Final = re.compile(r"^\[(has\(self\.\w+\)(?:, has\(self\.\w+\))*)\]\.filter\(x, x\)\.size\(\) == 1$")
_IMMUTABLE: Final = re.compile(r"^`([\w.]+)` (?:is immutable|must not change)")


@cache
def spec_schema() -> Schema:
    """The schema of a Project's spec, as the API server has it."""
    kind = next(one for one in KINDS if one.plural == "projects")
    schema: Schema = openapi_schema(kind)["properties"]["spec"]
    return schema


@cache
def immutable() -> tuple[str, ...]:
    """The fields that an edit must leave as they are, by their path."""
    rules = [rule for rule in spec_schema()[VALIDATIONS] if "oldSelf" in rule["rule"]]
    named = [_IMMUTABLE.match(rule["message"]) for rule in rules]
    return tuple(found.group(1) for found in named if found is not None)


def is_valid(spec: Any) -> bool:
    """Whether the models take it: every rule but those about what was there before."""
    try:
        ProjectSpec.model_validate(spec)
    except ValidationError:
        return False
    return True


def specs(setting: Setting) -> st.SearchStrategy[Spec]:
    """Specs that may be created."""
    return _values(spec_schema(), "", setting).filter(is_valid)


def spoiled(setting: Setting) -> st.SearchStrategy[Spec]:
    """Specs with one thing in them that the API server refuses."""
    return st.builds(_with, _values(spec_schema(), "", setting), st.sampled_from(_faults(spec_schema(), ()))).filter(
        lambda spec: not is_valid(spec)
    )


def edited(old: Spec, new: Spec) -> Spec:
    """``new``, with what an edit must leave as it is taken from ``old``."""
    result = dict(new)
    for path in immutable():
        field, _, inner = path.partition(".")
        if not inner:
            _put(result, field, old.get(field))
            continue
        block = dict(result.get(field) or {})
        _put(block, inner, (old.get(field) or {}).get(inner))
        _put(result, field, block or None)
    return result


def _put(block: dict[str, Any], field: str, value: Any) -> None:
    if value is None:
        block.pop(field, None)
    else:
        block[field] = value


def _values(schema: Schema, path: str, setting: Setting) -> st.SearchStrategy[Any]:
    if path in setting.words:
        return st.sampled_from(setting.words[path])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "boolean":
            return st.booleans()
        case "string":
            return _texts(schema)
        case "array":
            return _lists(schema, path, setting)
        case "object":
            return _objects(schema, path, setting)
        case _:
            raise AssertionError(f"no Project has {schema['type']}s in its spec")


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    longest = min(schema["maxLength"], 40)
    pattern = next((found.group(1) for rule in _rules(schema) if (found := _MATCHES.match(rule))), None)
    if pattern is None:
        return st.text(min_size=schema.get("minLength", 0), max_size=longest)
    spelled = re.compile(pattern.replace("\\\\", "\\"), re.ASCII)
    return st.from_regex(spelled, fullmatch=True).filter(lambda text: len(text) <= longest)


def _lists(schema: Schema, path: str, setting: Setting) -> st.SearchStrategy[list[Any]]:
    keys = schema.get(LIST_MAP_KEYS, ())
    unique = (lambda one: tuple(one[key] for key in keys)) if schema[LIST_TYPE] == "map" else repr
    items = _values(schema["items"], f"{path}[]", setting)
    at_most = min(schema["maxItems"], MOST)
    return st.lists(items, min_size=schema.get("minItems", 0), max_size=at_most, unique_by=unique)


def _objects(schema: Schema, path: str, setting: Setting) -> st.SearchStrategy[dict[str, Any]]:
    members = {
        name: _values(inner, place, setting)
        for name, inner in _properties(schema)
        if (place := f"{path}.{name}".lstrip(".")) not in setting.absent
    }
    union = next((found.group(1) for rule in _rules(schema) if (found := _EXACTLY_ONE.match(rule))), None)
    one_of = re.findall(r"self\.(\w+)", union) if union is not None else []
    asked = {place.removeprefix(f"{path}.") for place in setting.present} | set(schema.get("required", ()))
    required = {name: inner for name, inner in members.items() if name in asked and name not in one_of}
    optional = {name: inner for name, inner in members.items() if name not in {*required, *one_of}}
    if not one_of:
        return st.fixed_dictionaries(required, optional=optional)
    alternatives = ({name: members[name]} | required for name in one_of if name in members)
    return st.one_of(*(st.fixed_dictionaries(chosen, optional=optional) for chosen in alternatives))


def _properties(schema: Schema) -> list[tuple[str, Schema]]:
    return list(schema["properties"].items())


def _rules(schema: Schema) -> list[str]:
    return [rule["rule"] for rule in schema.get(VALIDATIONS, ())]


Fault = tuple[tuple[str, ...], Any]
"""A place in a spec, and what must not stand there."""


def _faults(schema: Schema, path: tuple[str, ...]) -> list[Fault]:
    """Everything that is wrong by itself, wherever it may stand."""
    found: list[Fault] = [(path, wrong) for wrong in _wrong(schema)] if path else []
    match schema["type"]:
        case "object":
            for name, inner in _properties(schema):
                found += _faults(inner, (*path, name))
            found += [((*path, name), None) for name in schema.get("required", ())]
        case "array":
            found += _faults(schema["items"], (*path, "[]"))
    return found


def _wrong(schema: Schema) -> list[Any]:
    """No schema of ours, however old, has had another kind of thing where there is an object or a list."""
    if "enum" in schema:
        return ["Whatever", 1]
    match schema["type"]:
        case "boolean":
            return ["true", 1]
        case "string":
            words = ["", " blank", "two\nlines", "iproj1:0", "identity.project-operator.dev/x", 7]
            return [*words, "x" * (schema["maxLength"] + 1)]
        case "array":
            return [[None] * (schema["maxItems"] + 1)]
        case _:
            return []


def _with(spec: Spec, fault: Fault) -> Spec:
    """``spec`` with the fault in it; what is on the way there is made."""
    (first, *rest), wrong = fault
    return {**spec, first: _placed(spec.get(first), tuple(rest), wrong)}


def _placed(there: Any, path: tuple[str, ...], wrong: Any) -> Any:
    if not path:
        return wrong
    head, *rest = path
    if head == "[]":
        items = there if isinstance(there, list) and there else [{}]
        return [_placed(items[0], tuple(rest), wrong), *items[1:]]
    block = dict(there) if isinstance(there, dict) else {}
    block[head] = _placed(block.get(head), tuple(rest), wrong)
    return {name: value for name, value in block.items() if value is not None}
