"""What each answer of nscale Identity means: one table, read from the top; the first row that fits holds.

``docs/reference/errors-nscale.md`` is generated from it.
"""

from typing import Final

from project_operator.backends.answer_table import rows
from project_operator.backends.answer_table.rows import (
    ANY_BODY,
    CLIENT_ERRORS,
    FOREIGN_BODY,
    TOO_MANY,
    Body,
    Row,
    coded_body,
    in_front_of,
    last_rows,
    only,
    own_body,
    wrong_url_rows,
)
from project_operator.backends.answer_table.table import AnswerTable
from project_operator.backends.nscale.payloads import read_error
from project_operator.errors import (
    BackendUnavailable,
    ConnectionRefused,
    CredentialsRejected,
    NameTaken,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
    WriteConflict,
)

SPEC_PATH: Final = "spec.nscale"
URL_FIELD: Final = f"{SPEC_PATH}.url"
CERTIFICATE_FIELD: Final = f"{SPEC_PATH}.auth.clientCertificate.secretRef"


class Operation(rows.Operation):
    """What was asked, by the name of the method of `Backend`; the last two are asked on the way to any other."""

    CONNECT = "connect"
    LIST_PROJECTS = "list_projects"
    GET_PROJECT = "get_project"
    VERIFY_READ_ACCESS = "verify_read_access"
    LIST_GROUPS = "list_groups"
    CREATE_PROJECT = "create_project"
    UPDATE_PROJECT = "update_project"
    DELETE_PROJECT = "delete_project"
    ROTATE_TOKEN = "rotate_token"  # noqa: S105 - what is asked
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - likewise


CREATE: Final = frozenset({Operation.CREATE_PROJECT})
UPDATE: Final = frozenset({Operation.UPDATE_PROJECT})
DELETE: Final = frozenset({Operation.DELETE_PROJECT})
ROTATE: Final = frozenset({Operation.ROTATE_TOKEN})
REFRESH: Final = frozenset({Operation.REFRESH_TOKEN})
WRITES: Final = CREATE | UPDATE | DELETE | ROTATE | REFRESH
CONNECT: Final = frozenset({Operation.CONNECT})
GET: Final = frozenset({Operation.GET_PROJECT})
VERIFY: Final = frozenset({Operation.VERIFY_READ_ACCESS})
READS: Final = GET | VERIFY | {Operation.LIST_PROJECTS, Operation.LIST_GROUPS}
USE: Final = READS | WRITES
ALL: Final = USE | CONNECT
SIGNED_IN: Final = ALL - REFRESH

_SUCCESS: Final = {
    **dict.fromkeys(CONNECT | READS | ROTATE | REFRESH, frozenset({200})),
    Operation.CREATE_PROJECT: frozenset({200, 201, 202}),
    Operation.UPDATE_PROJECT: frozenset({200, 202, 204}),
    Operation.DELETE_PROJECT: frozenset({200, 202, 204}),
}
"""Statuses of success. nscale says 200 for reads, 202 for POST, 200 for PUT, 202 for DELETE (N1-1 to N1-5), and 200 for
new tokens (N3.2-4)."""

_RIGHTS: Final = {
    Operation.CONNECT: "identity:organizations read",
    Operation.LIST_PROJECTS: "identity:projects read",
    Operation.GET_PROJECT: "identity:projects read",
    Operation.VERIFY_READ_ACCESS: "identity:projects read",
    Operation.LIST_GROUPS: "identity:groups read",
    Operation.CREATE_PROJECT: "identity:projects create",
    Operation.UPDATE_PROJECT: "identity:projects update",
    Operation.DELETE_PROJECT: "identity:projects delete",
    Operation.ROTATE_TOKEN: "identity:serviceaccounts update",
}
"""What a role must allow, at the scope of the organization (N1-1 to N1-5, N3.3)."""

_NOT_NSCALE: Final = "does not answer as nscale Identity does; the URL must be its base URL, without /api/v1"

_TOKEN: Final = "the token is not accepted; put a valid one into the Secret"  # noqa: S105 - words
_USED: Final = "the refresh token was used, revoked or has expired; sign in again and put the new one into the Secret"
_CLIENT: Final = "the client or the user is not accepted; check `client-id` and `client-secret` in the Secret"
_ACCOUNT: Final = "there is no such service account"
_ACCOUNT_RACE: Final = "somebody else changed the service account at the same time"
_ROLE: Final = (
    "not allowed; the service account needs the role administrator of this organization,"
    " or one that allows {right} at the scope of the organization"
)
_IN_FRONT: Final = in_front_of("nscale")
_NO_PROJECT: Final = "there is no such project"
_WANTS_CERTIFICATE: Final = (
    "something in front of nscale refuses the request; if it asks for a client certificate,"
    " set `auth.clientCertificate`"
)
_LARGE: Final = "too large; shorten the description, the tags or the groups"
_TAKEN: Final = "another project of the organization has this name; choose another `spec.name`, or import that project"
_RACE: Final = "somebody else wrote at the same time; the project has to be read again"
_SHOWN: Final = "what does not exist is not found, so what exists would be shown"

