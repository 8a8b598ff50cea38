import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import vendor_pages
from project_operator.backends.registry import shipped
from vendor_pages import Page, RowKind, complaints, faults, load, render

PROOF = "tests/unit/test_vendor_pages.py::test_the_data_is_in_order"
FIELD = {"kind": "request field", "name": "a.name", "fields": ["Project.spec.name"], "tests": ["p"]}
CODE = {"kind": "status code", "name": "409", "outcome": {"error": "NameTaken", "reason": "NameTaken"}, "tests": ["p"]}
LATER = {"backend": "", "proofs": {}, "rows": [{"kind": "request field", "name": "a.name", "later": "`spec.name`"}]}

# Counted on the pages themselves: in the tables of request and response, and in their examples.
COUNTS: Mapping[str, Mapping[RowKind, int]] = {
    "nscale": {
        RowKind.URI: 2,
        RowKind.HEADER: 2,
        RowKind.REQUEST_FIELD: 8,
        RowKind.RESPONSE_FIELD: 17,
        RowKind.ERROR_FIELD: 2,
        RowKind.STATUS_CODE: 6,
        RowKind.CONSTRAINT: 2,
    },
    "keystone": {
        RowKind.URI: 1,
        RowKind.HEADER: 2,
        RowKind.REQUEST_FIELD: 9,
        RowKind.RESPONSE_FIELD: 12,
        RowKind.STATUS_CODE: 5,
    },
    "otc": {RowKind.HEADER: 2, RowKind.REQUEST_FIELD: 5, RowKind.RESPONSE_FIELD: 10, RowKind.STATUS_CODE: 5},
    "k5": {
        RowKind.HEADER: 3,
        RowKind.REQUEST_FIELD: 6,
        RowKind.RESPONSE_HEADER: 4,
        RowKind.RESPONSE_FIELD: 9,
        RowKind.STATUS_CODE: 9,
    },
    "csp": {
        RowKind.URI: 2,
        RowKind.HEADER: 2,
        RowKind.REQUEST_FIELD: 6,
        RowKind.RESPONSE_FIELD: 2,
        RowKind.ERROR_FIELD: 6,
        RowKind.STATUS_CODE: 7,
        RowKind.CONSTRAINT: 2,
    },
}


def page(*rows: Mapping[str, Any], **changes: Any) -> Page:
    """One that is in order, with other rows or settings."""
    known = {
        "vendor": "V",
        "backend": "nscale",
        "title": "T",
        "source": "S",
        "request": "POST /x",
        "proofs": {"p": PROOF},
        "inventory": {"request field": ["a.name"]},
        "rows": rows or [FIELD],
    }
    return Page.model_validate(known | changes)


def test_the_data_is_in_order() -> None:
    assert complaints() == []


def test_all_five_pages_have_a_row_for_everything_on_them() -> None:
    pages = load()
    assert pages.keys() == COUNTS.keys()
    for name, one in pages.items():
        found = {kind: sum(row.kind is kind for row in one.rows) for kind in RowKind}
        assert {kind: count for kind, count in found.items() if count} == COUNTS[name], name


def test_every_backend_that_is_shipped_has_a_finished_page() -> None:
    assert {one.backend for one in load().values() if one.backend} == {vendor.key for vendor in shipped()}


def test_a_page_that_is_in_order_is_not_complained_of() -> None:
    assert list(faults(page())) == []
    assert list(faults(page(**LATER))) == []
    inventory = {"request field": ["a.name"], "status code": ["409"]}
    assert list(faults(page(FIELD, CODE, inventory=inventory))) == []


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"inventory": {"request field": ["a.name", "b"]}}, "request field 'b' is in the inventory and has no row"),
        ({"inventory": {}}, "request field 'a.name' has a row and is not in the inventory"),
        ({"rows": [FIELD, FIELD]}, "request field 'a.name' has a row and is not in the inventory"),
        ({"rows": [FIELD | {"fields": ["Project.spec.nmae"]}]}, "there is no field Project.spec.nmae"),
        ({"rows": [FIELD | {"fields": ["Project"]}]}, "there is no field Project"),
        ({"rows": [FIELD | {"fields": ["Projekt.spec"]}]}, "there is no field Projekt.spec"),
        ({"rows": [FIELD | {"fields": ["Project.spec.name[].x"]}]}, "there is no field Project.spec.name[].x"),
        ({"rows": [FIELD | {"tests": []}], "proofs": {}}, "names no test"),
        ({"rows": [FIELD | {"tests": ["q"]}]}, "names a proof 'q' that is not there"),
        ({"rows": [FIELD | {"tests": ["q"]}]}, "proof 'p' proves no row"),
        ({"proofs": {"p": f"{PROOF}s"}}, f"proof 'p': there is no test {PROOF}s"),
        ({"proofs": {"p": "tests/gone.py::test_x"}}, "proof 'p': there is no test tests/gone.py::test_x"),
        ({"rows": [{"kind": "request field", "name": "a.name", "later": "x"}], "proofs": {}}, "is for later"),
        ({"backend": ""}, "names a test, and there is no backend yet"),
        ({"rows": [CODE | {"outcome": {"error": "Tea", "reason": "NameTaken"}}]}, "there is no error Tea"),
        ({"rows": [CODE | {"outcome": {"error": "NameTaken", "reason": "Tea"}}]}, "there is no reason Tea"),
    ],
)
def test_what_is_wrong_is_found(wrong: dict[str, Any], complaint: str) -> None:
    assert complaint in "\n".join(faults(page(**wrong)))


@pytest.mark.parametrize("changes", [{"fields": []}, {"later": "x"}, {"operator": "x"}, {"colour": "blue"}])
def test_a_row_becomes_one_thing(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"set exactly one of|Extra inputs"):
        page(FIELD | changes)


def test_a_file_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("vendor: x\n", encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path / 'odd.yaml'}: ")):
        load(tmp_path)


def test_tests_in_classes_are_found_and_other_functions_are_none() -> None:
    path = "tests/unit/backends/nscale/test_payloads.py"
    assert vendor_pages.exists(f"{path}::TestWriting::test_the_whole_content_with_the_mark_last")
    assert not vendor_pages.exists(f"{path}::test_the_whole_content_with_the_mark_last")
    assert not vendor_pages.exists(f"{path}::document")


def test_the_rendered_page_tells_each_way_to_deal_with_a_row() -> None:
    rows: list[Mapping[str, Any]] = [
        FIELD | {"mandatory": True, "note": "Looked up."},
        FIELD | {"name": "b", "fields": [], "not_offered": "No use."},
        FIELD | {"name": "c", "fields": [], "operator": "Always sent."},
        CODE,
    ]
    text = render({"v": page(*rows), "w": page(vendor="W", **LATER)})
    link = "[the data is in order](../../tests/unit/test_vendor_pages.py)"
    for line in (
        f"| `a.name` |  | yes |  | `Project.spec.name`. Looked up. | {link} |",
        f"| `b` |  |  |  | Not offered. No use. | {link} |",
        f"| `c` |  |  |  | Always sent. | {link} |",
        f"| `409` |  |  |  | `NameTaken`, Ready has the reason `NameTaken`. | {link} |",
        "| `a.name` |  |  |  | Later: `spec.name`. |",
        "| V | `nscale` | 3 | 1 |",
        "| W | later | 1 | 0 |",
    ):
        assert line in text.splitlines()
