"""What is wrong with an object, in words for the person who wrote it."""

from typing import Any

import pytest
from pydantic import ValidationError

from project_operator.api.problems import describe_problems, field_path
from project_operator.api.v1alpha1.project import ProjectSpec

TAG = {"name": "a", "value": "b"}

WORDS: list[tuple[dict[str, Any], str]] = [
    ({"suspend": "yes"}, "suspend: must be a valid boolean"),
    ({"name": "x" * 256}, "name: must have at most 255 characters"),
    ({"name": 7}, "name: must be a valid string"),
    ({"tags": [{"name": "a"}]}, "tags[0].value: must be set"),
    ({"tags": "a=b"}, "tags: must be a list"),
    ({"import": "abc"}, "import: must be an object"),
    ({"tags": [TAG] * 65}, "tags: must have at most 64 items"),
    ({"managementPolicy": "Own"}, "managementPolicy: must be 'Manage', 'ReportDrift', 'Plan' or 'Observe'"),
    ({"groups": [{"id": "a"}, {}]}, "groups[1]: must set exactly one of `id` and `name`"),
]


def problems_of(spec: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        ProjectSpec.model_validate(spec)
    return describe_problems(caught.value)


@pytest.mark.parametrize(("spec", "words"), WORDS)
def test_names_the_field_and_what_it_must_be(spec: dict[str, Any], words: str) -> None:
    assert problems_of(spec) == words


def test_names_a_few_and_counts_the_rest() -> None:
    said = problems_of({"tags": [{"name": "a"}] * 5})
    assert said == "; ".join([*(f"tags[{index}].value: must be set" for index in range(3)), "and 2 more"])


def test_never_quotes_what_was_written() -> None:
    secret = "eyJhbGciOi"
    for spec in ({"suspend": secret}, {"managementPolicy": secret}, {"tags": secret}, {"name": f" {secret}"}):
        assert secret not in problems_of(spec)


def test_writes_paths_as_people_do() -> None:
    assert field_path(("spec", "tags", 0, "name")) == "spec.tags[0].name"
    assert field_path(()) == ""
