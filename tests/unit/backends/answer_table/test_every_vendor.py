"""What holds for the table of every vendor; what each answer means to one is in its own `test_classification`."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from error_pages import ANSWERING, FOREIGN, ID, Answering
from evidence import CITED, marks, unfounded
from fact_rows import PAGES, ROOT

from project_operator.backends.answer_table.rows import FOREIGN_BODY, Row, only
from project_operator.backends.answer_table.table import AnswerTable
from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.keystone_v3.errors import ROWS as KEYSTONE_ROWS
from project_operator.backends.trust import Lost
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionRefused,
    CredentialsRejected,
    OutcomeUnknown,
    ProjectNotFound,
    RequestRefused,
)

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
STATUSES = (100, 199, *range(200, 210), *range(300, 310), *range(400, 452), 499, *range(500, 512), 599, 999)
CLEAN = {401, 404, 405, 413, 421, 429, 431}
"""Statuses of a refusal by something in front of a vendor, which has not passed the request on."""


@pytest.fixture(params=ANSWERING)
def vendor(request: pytest.FixtureRequest) -> Answering:
    return ANSWERING[request.param]


def answer(status: int, body: bytes = b"") -> Answer:
    return Answer(status, httpx.Headers(), body, "ours")


def test_there_is_an_answer_to_everything_and_every_row_is_reached(vendor: Answering) -> None:
    table = vendor.page.table
    reached = set()
    for operation in type(table.connect):
        for body in (*FOREIGN, *vendor.bodies):
            document = table.read_error(operation, answer(404, body))
            for status in STATUSES:
                if status in table.success[operation]:
                    continue
                for named in (frozenset[str](), frozenset({ID})):
                    reached.add(table.row_for(operation, status, document, named))
    unreached = set(table.rows) - reached
    assert unreached <= set(KEYSTONE_ROWS)
    assert len(unreached) == vendor.overridden


def refusals_are_true(table: AnswerTable[Any], vendor: Answering) -> None:
    """A write counts as refused only where the vendor says so, or was not asked."""
    for operation in table.writes:
        for status in STATUSES:
            for body in FOREIGN:
                found = table.classify(operation, answer(status, body), now=NOW)
                if found is not None and status not in CLEAN and not _refuses_the_call_itself(operation, status):
                    assert type(found) is OutcomeUnknown, (operation, status, body)
            for body in vendor.bodies:
                found = table.classify(operation, answer(status, body), now=NOW)
                if status >= 500 and not _refuses_the_call_itself(operation, status, vendor.refuses_with):
                    assert type(found) is OutcomeUnknown, (operation, status, body)


def test_what_counts_as_refused_was_not_done(vendor: Answering) -> None:
    refusals_are_true(vendor.page.table, vendor)


@pytest.mark.parametrize("status", [403, 409, 502])
def test_a_table_that_takes_the_word_of_a_gateway_is_caught(vendor: Answering, status: int) -> None:
    table = vendor.page.table
    credulous = Row(table.writes, only(status), FOREIGN_BODY, RequestRefused, "refused", "")
    with pytest.raises(AssertionError):
        refusals_are_true(replace(table, rows=(credulous, *table.rows)), vendor)


def _refuses_the_call_itself(operation: str, status: int, refuses_with: frozenset[int] = frozenset()) -> bool:
    """A deletion that the server does not have (docs/backends/csp.md, V9-11), or what a vendor says it has not
    implemented (docs/backends/k5.md, F5-3).
    """
    return (operation == "delete_project" and status == 501) or status in refuses_with


def test_nobody_elses_words_are_quoted_and_nothing_of_a_project_proved_by_them(vendor: Answering) -> None:
    table = vendor.page.table
    for operation in type(table.connect):
        for status in STATUSES:
            for body in FOREIGN:
                found = table.classify(operation, answer(status, body), now=NOW, named=frozenset({ID}))
                assert not isinstance(found, ProjectNotFound)
                assert not re.search("nginx|hunter2", str(found))
                assert found is not None or status in table.success[operation]
        assert "hunter2" not in str(table.unusable(operation, answer(200, b"hunter2")))


def test_a_success_that_is_none_is_unknown_for_writes_and_wrong_for_connect(vendor: Answering) -> None:
    table = vendor.page.table
    for operation in type(table.connect):
        expected = OutcomeUnknown if operation in table.writes else BackendUnavailable
        found = table.unusable(operation, answer(200))
        assert type(found) is (ConnectionRefused if operation is table.connect else expected)
        assert str(found).startswith(operation.words)


def test_what_no_answer_means(vendor: Answering) -> None:
    table = vendor.page.table
    fields = {Lost.NAME: "url", Lost.ADDRESS: "url", Lost.TLS: "url", Lost.UNTRUSTED: "caBundle"}
    for operation in type(table.connect):
        for why in Lost:
            for sent in (False, True):
                found = table.classify(operation, NoAnswer(why, sent=sent, words="because"), now=NOW)
                expected: type[BackendError] = BackendUnavailable
                if why is Lost.CERTIFICATE and table.certificate_field:
                    expected = ConnectionRefused if operation is table.connect else CredentialsRejected
                elif operation is table.connect and why in fields:
                    expected = ConnectionRefused
                elif operation in table.writes and sent:
                    expected = OutcomeUnknown
                assert type(found) is expected, (operation, why, sent)
                assert str(found) == f"{operation.words}: because"
                if isinstance(found, ConnectionRefused):
                    assert found.field == (
                        table.certificate_field if why is Lost.CERTIFICATE else f"{table.spec_path}.{fields[why]}"
                    )


def test_a_right_that_is_missing_is_named(vendor: Answering) -> None:
    table = vendor.page.table
    asking = [row for row in table.rows if "{right}" in row.says]
    assert asking
    assert all(operation in table.rights for row in asking for operation in row.operations)


def test_the_page_is_committed_and_each_row_a_line_of_it(vendor: Answering) -> None:
    text = vendor.page.text()
    assert (ROOT / vendor.path).read_text(encoding="utf-8") == text, "run `project-operator generate`"
    answers, rest = text.split("\n## Answers\n")[1].split(f"\n## {vendor.page.rights_heading}\n")
    assert answers.count("\n|") == len(vendor.page.table.rows) + 2
    assert rest.split("\n## No answer\n")[0].count("\n|") == len(vendor.page.table.rights) + 2


def test_every_ground_is_a_row_of_the_facts_with_the_mark_that_it_has_there(vendor: Answering) -> None:
    known = marks(*(PAGES / page for page in vendor.page.facts))
    grounds = [row.basis for row in vendor.page.table.rows]
    assert [wrong for basis in (*grounds, vendor.page.example) for wrong in unfounded(basis, known)] == []
    assert sum(len(CITED.findall(basis)) for basis in grounds) > 20


def test_every_page_of_a_vendor_is_held_to_this() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in Path(ROOT / "docs/reference").glob("errors-*.md")}
    assert pages == {vendor.path for vendor in ANSWERING.values()}
