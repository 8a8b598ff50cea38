"""What each answer of Keystone means: one table, read from the top; the first row that fits holds.

The pages ``docs/reference/errors-*.md`` of all who speak the protocol are generated from it. It is asked after a token
that may be dead has been replaced (``client``).
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from project_operator.backends.answer_table import rows
from project_operator.backends.answer_table.rows import (
    ANY_BODY,
    CLIENT_ERRORS,
    FOREIGN_BODY,
    TOO_MANY,
    Body,
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
from project_operator.backends.keystone_v3.payloads import read_error
from project_operator.errors import (
    BackendUnavailable,
    CredentialsRejected,
    NameTaken,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
)


class Operation(rows.Operation):
    """What was asked: a method of `Backend`, or a part of one."""

    CONNECT = "connect"
    SIGN_IN = "sign_in"
    FIND_DOMAIN = "find_domain"
    LIST_PROJECTS = "list_projects"
    GET_PROJECT = "get_project"
    READ_ROLE_ASSIGNMENTS = "read_role_assignments"
    VERIFY_READ_ACCESS = "verify_read_access"
    LIST_GROUPS = "list_groups"
    LIST_USERS = "list_users"
    LIST_ROLES = "list_roles"
    LIST_IDENTITY_PROVIDERS = "list_identity_providers"
    READ_DOMAIN_CONFIG = "read_domain_config"
    CREATE_PROJECT = "create_project"
    UPDATE_PROJECT = "update_project"
    GRANT_ROLE = "grant_role"
    REVOKE_ROLE = "revoke_role"
    DELETE_PROJECT = "delete_project"


CONNECT: Final = frozenset({Operation.CONNECT})
SIGN_IN: Final = frozenset({Operation.SIGN_IN})
FIND: Final = frozenset({Operation.FIND_DOMAIN})
LISTS: Final = frozenset({Operation.LIST_PROJECTS, Operation.LIST_GROUPS, Operation.LIST_USERS, Operation.LIST_ROLES})
GET: Final = frozenset({Operation.GET_PROJECT})
ASSIGNMENTS: Final = frozenset({Operation.READ_ROLE_ASSIGNMENTS})
CONFIG: Final = frozenset({Operation.READ_DOMAIN_CONFIG})
OF_THE_CLOUD: Final = CONFIG | {Operation.LIST_IDENTITY_PROVIDERS}
"""What the manager of a domain may not read."""
CREATE: Final = frozenset({Operation.CREATE_PROJECT})
UPDATE: Final = frozenset({Operation.UPDATE_PROJECT})
GRANT: Final = frozenset({Operation.GRANT_ROLE})
REVOKE: Final = frozenset({Operation.REVOKE_ROLE})
DELETE: Final = frozenset({Operation.DELETE_PROJECT})
WRITES: Final = CREATE | UPDATE | GRANT | REVOKE | DELETE
READS: Final = LISTS | FIND | GET | ASSIGNMENTS | OF_THE_CLOUD | {Operation.VERIFY_READ_ACCESS}
USE: Final = READS | WRITES
ALL: Final = USE | CONNECT | SIGN_IN

_SUCCESS: Final = {
    **dict.fromkeys(CONNECT | READS, frozenset({200})),
    Operation.SIGN_IN: frozenset({201}),
    Operation.CREATE_PROJECT: frozenset({201}),
    Operation.UPDATE_PROJECT: frozenset({200}),
    Operation.GRANT_ROLE: frozenset({204}),
    Operation.REVOKE_ROLE: frozenset({204}),
}
"""Statuses of success (K1-1 to K1-5, K5-15, K7-1, K8-11). Those of a deletion are the dialect's."""

