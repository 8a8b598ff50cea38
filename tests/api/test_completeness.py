"""The tables show every rule at work; needs no API server."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from project_operator.api.crd import openapi_schema
from project_operator.api.kinds import KINDS, Kind
from project_operator.api.names import CLUSTER_IDENTITY_BACKEND_KIND, IDENTITY_BACKEND_KIND
from project_operator.api.schema import VALIDATIONS
from project_operator.api.structural import walk

TABLES = sorted(Path(__file__).parent.glob("*.yaml"))
ROWS: list[dict[str, Any]] = [row for table in TABLES for row in yaml.safe_load(table.read_text(encoding="utf-8"))]


def refusals(kind: Kind) -> set[str]:
    """Every complaint about objects of the kind, without the numbers of list items.

    What a ClusterIdentityBackend has in common with an IdentityBackend is shown with that, as it is the same model.
    """
    kinds = {kind.kind} | ({IDENTITY_BACKEND_KIND} if kind.kind == CLUSTER_IDENTITY_BACKEND_KIND else set())
    said = (words for row in ROWS if row["kind"] in kinds for words in row.get("refused", ()))
    return {re.sub(r"\[\d+\]", "[]", words) for words in said}


@pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])
def test_every_rule_is_seen_refusing_something(kind: Kind) -> None:
    unseen = []
    for path, field in walk(openapi_schema(kind)):
        for rule in field.get(VALIDATIONS, ()):
            where = f"{path}{rule.get('fieldPath', '')}".removeprefix(".")
            if not any(said.startswith(f"{where}: ") and said.endswith(rule["message"]) for said in refusals(kind)):
                unseen.append(f"{where}: {rule['message']}")
    assert unseen == []


@pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])
def test_every_choice_and_every_required_field_of_spec_is_seen_missing(kind: Kind) -> None:
    unseen = []
    for path, field in walk(openapi_schema(kind)["properties"]["spec"], "spec"):
        expected = [f"{path}: Unsupported value: "] if "enum" in field else []
        expected += [f"{path}.{name}: Required value" for name in field.get("required", ())]
        unseen += [start for start in expected if not any(said.startswith(start) for said in refusals(kind))]
    assert unseen == []


def test_the_tables_are_long_enough_and_name_each_case_once() -> None:
    cases = Counter((row["kind"], row["case"]) for row in ROWS)
    assert cases.total() >= 120
    assert sum("refused" in row for row in ROWS) >= 60
    assert [case for case, count in cases.items() if count > 1] == []
