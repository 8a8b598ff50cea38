"""The generated pages."""

import re

import pytest

from project_operator.api.conditions import Reason
from project_operator.api.crd import openapi_schema
from project_operator.api.events import EventReason
from project_operator.api.kinds import KINDS, Kind
from project_operator.api.reference import api_reference, events_reference, reasons_reference
from project_operator.api.structural import walk


@pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])
def test_every_field_has_a_row_in_the_section_of_its_object(kind: Kind) -> None:
    sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^#|\Z)", api_reference(KINDS), re.DOTALL | re.MULTILINE))
    for path, field in walk(openapi_schema(kind)):
        for name in field.get("properties", {}) if path else ():
            assert f"| `{name}` | " in sections[f"{kind.kind}{path}"], f"{path}.{name}"


def test_every_reason_has_a_row_that_says_what_to_do() -> None:
    page = reasons_reference()
    for reason in Reason:
        stalled = "yes" if reason.stalled else ""
        assert f"| `{reason}` | {stalled} | {reason.meaning} | {reason.remedy} |\n" in page


def test_every_event_has_a_row_in_its_table() -> None:
    outcomes, others = events_reference().split("## Other Events")
    shared = {str(reason) for reason in Reason}
    for event in EventReason:
        row = f"| `{event}` | {event.type} | {event.meaning} | {event.remedy} |\n"
        assert row in (outcomes if event in shared else others)


def test_tables_hold_together() -> None:
    for page in (api_reference(KINDS), reasons_reference(), events_reference()):
        for table in re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(widths) == 1, table