RIGHTS: Final = {
    Operation.FIND_DOMAIN: "identity:get_domain",
    Operation.LIST_PROJECTS: "identity:list_projects",
    Operation.GET_PROJECT: "identity:get_project",
    Operation.READ_ROLE_ASSIGNMENTS: "identity:list_role_assignments",
    Operation.VERIFY_READ_ACCESS: "identity:list_projects",
    Operation.LIST_GROUPS: "identity:list_groups",
    Operation.LIST_USERS: "identity:list_users",
    Operation.LIST_ROLES: "identity:list_roles",
    Operation.LIST_IDENTITY_PROVIDERS: "identity:list_identity_providers",
    Operation.READ_DOMAIN_CONFIG: "identity:get_domain_config",
    Operation.CREATE_PROJECT: "identity:create_project",
    Operation.UPDATE_PROJECT: "identity:update_project",
    Operation.GRANT_ROLE: "identity:create_grant",
    Operation.REVOKE_ROLE: "identity:revoke_grant",
    Operation.DELETE_PROJECT: "identity:delete_project",
}
"""What Keystone's policy must allow (K3-11)."""

_NOT_KEYSTONE: Final = "does not answer as Keystone's API v3 does; the URL must be that of the identity service"

_SIGN_IN: Final = (
    "user, password, domain or scope is not accepted, and Keystone does not say which; a role on the scope is needed"
)
_CREDENTIAL: Final = "the credential is not accepted"
_TOKEN: Final = "the token is not accepted"  # noqa: S105 - it is what is said
_ROLE: Final = "not allowed; the credential needs the role manager on the domain, or what {right} asks for"
_ADMIN: Final = "not allowed; the credential needs the role admin, or what {right} asks for"
_IN_FRONT: Final = in_front_of("Keystone")
_NO_PROJECT: Final = "there is no such project"
_NOT_THAT: Final = "something else than what was asked for is not found, so this proves nothing"
_LARGE: Final = "too large; shorten the description or the tags"
_TAKEN: Final = "another project of the domain has this name; choose another `spec.name`, or import that project"

_REQUEST_ID: Final = re.compile(r"req-[0-9a-f-]{1,64}")

_FORBIDDEN: Final = "You are not authorized to perform the requested action"


def speaks_of(document: ErrorDocument | None, named: frozenset[str]) -> bool:
    """Whether ``document`` speaks of one of the ids in ``named`` (K3-20, K8-11)."""
    return document is not None and any(
        re.search(rf"(: |^Marker | for domain ){re.escape(name)}(?![A-Za-z0-9_-])", document.message) for name in named
    )


def _by_policy(document: ErrorDocument | None, _: frozenset[str]) -> bool:
    """Whether it is the policy that forbids it, and not the state of things: both say 403 (K4-3)."""
    return document is not None and document.message.startswith(_FORBIDDEN)


_DOCUMENT: Final = "Keystone's error document"
_KEYSTONE: Final = own_body(_DOCUMENT)
BY_POLICY: Final = Body(f"{_DOCUMENT}, about the policy", _by_policy)
_NAMING: Final = Body(f"{_DOCUMENT}, naming what was asked for", speaks_of)