_DOCUMENT: Final = "nscale's error document"
_NSCALE: Final = own_body(_DOCUMENT)


def _code(code: str) -> Body:
    return coded_body(_DOCUMENT, code)


_ROWS: Final = (
    # A session that is at its end.
    Row(REFRESH, only(400), _code("invalid_grant"), CredentialsRejected, _USED, "N3.1-2 [id], N3.1-6 [id]"),
    Row(REFRESH, only(400), _code("invalid_client"), CredentialsRejected, _CLIENT, "N3.1-6 [id]"),
    Row(REFRESH, range(401, 404), _NSCALE, CredentialsRejected, _CLIENT, "N3.1-6 [id]"),
    # Whoever says so, in whatever form.
    Row(ALL, only(401), ANY_BODY, CredentialsRejected, _TOKEN, "N1.3-2 [id]"),
    Row(
        ALL,
        only(429),
        ANY_BODY,
        Throttled,
        TOO_MANY,
        "N6-12 [id]: a gateway's, given before nscale is asked",
    ),
    # nscale's own refusals.
    Row(SIGNED_IN, only(403), _NSCALE, PermissionDenied, _ROLE, "N1.3-3 [id], N3.3, N6-10 [id]"),
    Row(GET | UPDATE, only(404), _code("not_found"), ProjectNotFound, _NO_PROJECT, "N1.3-4 [id]"),
    Row(VERIFY, only(404), _code("not_found"), None, _SHOWN, "N1.3-3 [id], N1.3-4 [id]"),
    Row(DELETE, only(404), _code("not_found"), None, "the project is gone", "N1.5-1 [id], N6-8 [id]"),
    Row(CREATE, only(409), _code("conflict"), NameTaken, _TAKEN, "API page, 409; N1.3-10 [id]"),
    Row(ROTATE, only(404), _code("not_found"), RequestRefused, _ACCOUNT, "N3.2-5 [id]"),
    Row(ROTATE, only(409), _code("conflict"), WriteConflict, _ACCOUNT_RACE, "N5-5 [id]"),
    Row(UPDATE | DELETE, only(409), _code("conflict"), WriteConflict, _RACE, "N1.3-6 [id], N6-6 [id]"),
    Row(USE, only(400), _NSCALE, RequestRefused, "refused", "N1.3-1 [id], N4-5 [id]", quotes=True),
    Row(USE, only(404), _code("not_found"), RequestRefused, "the organization is not known there", "N1.3-4 [id]"),
    Row(USE, only(405), _NSCALE, RequestRefused, "refused", "N1.3-5 [id]", quotes=True),
    Row(USE, only(413), _NSCALE, RequestRefused, _LARGE, "N3.4-2 [id]"),
    Row(USE, only(415), _NSCALE, RequestRefused, "refused", "N3.4-2 [id], N6-13 [id]", quotes=True),
    Row(USE, only(422), _NSCALE, RequestRefused, "refused", "N3.4-2 [id]", quotes=True),
    # A URL that does not lead to nscale.
    Row(CONNECT, only(400), FOREIGN_BODY, ConnectionRefused, _WANTS_CERTIFICATE, "N6-16 [id]: nginx, without one"),
    *wrong_url_rows(CONNECT, _NOT_NSCALE, "N1.3-4 [id], N3.4-3 [id]"),
    # Given by something in front of nscale instead of passing the request on.
    Row(READS, CLIENT_ERRORS, FOREIGN_BODY, BackendUnavailable, _IN_FRONT, "N3.4-3 [id]"),
    Row(WRITES, only(404), FOREIGN_BODY, BackendUnavailable, _IN_FRONT, "N3.4-3 [id]: an ingress without a route"),
    Row(WRITES, only(405), FOREIGN_BODY, BackendUnavailable, _IN_FRONT, "a proxy that allows some methods only"),
    Row(WRITES, only(413), FOREIGN_BODY, RequestRefused, _LARGE, "N3.4-3 [id]: an ingress with a limit"),
    # Everything else.
    *last_rows(WRITES, ALL, "nscale", "N1.3-7 [id] to N1.3-9 [id], N6-1 [id], N6-11 [id]"),
)

ANSWERS: Final = AnswerTable(
    vendor="nscale",
    rows=_ROWS,
    success=_SUCCESS,
    rights=_RIGHTS,
    connect=Operation.CONNECT,
    writes=WRITES,
    read_error=lambda _operation, answer: read_error(answer.body),
    mistaken=_NOT_NSCALE,
    spec_path=SPEC_PATH,
    certificate_field=CERTIFICATE_FIELD,
)
