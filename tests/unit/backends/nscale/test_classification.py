import json
from datetime import UTC, datetime

import httpx
import pytest

from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.nscale.errors import ANSWERS as TABLE
from project_operator.backends.nscale.errors import Operation
from project_operator.backends.nscale.payloads import read_error
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionRefused,
    CredentialsRejected,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
    WriteConflict,
)

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SECRET = "s3cret-token"
HTML = b"<html><body><h1>nginx</h1></body></html>"

CONNECT, LIST, GET, VERIFY, GROUPS, CREATE, UPDATE, DELETE, ROTATE, REFRESH = Operation


def nscale(code: str, description: str = "what nscale says", **more: str) -> bytes:
    return json.dumps({"error": code, "error_description": description, **more}).encode()


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(
        status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), body, "ours"
    )


def meant(operation: Operation, outcome: Answer | NoAnswer) -> BackendError | None:
    return TABLE.classify(operation, outcome, now=NOW, secrets=[SECRET])


# What is asked, the answer, what it means, and the row of docs/backends/nscale.md (or the other ground) it stands on.
ANSWERS = [
    # success
    (CONNECT, 200, b"[]", None, "N4-1"),
    (LIST, 200, b"[]", None, "N1-1"),
    (GET, 200, b"{}", None, "N1-3"),
    (GROUPS, 200, b"[]", None, "N4-4"),
    (CREATE, 202, b"{}", None, "N1-2"),
    (UPDATE, 200, b"", None, "N1-4, N0-4"),
    (DELETE, 202, b"", None, "N1-5, N0-4"),
    (DELETE, 404, nscale("not_found"), None, "N1.5-1, N6-8"),
    (VERIFY, 404, nscale("not_found"), None, "N1.3-4"),
    # 400
    (CREATE, 400, nscale("invalid_request"), RequestRefused, "N1.3-1"),
    (UPDATE, 400, nscale("invalid_request"), RequestRefused, "N1.3-1"),
    (GET, 400, nscale("invalid_request"), RequestRefused, "N1.3-1: a path id that is no UUID, from 1.17.5 on"),
    (CREATE, 400, HTML, OutcomeUnknown, "N3.4-3: not nscale's"),
    (CONNECT, 400, HTML, ConnectionRefused, "N6-16: nginx that asks for a client certificate"),
    (GET, 400, HTML, BackendUnavailable, "N3.4-3: not nscale's"),
    # 401
    (CONNECT, 401, nscale("access_denied"), CredentialsRejected, "N1.3-2"),
    (LIST, 401, nscale("access_denied"), CredentialsRejected, "N1.3-2"),
    (CREATE, 401, nscale("access_denied"), CredentialsRejected, "N1.3-2, N1.3-11: before anything is done"),
    (DELETE, 401, HTML, CredentialsRejected, "N1.3-2, as an authenticating proxy says it"),
    # 403
    (CONNECT, 403, nscale("forbidden"), PermissionDenied, "N1.3-3"),
    (GET, 403, nscale("forbidden"), PermissionDenied, "N1.3-3, N6-10: never a not-found"),
    (VERIFY, 403, nscale("forbidden"), PermissionDenied, "N1.3-3"),
    (GROUPS, 403, nscale("forbidden"), PermissionDenied, "N4-4"),
    (CREATE, 403, nscale("forbidden"), PermissionDenied, "N1.3-3"),
    (UPDATE, 403, nscale("forbidden"), PermissionDenied, "N1.3-3"),
    (DELETE, 403, nscale("forbidden"), PermissionDenied, "N1.5-6: not the end of a deletion"),
    (CREATE, 403, HTML, OutcomeUnknown, "N3.4-3: a firewall may judge the answer, after the fact"),
    (LIST, 403, HTML, BackendUnavailable, "N3.4-3: says nothing about our rights"),
    # 404
    (GET, 404, nscale("not_found"), ProjectNotFound, "N1.3-4"),
    (UPDATE, 404, nscale("not_found"), ProjectNotFound, "N1.3-4"),
    (CREATE, 404, nscale("not_found"), RequestRefused, "N1.3-4: the organization"),
    (LIST, 404, nscale("not_found"), RequestRefused, "N1.3-4: the organization"),
    (GET, 404, HTML, BackendUnavailable, "N3.4-3: an ingress without a route is no proof of absence"),
    (VERIFY, 404, HTML, BackendUnavailable, "N3.4-3: likewise"),
    (GET, 404, nscale("server_error"), BackendUnavailable, "N1.3-4: another document is no proof of absence"),
    (DELETE, 404, HTML, BackendUnavailable, "N3.4-3: likewise"),
    (CREATE, 404, HTML, BackendUnavailable, "N3.4-3: never reached nscale"),
    (CONNECT, 404, nscale("not_found"), ConnectionRefused, "N1.3-4: unknown URL"),
    (CONNECT, 404, HTML, ConnectionRefused, "N3.4-3"),
    # 405 to 431
    (CREATE, 405, nscale("method_not_allowed"), RequestRefused, "N1.3-5"),
    (CREATE, 405, HTML, BackendUnavailable, "N3.4-3"),
    (CREATE, 408, HTML, OutcomeUnknown, "RFC 9110, 15.5.9, but some gateways mean the server behind them"),
    (CONNECT, 408, HTML, BackendUnavailable, "RFC 9110, 15.5.9"),
    (CREATE, 413, HTML, RequestRefused, "N3.4-3: never reached nscale"),
    (CREATE, 413, nscale("request_entity_too_large"), RequestRefused, "N3.4-2"),
    (CREATE, 415, nscale("unsupported_media_type"), RequestRefused, "N3.4-2"),
    (CREATE, 422, nscale("unprocessable_content"), RequestRefused, "N3.4-2, N5-2"),
    (CREATE, 421, HTML, BackendUnavailable, "RFC 9110, 15.5.20"),
    (CREATE, 431, HTML, BackendUnavailable, "RFC 6585, 5"),
    (CREATE, 418, HTML, OutcomeUnknown, "not listed"),
    # 409
    (CREATE, 409, nscale("conflict"), NameTaken, "API page; N1.3-10"),
    (CREATE, 409, HTML, OutcomeUnknown, "N3.4-3"),
    (UPDATE, 409, nscale("conflict"), WriteConflict, "N1.3-6, N6-6"),
    (DELETE, 409, nscale("conflict"), WriteConflict, "N1.3-6"),
    (UPDATE, 409, HTML, OutcomeUnknown, "N3.4-3"),
    # 429
    (LIST, 429, b"", Throttled, "N6-12"),
    (CREATE, 429, HTML, Throttled, "N6-12"),
    (CONNECT, 429, nscale("server_error"), Throttled, "N6-12"),
    # 5xx
    (CONNECT, 500, nscale("server_error"), BackendUnavailable, "N1.3-7"),
    (CONNECT, 503, HTML, BackendUnavailable, "N1.3-8"),
    (LIST, 500, nscale("server_error"), BackendUnavailable, "N1.3-7, N6-11"),
    (LIST, 502, HTML, BackendUnavailable, "N1.3-9"),
    (CREATE, 500, nscale("server_error"), OutcomeUnknown, "N1.3-7, N6-1"),
    (CREATE, 502, HTML, OutcomeUnknown, "N1.3-9, N6-1"),
    (CREATE, 503, HTML, OutcomeUnknown, "N1.3-8, N6-1"),
    (CREATE, 504, HTML, OutcomeUnknown, "N6-1"),
    (UPDATE, 500, nscale("server_error"), OutcomeUnknown, "N1.3-7: how 1.15 says that it lost a race"),
    (DELETE, 502, HTML, OutcomeUnknown, "N1.3-9"),
    # tokens that replace themselves
    (ROTATE, 200, b"{}", None, "N3.2-4"),
    (ROTATE, 401, nscale("access_denied"), CredentialsRejected, "N3.2-12"),
    (ROTATE, 404, nscale("not_found"), RequestRefused, "N3.2-5"),
    (ROTATE, 409, nscale("conflict"), WriteConflict, "N5-5"),
    (ROTATE, 500, nscale("server_error"), OutcomeUnknown, "N3.2-11"),
    (ROTATE, 502, HTML, OutcomeUnknown, "N3.2-11"),
    (REFRESH, 200, b"{}", None, "N3.1-5"),
    (REFRESH, 400, nscale("invalid_grant"), CredentialsRejected, "N3.1-2, N3.1-6"),
    (REFRESH, 400, nscale("invalid_client"), CredentialsRejected, "N3.1-6"),
    (REFRESH, 400, nscale("invalid_request"), RequestRefused, "N3.1-6"),
    (REFRESH, 401, nscale("access_denied"), CredentialsRejected, "N3.1-6"),
    (REFRESH, 429, HTML, Throttled, "N6-12"),
    (REFRESH, 500, nscale("server_error"), OutcomeUnknown, "N3.1-9: struck from the session first"),
    (REFRESH, 503, HTML, OutcomeUnknown, "N3.1-9"),
    # redirects, and successes of another kind
    (CONNECT, 301, b"", ConnectionRefused, "RFC 9110, 15.4"),
    (LIST, 302, HTML, BackendUnavailable, "RFC 9110, 15.4"),
    (CREATE, 303, b"", OutcomeUnknown, "RFC 9110, 15.4.4"),
    (UPDATE, 308, b"", OutcomeUnknown, "RFC 9110, 15.4.9"),
    (LIST, 206, b"[]", BackendUnavailable, "RFC 9110, 15.3.7: a part is no whole"),
    (LIST, 204, b"", BackendUnavailable, "N1-1"),
    (CREATE, 204, b"", OutcomeUnknown, "N1-2"),
    (CONNECT, 204, b"", BackendUnavailable, "N4-1"),
    (UPDATE, 207, b"", OutcomeUnknown, "N1-4"),
]