ROWS: Final = (
    # Signing in: whatever of the credential is wrong, and even that it is gone, is told in a few ways.
    Row(SIGN_IN, only(401), ANY_BODY, CredentialsRejected, _SIGN_IN, "K3-10 [M]"),
    Row(SIGN_IN, only(404), _KEYSTONE, CredentialsRejected, _CREDENTIAL, "K3-7 [M]", quotes=True),
    Row(SIGN_IN, only(400), _KEYSTONE, CredentialsRejected, _CREDENTIAL, "K3-3 [M]", quotes=True),
    Row(SIGN_IN, only(403), _KEYSTONE, CredentialsRejected, _CREDENTIAL, "K3-10 [M]", quotes=True),
    # Whoever says so, in whatever form.
    Row(ALL, only(401), ANY_BODY, CredentialsRejected, _TOKEN, "K3-6 [M]"),
    Row(
        ALL,
        only(429),
        ANY_BODY,
        Throttled,
        TOO_MANY,
        "K9-1 [S]: a gateway's, given before Keystone is asked",
    ),
    # Keystone's own refusals.
    Row(OF_THE_CLOUD, only(403), BY_POLICY, PermissionDenied, _ADMIN, "K8-12 [M]"),
    Row(USE, only(403), BY_POLICY, PermissionDenied, _ROLE, "K4-1 [M], K4-2 [M S], K3-11 [M]"),
    Row(WRITES, only(403), _KEYSTONE, RequestRefused, "refused", "K4-3 [M]: not for want of rights", quotes=True),
    Row(READS, only(403), _KEYSTONE, PermissionDenied, "refused", "K4-3 [M]", quotes=True),
    Row(FIND, only(404), _NAMING, None, "there is no such domain: said where it is configured", "K2-1 [M]"),
    Row(LISTS, only(404), _NAMING, None, "what the page before ended with is gone: listed anew", "K5-7 [M]"),
    Row(ASSIGNMENTS, only(404), _NAMING, None, "the group is gone, and what it had with it", "K7-2 [M]"),
    Row(CONFIG, only(404), _NAMING, None, "the domain has no configuration of its own", "K8-11 [M]"),
    Row(GET | UPDATE, only(404), _NAMING, ProjectNotFound, _NO_PROJECT, "K3-20 [M]"),
    Row(DELETE, only(404), _NAMING, None, "the project is gone", "K8-1 [M]"),
    Row(REVOKE, only(404), _NAMING, None, "the group does not have the role", "K7-1 [M]"),
    Row(GRANT, only(404), _NAMING, RequestRefused, "refused", "K7-2 [M]", quotes=True),
    Row(USE, only(404), _KEYSTONE, BackendUnavailable, _NOT_THAT, "K3-20 [M]"),
    Row(CREATE | UPDATE, only(409), _KEYSTONE, NameTaken, _TAKEN, "API page, 409; K6-1 [M], K6-5 [M S]"),
    Row(USE, only(400), _KEYSTONE, RequestRefused, "refused", "API page, 400; K6-3 [M]", quotes=True),
    Row(USE, only(409), _KEYSTONE, RequestRefused, "refused", "API page, 409", quotes=True),
    Row(WRITES, only(413), ANY_BODY, RequestRefused, _LARGE, "K2-4 [M]: HTML, and before anything is done"),
    # A URL that does not lead to Keystone.
    *wrong_url_rows(CONNECT, _NOT_KEYSTONE, "K2-3 [M]"),
    # Given by something in front of Keystone instead of passing the request on.
    Row(READS | SIGN_IN, CLIENT_ERRORS, ANY_BODY, BackendUnavailable, _IN_FRONT, "K2-3 [M], K2-5 [?]"),
    Row(WRITES, only(404), FOREIGN_BODY, BackendUnavailable, _IN_FRONT, "K2-3 [M]: no route"),
    Row(WRITES, only(405), ANY_BODY, BackendUnavailable, _IN_FRONT, "K2-2 [M]: a method that the path does not have"),
    # Everything else.
    *last_rows(WRITES, ALL, "Keystone", "K2-3 [M], K9-1 [S]"),
)


def answers(
    spec_path: str,
    *,
    deleted: frozenset[int],
    vendor: str = "Keystone",
    rights: Mapping[Operation, str] = RIGHTS,
    first: tuple[Row[Operation], ...] = (),
    read_document: Callable[[bytes], ErrorDocument | None] = read_error,
) -> AnswerTable[Operation]:
    """The table as one who speaks the protocol has it.

    ``deleted`` are the statuses that say that a deletion was done, ``rights`` what the vendor calls the rights that
    operations take, ``first`` the rows that are read before the others, and ``read_document`` finds the error document
    in a body.
    """
    return AnswerTable(
        vendor=vendor,
        rows=first + ROWS,
        success=_SUCCESS | {Operation.DELETE_PROJECT: deleted},
        rights=rights,
        connect=Operation.CONNECT,
        writes=WRITES,
        read_error=lambda _, answer: read_document(answer.body),
        mistaken=_NOT_KEYSTONE,
        spec_path=spec_path,
        request_id=_request_id,
    )


def _request_id(answer: Answer) -> str:
    """The id under which Keystone logged the request (K2-6)."""
    said = answer.headers.get("x-openstack-request-id") or ""
    return said if _REQUEST_ID.fullmatch(said) else ""
