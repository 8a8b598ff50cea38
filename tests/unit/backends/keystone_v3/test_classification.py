from datetime import UTC, datetime

import pytest
from scripted_keystone import HTML, ID, answer, error, forbidden, not_found

from project_operator.backends.answer_table.rows import ErrorDocument, Row
from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.keystone_v3.errors import Operation, speaks_of
from project_operator.backends.keystone_v3.payloads import read_error
from project_operator.backends.openstack.dialect import OPENSTACK
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
)

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SECRET = "s3cret-password"
TABLE = OPENSTACK.answers
GROUP, ROLE = "4f1c", "9fe2"

(CONNECT, SIGN_IN, FIND, LIST, GET, ASSIGNMENTS, VERIFY) = tuple(Operation)[:7]
(GROUPS, USERS, ROLES, PROVIDERS, CONFIG) = tuple(Operation)[7:12]
(CREATE, UPDATE, GRANT, REVOKE, DELETE) = tuple(Operation)[12:]
WRITES = (CREATE, UPDATE, GRANT, REVOKE, DELETE)
STATE = error(403, f"Cannot delete the project {ID} since it is not a leaf in the hierarchy.")
TOKEN_DEAD = not_found("Application Credential", "aad53f96695f4b189f764f029b3c6875")
NO_CONFIG = "Could not find any options in domain configuration for domain {}."
METHOD = answer(405, {"message": "The method is not allowed for the requested URL."})


def meant(operation: Operation, outcome: Answer | NoAnswer) -> BackendError | None:
    return TABLE.classify(operation, outcome, now=NOW, secrets=[SECRET], named=frozenset({ID}))


