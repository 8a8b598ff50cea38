"""What the API server takes and what it says of what it refuses: the rows are in created, updated and status.yaml, and
for cluster-wide kinds in files of their own.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from custom_objects import CustomObjects, RefusedError

pytestmark = [pytest.mark.api, pytest.mark.needs_real]

Row = dict[str, Any]


def rows(table: str) -> list[Any]:
    """The rows of a table, each with a name that an object may have."""
    text = (Path(__file__).parent / f"{table}.yaml").read_text(encoding="utf-8")
    return [
        pytest.param(f"{table}-{number}", row, id=f"{row['kind']}: {row['case']}")
        for number, row in enumerate(yaml.safe_load(text))
    ]


def assert_answer(row: Row, refusal: RefusedError | None) -> None:
    """The answer is what the row says."""
    complaints = refusal.complaints if refusal else []
    assert complaints == row.get("refused", [])


@pytest.mark.parametrize(
    ("name", "row"),
    [
        *rows("created"),
        *rows("cluster-created"),
        *rows("keystone-created"),
        *rows("k5-created"),
        *rows("csp-created"),
        *rows("otc-created"),
    ],
)
def test_create(objects: CustomObjects, name: str, row: Row) -> None:
    refusal = None
    try:
        objects.create(row["kind"], name, row.get("spec"))
    except RefusedError as error:
        refusal = error
    assert_answer(row, refusal)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        *rows("updated"),
        *rows("cluster-updated"),
        *rows("keystone-updated"),
        *rows("k5-updated"),
        *rows("csp-updated"),
        *rows("otc-updated"),
    ],
)
def test_update(objects: CustomObjects, name: str, row: Row) -> None:
    objects.create(row["kind"], name, row["before"])
    if "status" in row:
        objects.patch_status(row["kind"], name, row["status"])
    refusal = None
    try:
        objects.patch(row["kind"], name, {"spec": row["after"]})
    except RefusedError as error:
        refusal = error
    assert_answer(row, refusal)


@pytest.mark.parametrize(("name", "row"), rows("status"))
def test_status(objects: CustomObjects, name: str, row: Row) -> None:
    objects.create(row["kind"], name, {})
    refusal = None
    try:
        written = objects.patch_status(row["kind"], name, row["status"])
        assert written["status"].items() >= row["status"].items()
    except RefusedError as error:
        refusal = error
    assert_answer(row, refusal)
