"""Rules that are said once and kept twice."""

from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from project_operator.api.schema import VALIDATIONS, ApiModel, Rule, cel_string, matches, wire_name


class Choice(ApiModel):
    one_of = ("left", "far_right")

    left: str | None = None
    far_right: str | None = None


class Single(ApiModel):
    one_of = ("only",)

    only: str | None = None


class Range(ApiModel):
    rules = (
        Rule("self.low <= self.high", "must not be upside down", lambda it: it.low <= it.high, field_path=".low"),
        Rule("self.low == oldSelf.low", "`low` is immutable"),
    )

    low: int
    high: Annotated[int, Rule("self != 13", "must not be 13", lambda value: value != 13)]


def rules_of(model: type[ApiModel]) -> Any:
    return model.model_json_schema()[VALIDATIONS]


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("id", "id"),
        ("name", "name"),
        ("organization_id", "organizationID"),
        ("gone_ids", "goneIDs"),
        ("import_", "import"),
        ("last_handled_reconcile_at", "lastHandledReconcileAt"),
        ("ca_bundle", "caBundle"),
        ("resource_version", "resourceVersion"),
    ],
)
def test_names_fields_as_kubernetes_does(attribute: str, name: str) -> None:
    assert wire_name(attribute) == name


@pytest.mark.parametrize("value", [{}, {"left": "a", "farRight": "b"}])
def test_a_union_is_exactly_one_of_its_members(value: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="must set exactly one of `left` and `farRight`"):
        Choice.model_validate(value)


def test_a_union_says_so_to_the_api_server() -> None:
    assert Choice.model_validate({"farRight": "b"}).far_right == "b"
    assert rules_of(Choice) == [
        {
            "rule": "[has(self.left), has(self.farRight)].filter(x, x).size() == 1",
            "message": "must set exactly one of `left` and `farRight`",
        }
    ]


def test_a_union_of_one_is_simply_required() -> None:
    assert rules_of(Single) == [{"rule": "has(self.only)", "message": "must set `only`"}]
    with pytest.raises(ValidationError, match="must set `only`"):
        Single.model_validate({})


def test_rules_of_a_model_are_kept_in_python_and_told_to_the_api_server() -> None:
    with pytest.raises(ValidationError, match="must not be upside down"):
        Range(low=2, high=1)
    assert rules_of(Range) == [
        {"rule": "self.low <= self.high", "message": "must not be upside down", "fieldPath": ".low"},
        {"rule": "self.low == oldSelf.low", "message": "`low` is immutable"},
    ]


def test_rules_of_a_field_are_kept_in_python_and_told_to_the_api_server() -> None:
    with pytest.raises(ValidationError, match="must not be 13"):
        Range(low=2, high=13)
    high = Range.model_json_schema()["properties"]["high"]
    assert high[VALIDATIONS] == [{"rule": "self != 13", "message": "must not be 13"}]


def test_matches_means_the_whole_string() -> None:
    rule = matches(r"^a\.'b$", "must be a.'b")
    assert rule.as_schema()["rule"] == r"self.matches('^a\\.\'b$')"
    assert rule.validate("a.'b") == "a.'b"
    for other in ("xa.'b", "a.'b\n", "ab"):
        with pytest.raises(ValueError, match="must be"):
            rule.validate(other)


def test_cel_strings_survive_quotes_and_backslashes() -> None:
    assert cel_string(r"a\d'") == r"'a\\d\''"


def test_unknown_fields_of_a_newer_definition_are_ignored_and_wrong_types_are_not() -> None:
    assert Single.model_validate({"only": "a", "newer": 1}).only == "a"
    with pytest.raises(ValidationError):
        Single.model_validate({"only": 1})


def test_models_are_values() -> None:
    value = Single(only="a")
    assert hash(value) == hash(Single(only="a"))
    with pytest.raises(ValidationError, match="frozen"):
        value.only = "b"  # type: ignore[misc]  # that it is refused is the test


def test_a_rule_on_a_field_does_not_hide_its_bounds() -> None:
    class Bounded(ApiModel):
        name: Annotated[str, Field(max_length=3), matches("^a*$", "must be a's")]

    assert Bounded.model_json_schema()["properties"]["name"]["maxLength"] == 3