# What is asked, the answer, what it means, and the row of docs/backends/keystone.md (or the other ground).
ANSWERS = [
    # success
    (CONNECT, answer(200, {}), None, "K2-3"),
    (SIGN_IN, answer(201, {}), None, "K3-1"),
    (LIST, answer(200, {}), None, "K1-1"),
    (GET, answer(200, {}), None, "K1-3"),
    (CREATE, answer(201, {}), None, "K1-2"),
    (UPDATE, answer(200, {}), None, "K1-4"),
    (GRANT, answer(204), None, "K7-1"),
    (REVOKE, answer(204), None, "K7-1"),
    (DELETE, answer(204), None, "K1-5"),
    # signing in
    (SIGN_IN, error(401, "The request you have made requires authentication."), CredentialsRejected, "K3-10"),
    (SIGN_IN, TOKEN_DEAD, CredentialsRejected, "K3-7"),
    (SIGN_IN, error(400, "Expecting to find auth in request body."), CredentialsRejected, "K3-3"),
    (SIGN_IN, error(403, "Password expired."), CredentialsRejected, "K3-10"),
    (SIGN_IN, answer(404, HTML), BackendUnavailable, "K2-3"),
    (SIGN_IN, answer(403, HTML), BackendUnavailable, "K2-5"),
    (SIGN_IN, METHOD, BackendUnavailable, "K2-2"),
    (SIGN_IN, answer(302), BackendUnavailable, "RFC 9110, 15.4"),
    (SIGN_IN, answer(500, HTML), BackendUnavailable, "K2-3"),
    (SIGN_IN, answer(429), Throttled, "K9-1"),
    (SIGN_IN, answer(200, {}), BackendUnavailable, "K3-1"),
    # 400
    (CREATE, error(400, "Could not find domain: nope."), RequestRefused, "K6-3"),
    (CREATE, error(400, "cannot create a project in a branch containing a disabled project"), RequestRefused, "K6-3"),
    (UPDATE, error(400, "Cannot change ID"), RequestRefused, "K1-16"),
    (LIST, error(400, "Expecting uuid"), RequestRefused, "API page, 400"),
    (CREATE, answer(400, HTML), OutcomeUnknown, "K2-5: not Keystone's"),
    (GET, answer(400, HTML), BackendUnavailable, "K2-5"),
    (CONNECT, answer(400, HTML), ConnectionRefused, "K2-5"),
    # 401
    (CONNECT, answer(401, HTML), CredentialsRejected, "K2-5: an authenticating proxy"),
    (LIST, error(401, "The request you have made requires authentication."), CredentialsRejected, "K3-6"),
    (CREATE, error(401, "The request you have made requires authentication."), CredentialsRejected, "K3-6"),
    (DELETE, answer(401, HTML), CredentialsRejected, "K2-5: an authenticating proxy"),
    # 403
    (GET, forbidden("get_project"), PermissionDenied, "K4-1"),
    (VERIFY, forbidden("list_projects"), PermissionDenied, "K4-2"),
    (ASSIGNMENTS, forbidden("list_role_assignments"), PermissionDenied, "K7-3"),
    (CREATE, forbidden("create_project"), PermissionDenied, "K4-4"),
    (PROVIDERS, forbidden("list_identity_providers"), PermissionDenied, "K8-12"),
    (CONFIG, forbidden("get_domain_config"), PermissionDenied, "K8-12"),
    (UPDATE, forbidden("update_project"), PermissionDenied, "K4-1"),
    (GRANT, forbidden("create_grant"), PermissionDenied, "K3-11"),
    (DELETE, forbidden("delete_project"), PermissionDenied, "K4-1"),
    (DELETE, STATE, RequestRefused, "K8-2"),
    (UPDATE, error(403, "Cannot enable project x since it has disabled parents"), RequestRefused, "K6-8, K6-9"),
    (UPDATE, error(403, "Unable to update immutable project resource"), RequestRefused, "K6-10"),
    (UPDATE, error(403, "Update of `parent_id` is not allowed."), RequestRefused, "K1-16"),
    (CREATE, error(403, "Max hierarchy depth reached"), RequestRefused, "K6-4"),
    (GET, STATE, PermissionDenied, "K4-3"),
    (CREATE, answer(403, HTML), OutcomeUnknown, "K2-5: a firewall may judge the answer, after the fact"),
    (LIST, answer(403, HTML), BackendUnavailable, "K2-5: says nothing about our rights"),
    (CONNECT, answer(403, HTML), ConnectionRefused, "K2-5"),
    # 404
    (GET, not_found("project", ID), ProjectNotFound, "K3-20"),
    (UPDATE, not_found("project", ID), ProjectNotFound, "K3-20"),
    (DELETE, not_found("project", ID), None, "K8-1"),
    (REVOKE, not_found("project", ID), None, "K7-1"),
    (GRANT, not_found("role", ID), RequestRefused, "K7-2"),
    (ASSIGNMENTS, not_found("group", ID), None, "K7-2"),
    (FIND, not_found("domain", ID), None, "K2-1"),
    (CONFIG, error(404, NO_CONFIG.format(ID)), None, "K8-11"),
    (CONFIG, error(404, NO_CONFIG.format("another")), BackendUnavailable, "K3-20"),
    (CONFIG, TOKEN_DEAD, BackendUnavailable, "K3-20: no proof that there is none"),
    (CONFIG, answer(404, HTML), BackendUnavailable, "K2-3: likewise"),
    (PROVIDERS, answer(404, HTML), BackendUnavailable, "K2-3: likewise"),
    (LIST, error(404, f"Marker {ID} could not be found."), None, "K5-7"),
    (GET, TOKEN_DEAD, BackendUnavailable, "K3-20: the token is dead, the project may live"),
    (GET, not_found("user", "d4359aab"), BackendUnavailable, "K3-20"),
    (DELETE, TOKEN_DEAD, BackendUnavailable, "K3-20: never the end of a deletion"),
    (VERIFY, not_found("domain", "another"), BackendUnavailable, "K3-20"),
    (GET, answer(404, HTML), BackendUnavailable, "K2-3: an ingress without a route is no proof of absence"),
    (GET, answer(404, {"message": f"Could not find project: {ID}."}), BackendUnavailable, "K2-1: another document"),
    (GET, answer(404), BackendUnavailable, "K2-5"),
    (DELETE, answer(404, HTML), BackendUnavailable, "K2-3"),
    (CREATE, answer(404, HTML), BackendUnavailable, "K2-3: never reached Keystone"),
    (CONNECT, answer(404, HTML), ConnectionRefused, "K2-3"),
    # 405 to 431
    (CREATE, METHOD, BackendUnavailable, "K2-2"),
    (CREATE, answer(405, HTML), BackendUnavailable, "K2-5"),
    (CREATE, answer(408, HTML), OutcomeUnknown, "RFC 9110, 15.5.9, but some gateways mean the server behind them"),
    (CONNECT, answer(408, HTML), BackendUnavailable, "RFC 9110, 15.5.9"),
    (CREATE, answer(413, HTML), RequestRefused, "K2-4"),
    (CREATE, answer(421, HTML), BackendUnavailable, "RFC 9110, 15.5.20"),
    (CREATE, answer(431, HTML), BackendUnavailable, "RFC 6585, 5"),
    (CREATE, answer(418, HTML), OutcomeUnknown, "not listed"),
    # 409
    (CREATE, error(409, "Conflict occurred attempting to store project"), NameTaken, "K6-1"),
    (UPDATE, error(409, "Conflict occurred attempting to store project"), NameTaken, "K6-5"),
    (GRANT, error(409, "Conflict"), RequestRefused, "API page, 409"),
    (CREATE, answer(409, HTML), OutcomeUnknown, "K2-5"),
    # 429
    (LIST, answer(429), Throttled, "K9-1"),
    (CREATE, answer(429, HTML), Throttled, "K9-1"),
    # 5xx
    (CONNECT, answer(503, HTML), BackendUnavailable, "K9-1"),
    (LIST, answer(500, HTML), BackendUnavailable, "K2-3"),
    (
        LIST,
        error(500, "An unexpected error prevented the server from fulfilling your request."),
        BackendUnavailable,
        "K2-1",
    ),
    (CREATE, answer(500, HTML), OutcomeUnknown, "K2-3"),
    (UPDATE, answer(500, HTML), OutcomeUnknown, "K6-5"),
    (CREATE, error(500, "An unexpected error"), OutcomeUnknown, "K2-1"),
    (CREATE, answer(502, HTML), OutcomeUnknown, "K9-1"),
    (CREATE, answer(503, HTML), OutcomeUnknown, "K9-1"),
    (DELETE, answer(504, HTML), OutcomeUnknown, "K9-1"),
    # redirects, and successes of another kind
    (CONNECT, answer(300, {}), ConnectionRefused, "RFC 9110, 15.4"),
    (CONNECT, answer(308), ConnectionRefused, "RFC 9110, 15.4"),
    (LIST, answer(302, HTML), BackendUnavailable, "RFC 9110, 15.4"),
    (CREATE, answer(303), OutcomeUnknown, "RFC 9110, 15.4.4"),
    (LIST, answer(206, {}), BackendUnavailable, "RFC 9110, 15.3.7: a part is no whole"),
    (CREATE, answer(200, {}), OutcomeUnknown, "K1-2"),
    (DELETE, answer(200, HTML), OutcomeUnknown, "K1-5"),
]


