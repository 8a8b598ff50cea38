"""What each answer of the Cloud Services Platform means: one table, read from the top; the first row that fits holds.

``docs/reference/errors-csp.md`` is generated from it. It is asked after a token that may be dead has been replaced
(``client``).
"""

from typing import Final

from project_operator.backends.answer_table import rows
from project_operator.backends.answer_table.rows import (
    ANY_BODY,
    CLIENT_ERRORS,
    FOREIGN_BODY,
    TOO_MANY,
    ErrorDocument,
    Row,
    in_front_of,
    last_rows,
    only,
    own_body,
    wrong_url_rows,
)
from project_operator.backends.answer_table.table import AnswerTable
from project_operator.backends.calls import Answer
from project_operator.backends.csp.payloads import read_error, read_oauth_error
from project_operator.errors import (
    BackendUnavailable,
    CredentialsRejected,
    NameTaken,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
)

SPEC_PATH: Final = "spec.vmwareCSP"
URL_FIELD: Final = f"{SPEC_PATH}.url"
ORGANIZATION_FIELD: Final = f"{SPEC_PATH}.organization"


class Operation(rows.Operation):
    """What was asked: a method of `Backend`, or a part of one. The first sign-in is what `connect` begins with."""

    CONNECT = "connect"
    SIGN_IN = "sign_in"
    LIST_PROJECTS = "list_projects"
    GET_PROJECT = "get_project"
    LIST_DELETED_PROJECTS = "list_deleted_projects"
    VERIFY_READ_ACCESS = "verify_read_access"
    LIST_GROUPS = "list_groups"
    READ_GROUP_ROLES = "read_group_roles"
    LIST_CHILDREN = "list_children"
    CREATE_PROJECT = "create_project"
    UPDATE_PROJECT = "update_project"
    CHANGE_GROUP_ROLES = "change_group_roles"
    DELETE_PROJECT = "delete_project"


CONNECT: Final = frozenset({Operation.CONNECT})
SIGN_IN: Final = frozenset({Operation.SIGN_IN})
GET: Final = frozenset({Operation.GET_PROJECT})
GROUP_ROLES: Final = frozenset({Operation.READ_GROUP_ROLES})
LISTS: Final = frozenset(
    {
        Operation.LIST_PROJECTS,
        Operation.LIST_DELETED_PROJECTS,
        Operation.VERIFY_READ_ACCESS,
        Operation.LIST_GROUPS,
        Operation.LIST_CHILDREN,
    }
)
CREATE: Final = frozenset({Operation.CREATE_PROJECT})
UPDATE: Final = frozenset({Operation.UPDATE_PROJECT})
CHANGE_ROLES: Final = frozenset({Operation.CHANGE_GROUP_ROLES})
DELETE: Final = frozenset({Operation.DELETE_PROJECT})
READS: Final = LISTS | GET | GROUP_ROLES
WRITES: Final = CREATE | UPDATE | CHANGE_ROLES | DELETE
USE: Final = READS | WRITES
ALL: Final = USE | CONNECT | SIGN_IN

_SUCCESS: Final = {
    **dict.fromkeys(CONNECT | SIGN_IN | READS, frozenset({200})),
    Operation.CREATE_PROJECT: frozenset({200, 201}),
    Operation.UPDATE_PROJECT: frozenset({200, 204}),
    Operation.CHANGE_GROUP_ROLES: frozenset({200, 204}),
    Operation.DELETE_PROJECT: frozenset({200, 202, 204}),
}
"""Statuses of success. The documented ones are 200 for reads and PATCH and 201 for creation (V2-1 to V2-4); of deletion
none is (V2-7)."""

MANAGE: Final = "project administrator, organization administrator or organization owner"
OWN: Final = "organization administrator or organization owner"

_RIGHTS: Final = {
    **dict.fromkeys(USE, MANAGE),
    **dict.fromkeys(
        {
            Operation.LIST_DELETED_PROJECTS,
            Operation.LIST_GROUPS,
            Operation.READ_GROUP_ROLES,
            Operation.CHANGE_GROUP_ROLES,
        },
        OWN,
    ),
}
"""The role that the caller needs (V2-5, V2-22, V7-1)."""

_NOT_CSP: Final = "does not answer as the Cloud Services Platform does; the URL must be that of its console"