@pytest.mark.parametrize(("operation", "status", "body", "error", "basis"), ANSWERS)
def test_what_an_answer_means(
    operation: Operation, status: int, body: bytes, error: type[BackendError] | None, basis: str
) -> None:
    found = meant(operation, answer(status, body))
    assert type(found) is (error or type(None)), basis
    if found is not None:
        assert found.status == status
        assert found.operation == operation
        assert str(found).startswith(operation.words)
        assert len(str(found)) <= 256


def test_every_row_of_the_table_is_tried_by_an_answer_above() -> None:
    tried = {
        TABLE.row_for(operation, status, read_error(body))
        for operation, status, body, _, _ in ANSWERS
        if status not in TABLE.success[operation]
    }
    assert tried == set(TABLE.rows)


def test_not_found_is_never_made_of_anything_but_nscales_word_for_it() -> None:
    for body in (b"not_found", nscale("forbidden"), nscale("not_found")):
        for operation in Operation:
            found = meant(operation, answer(404, body))
            proof = body == nscale("not_found") and operation in {GET, UPDATE}
            assert (type(found) is ProjectNotFound) is proof


class TestWords:
    def test_nscales_words_are_quoted_where_they_help(self) -> None:
        found = meant(CREATE, answer(400, nscale("invalid_request", "group ID x does not exist")))
        assert str(found) == "create project: refused (HTTP 400 invalid_request): group ID x does not exist"

    def test_they_are_not_where_they_mislead(self) -> None:
        found = meant(UPDATE, answer(409, nscale("conflict", "the requested resource already exists")))
        assert "exists" not in str(found)

    def test_secrets_in_them_are_struck_out(self) -> None:
        found = meant(CREATE, answer(500, nscale("server_error", f"bad {SECRET} and eyJhbGciOiJkaXIi.AAA")))
        assert str(found).endswith("bad [redacted] and [redacted]")

    def test_a_right_that_is_missing_is_named(self) -> None:
        for operation, right in ((CREATE, "identity:projects create"), (GROUPS, "identity:groups read")):
            found = str(meant(operation, answer(403, nscale("forbidden"))))
            assert "administrator" in found
            assert right in found


class TestParticulars:
    def test_the_time_to_wait_is_in_seconds(self) -> None:
        found = meant(LIST, answer(429, retry_after="7"))
        assert found is not None
        assert found.retry_after == 7.0

    def test_a_date_is_counted_from_now(self) -> None:
        found = meant(CREATE, answer(503, retry_after="Sun, 22 Nov 2026 01:00:30 GMT"))
        assert found is not None
        assert found.retry_after == 30.0

    def test_the_trace_is_nscales_where_it_has_one_and_ours_where_not(self) -> None:
        theirs = meant(LIST, answer(500, nscale("server_error", trace_id="ab12")))
        ours = meant(LIST, answer(500, nscale("server_error")))
        assert theirs is not None
        assert ours is not None
        assert (theirs.trace_id, ours.trace_id) == ("ab12", "ours")

    def test_a_url_that_is_wrong_is_the_field_to_look_at(self) -> None:
        for status in (301, 404, 421):
            found = meant(CONNECT, answer(status, HTML))
            assert isinstance(found, ConnectionRefused)
            assert found.field == "spec.nscale.url"