@pytest.mark.parametrize(("operation", "outcome", "error", "basis"), ANSWERS)
def test_what_an_answer_means(
    operation: Operation, outcome: Answer, error: type[BackendError] | None, basis: str
) -> None:
    found = meant(operation, outcome)
    assert type(found) is (error or type(None)), basis
    if found is not None:
        assert found.status == outcome.status
        assert found.operation == operation or isinstance(found, ConnectionRefused)
        assert str(found).startswith(operation.words)
        assert len(str(found)) <= 256


def test_every_row_of_the_table_is_tried_by_an_answer_above() -> None:
    tried: set[Row[Operation]] = set()
    for operation, outcome, _, _ in ANSWERS:
        if outcome.status in range(200, 300):
            continue
        tried.add(TABLE.row_for(operation, outcome.status, read_error(outcome.body), frozenset({ID})))
    assert [row for row in TABLE.rows if row not in tried] == []


def test_not_found_is_never_made_of_anything_but_keystones_word_for_this_project() -> None:
    for status in (403, 404, 410):
        for outcome in (error(status, "x"), error(status, f"Could not find project: {ID}.")):
            for operation in Operation:
                found = meant(operation, outcome)
                proof = status == 404 and ID.encode() in outcome.body and operation in {GET, UPDATE}
                assert (type(found) is ProjectNotFound) is proof