_SIGN_IN: Final = "the credential is not accepted; put a valid API token, or client id and secret, into the Secret"
_TOKEN: Final = "the access token is not accepted"  # noqa: S105 - it is what is said
_ROLE: Final = "not allowed; the credential needs the role {right}"
_IN_FRONT: Final = in_front_of("the platform")
_NO_PROJECT: Final = "there is no such project, or the credential may not see it"
_NO_ORGANIZATION: Final = "the organization, or the parent, is not known there or not to be seen"
_TAKEN: Final = (
    "a conflict, most likely with another project of this name; choose another `spec.name`, or import that project"
)
_BLOCKED: Final = (
    "the platform does not delete it; what is inside (enabled services, children) and the access of users and groups"
    " has to go first"
)
_NOT_THERE: Final = "this server has no such call; set `capabilities.delete: false`, and `deletionPolicy: Orphan`"
_LARGE: Final = "too large; shorten the description"

_CSP: Final = own_body("the platform's error document")

_ROWS: Final = (
    # Signing in.
    Row(CONNECT | SIGN_IN, only(400), _CSP, CredentialsRejected, _SIGN_IN, "V3-4 [D]", quotes=True),
    Row(CONNECT | SIGN_IN, only(401), ANY_BODY, CredentialsRejected, _SIGN_IN, "V3-5 [I]", quotes=True),
    Row(CONNECT | SIGN_IN, only(403), _CSP, CredentialsRejected, _SIGN_IN, "V3-4 [D]", quotes=True),
    # Whoever says so, in whatever form.
    Row(USE, only(401), ANY_BODY, CredentialsRejected, _TOKEN, "V3-7 [P]"),
    Row(ALL, only(429), ANY_BODY, Throttled, TOO_MANY, "V6-3 [D]"),
    # What is not documented need not be there.
    Row(DELETE, only(405), ANY_BODY, RequestRefused, _NOT_THERE, "V2-7 [I], V9-11"),
    Row(DELETE, only(501), ANY_BODY, RequestRefused, _NOT_THERE, "V2-7 [I], V9-11"),
    # The platform's own refusals.
    Row(USE, only(403), _CSP, PermissionDenied, _ROLE, "V2-22 [D], V5-4 [D]"),
    Row(GET | UPDATE, only(404), _CSP, ProjectNotFound, _NO_PROJECT, "API page, 404"),
    Row(DELETE, only(404), _CSP, None, "the project is gone", "V2-7 [I]"),
    Row(GROUP_ROLES, only(404), _CSP, None, "the group is gone, and what it had with it", "V7-2 [D]"),
    Row(USE, only(404), _CSP, RequestRefused, _NO_ORGANIZATION, "V6-2 [I]", quotes=True),
    Row(CREATE, only(409), _CSP, NameTaken, _TAKEN, "API page, 409; V5-1 [?]", quotes=True),
    Row(DELETE, only(400), _CSP, RequestRefused, _BLOCKED, "V8-1 [P], V8-3 [I]", quotes=True),
    Row(DELETE, only(409), _CSP, RequestRefused, _BLOCKED, "V8-1 [P], V8-3 [I]", quotes=True),
    Row(USE, only(400), _CSP, RequestRefused, "refused", "API page, 400", quotes=True),
    Row(UPDATE | CHANGE_ROLES, only(409), _CSP, RequestRefused, "a conflict", "V5-1 [?]", quotes=True),
    Row(WRITES, only(413), ANY_BODY, RequestRefused, _LARGE, "RFC 9110, 15.5.14"),
    # A URL that does not lead to the platform.
    *wrong_url_rows(CONNECT, _NOT_CSP, "V6-4 [I]"),
    # Given by something in front of the platform instead of passing the request on.
    Row(READS | SIGN_IN, CLIENT_ERRORS, ANY_BODY, BackendUnavailable, _IN_FRONT, "V6-4 [I]"),
    Row(WRITES, only(404), FOREIGN_BODY, BackendUnavailable, _IN_FRONT, "V6-4 [I]: no route"),
    Row(WRITES, only(405), ANY_BODY, BackendUnavailable, _IN_FRONT, "V6-4 [I]: a method that the path does not have"),
    # Everything else.
    *last_rows(WRITES, ALL, "the platform", "V6-4 [I]; API page, 500"),
)


def _read_error(operation: Operation, answer: Answer) -> ErrorDocument | None:
    document = read_error(answer.body, answer.status)
    return document or (read_oauth_error(answer.body) if operation in CONNECT | SIGN_IN else None)


ANSWERS: Final = AnswerTable(
    vendor="the platform",
    rows=_ROWS,
    success=_SUCCESS,
    rights=_RIGHTS,
    connect=Operation.CONNECT,
    writes=WRITES,
    read_error=_read_error,
    mistaken=_NOT_CSP,
    spec_path=SPEC_PATH,
)
