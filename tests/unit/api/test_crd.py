"""The definitions that are committed in crds/."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from project_operator.api.crd import crd_name, crd_yaml, custom_resource_definition, kustomization_yaml, openapi_schema
from project_operator.api.kinds import KINDS, Kind
from project_operator.api.schema import LIST_TYPE, VALIDATIONS
from project_operator.api.structural import KEYWORDS, walk

ROOT = Path(__file__).parents[3]
BY_KIND = pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])


def fields(kind: Kind) -> list[tuple[str, Any]]:
    """Every schema below spec and status, with its path."""
    schema = openapi_schema(kind)
    return [(path, field) for path, field in walk(schema) if path.startswith((".spec", ".status"))]


@BY_KIND
def test_holds_only_what_a_structural_schema_may(kind: Kind) -> None:
    for path, field in walk(openapi_schema(kind)):
        assert set(field) <= set(KEYWORDS), path
        assert "type" in field, path


@BY_KIND
def test_describes_every_field(kind: Kind) -> None:
    for path, field in fields(kind):
        if not path.endswith(("[]", "{}")):
            assert field["description"].endswith("."), path


@BY_KIND
def test_caps_every_string_list_and_map(kind: Kind) -> None:
    for path, field in fields(kind):
        if field["type"] == "array":
            assert field["maxItems"] <= 200, path
            assert field[LIST_TYPE] in {"map", "set", "atomic"}, path
        elif "additionalProperties" in field:
            assert field["maxProperties"] <= 64, path
        elif field["type"] == "string" and "enum" not in field and field.get("format") != "date-time":
            assert field["maxLength"] <= 65536, path


@BY_KIND
def test_a_full_status_stays_far_below_the_limit_of_an_object(kind: Kind) -> None:
    def most_characters(field: dict[str, Any]) -> int:
        if "properties" in field:
            return sum(len(name) + 8 + most_characters(child) for name, child in field["properties"].items())
        if "items" in field:
            return int(field["maxItems"]) * most_characters(field["items"])
        if "additionalProperties" in field:
            return int(field["maxProperties"]) * (64 + most_characters(field["additionalProperties"]))
        return int(field.get("maxLength", 32))

    assert most_characters(openapi_schema(kind)["properties"]["status"]) < 500_000


@BY_KIND
def test_has_no_default_inside_a_list_item(kind: Kind) -> None:
    assert [path for path, field in fields(kind) if "[]" in path and "default" in field] == []


@BY_KIND
def test_never_judges_status(kind: Kind) -> None:
    judged = {"enum", "pattern", "minimum", "maximum", "minLength", VALIDATIONS}
    assert [path for path, field in fields(kind) if path.startswith(".status") and judged & set(field)] == []


@BY_KIND
def test_every_rule_says_what_must_be(kind: Kind) -> None:
    for path, field in walk(openapi_schema(kind)):
        for rule in field.get(VALIDATIONS, ()):
            assert "must" in rule["message"] or "is immutable; " in rule["message"], (path, rule)


@BY_KIND
def test_an_object_nobody_looked_at_never_reads_as_done(kind: Kind) -> None:
    status = openapi_schema(kind)["properties"]["status"]
    assert status["default"] == {"observedGeneration": -1}
    assert status["properties"]["observedGeneration"]["default"] == -1


@BY_KIND
def test_conditions_merge_by_type(kind: Kind) -> None:
    conditions = openapi_schema(kind)["properties"]["status"]["properties"]["conditions"]
    assert (conditions[LIST_TYPE], conditions["x-kubernetes-list-map-keys"]) == ("map", ["type"])
    assert set(conditions["items"]["required"]) == {"type", "status", "reason", "message", "lastTransitionTime"}


@BY_KIND
def test_columns_and_selectors_show_fields_that_exist(kind: Kind) -> None:
    paths = {path for path, _ in walk(openapi_schema(kind))}
    shown = [column.path for column in kind.columns] + list(kind.selectable)
    for path in shown:
        field = path.replace('[?(@.type=="Ready")]', "[]")
        assert field in paths or field == ".metadata.creationTimestamp", path
    assert kind.columns[0].name == "Ready"
    assert kind.columns[-1].name == "Age"


@BY_KIND
def test_is_what_is_committed(kind: Kind) -> None:
    committed = ROOT / "crds" / f"{crd_name(kind)}.yaml"
    assert committed.read_text(encoding="utf-8") == crd_yaml(kind)
    # In C: the other reader takes seconds for so much.
    assert yaml.load(committed.read_text(encoding="utf-8"), yaml.CSafeLoader) == custom_resource_definition(kind)


def test_kustomize_finds_every_definition_and_nothing_else() -> None:
    resources = yaml.safe_load(kustomization_yaml(KINDS))["resources"]
    assert sorted(resources) == sorted(path.name for path in (ROOT / "crds").glob("*.identity.*.yaml"))


def test_short_names_and_categories_are_ours() -> None:
    names = [custom_resource_definition(kind)["spec"]["names"] for kind in KINDS]
    assert [name["shortNames"] for name in names] == [["iproj"], ["ibackend"], ["cibackend"]]
    assert {category for name in names for category in name["categories"]} == {"identity"}