class TestWords:
    def test_keystones_words_are_quoted_where_they_help(self) -> None:
        found = meant(CREATE, error(400, "Could not find domain: nope."))
        assert str(found) == "create project: refused (HTTP 400): Could not find domain: nope."

    def test_they_are_not_where_they_mislead(self) -> None:
        found = meant(CREATE, error(409, "the project id is 6345fb2f561d43b1b7ecdd4fbf01ec3d"))
        assert "6345fb2f" not in str(found)

    def test_a_right_that_is_missing_is_named(self) -> None:
        assert "identity:create_grant" in str(meant(GRANT, forbidden("create_grant")))

    @pytest.mark.parametrize("operation", [PROVIDERS, CONFIG])
    def test_what_the_manager_of_a_domain_may_not_read_takes_more(self, operation: Operation) -> None:
        words = str(meant(operation, forbidden("whatever")))
        assert ("role admin" in words, "manager" in words, "identity:" in words) == (True, False, True)

    def test_secrets_in_them_are_struck_out(self) -> None:
        found = meant(CREATE, error(400, f"bad {SECRET}\nand more"))
        assert str(found).endswith("bad [redacted] and more")

    def test_pages_are_not_quoted(self) -> None:
        assert "nginx" not in str(meant(CREATE, answer(500, b"<html>nginx</html>")))

    def test_the_request_is_named_as_keystone_logs_it(self) -> None:
        found = meant(LIST, answer(500, HTML, x_openstack_request_id="req-0a1b2c3d-0000"))
        assert found is not None
        assert found.trace_id == "req-0a1b2c3d-0000"
        for odd in ("", "x", "req-<script>"):
            found = meant(LIST, answer(500, HTML, x_openstack_request_id=odd))
            assert found is not None
            assert found.trace_id == "ours"

    @pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("Sun, 22 Nov 2026 01:00:30 GMT", 30.0), ("x", None)])
    def test_both_forms_of_retry_after(self, header: str, seconds: float | None) -> None:
        found = meant(LIST, answer(429, retry_after=header))
        assert found is not None
        assert found.retry_after == seconds


class TestWhatADocumentSpeaksOf:
    @pytest.mark.parametrize(
        ("message", "asked", "named"),
        [
            (f"Could not find project: {ID}.", {ID}, True),
            (f"Could not find project: {ID}.", {ID[:-1]}, False),
            (
                f"Could not find role assignment with role: {ROLE}, user or group: {GROUP}, project: {ID}.",
                {GROUP},
                True,
            ),
            (f"Marker {ID} could not be found.", {ID}, True),
            (NO_CONFIG.format(ID), {ID}, True),
            (NO_CONFIG.format(ID), {ID[:-1]}, False),
            ("Could not find Application Credential: aad53f96.", {ID}, False),
            ("Could not find user: d4359aab.", {ID}, False),
            ("Could not find user: user.", {"find"}, False),
            (f"Could not find project: {ID}.", set(), False),
        ],
    )
    def test_it_names_what_was_asked_for_or_not(self, message: str, asked: set[str], named: bool) -> None:  # noqa: FBT001 - a column
        assert speaks_of(ErrorDocument(message), frozenset(asked)) is named
