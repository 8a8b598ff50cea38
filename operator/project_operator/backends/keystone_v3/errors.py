"""What each answer of Keystone means: one table, read from the top; the first row that fits holds.

A write counts as refused, and so as not done, in two cases alone: the answer is Keystone's own error document with a
status below 500, or its status is one that something in front of Keystone gives instead of passing the request on.
Whatever else is not a success is unknown. The pages ``docs/reference/errors-*.md`` are generated from this table, and
``classification`` applies it, after a token that may be dead has been replaced (``client``).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from project_operator.backends.answers import ANY_STATUS
from project_operator.backends.keystone_v3.payloads import ErrorDocument
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


class Operation(StrEnum):
    """What was asked: a method of `Backend`, or a part of one."""

    CONNECT = "connect"
    SIGN_IN = "sign_in"
    FIND_DOMAIN = "find_domain"
    LIST_PROJECTS = "list_projects"
    GET_PROJECT = "get_project"
    READ_ROLE_ASSIGNMENTS = "read_role_assignments"
    VERIFY_READ_ACCESS = "verify_read_access"
    LIST_GROUPS = "list_groups"
    LIST_ROLES = "list_roles"
    CREATE_PROJECT = "create_project"
    UPDATE_PROJECT = "update_project"
    GRANT_ROLE = "grant_role"
    REVOKE_ROLE = "revoke_role"
    DELETE_PROJECT = "delete_project"

    @property
    def writes(self) -> bool:
        """Whether it changes something if it gets through."""
        return self in WRITES

    @property
    def words(self) -> str:
        """For messages: ``create project``."""
        return self.replace("_", " ")


CONNECT: Final = frozenset({Operation.CONNECT})
SIGN_IN: Final = frozenset({Operation.SIGN_IN})
FIND: Final = frozenset({Operation.FIND_DOMAIN})
LISTS: Final = frozenset({Operation.LIST_PROJECTS, Operation.LIST_GROUPS, Operation.LIST_ROLES})
GET: Final = frozenset({Operation.GET_PROJECT})
ASSIGNMENTS: Final = frozenset({Operation.READ_ROLE_ASSIGNMENTS})
CREATE: Final = frozenset({Operation.CREATE_PROJECT})
UPDATE: Final = frozenset({Operation.UPDATE_PROJECT})
GRANT: Final = frozenset({Operation.GRANT_ROLE})
REVOKE: Final = frozenset({Operation.REVOKE_ROLE})
DELETE: Final = frozenset({Operation.DELETE_PROJECT})
WRITES: Final = CREATE | UPDATE | GRANT | REVOKE | DELETE
READS: Final = LISTS | FIND | GET | ASSIGNMENTS | {Operation.VERIFY_READ_ACCESS}
USE: Final = READS | WRITES
ALL: Final = USE | CONNECT | SIGN_IN

SUCCESS: Final = {
    **dict.fromkeys(CONNECT | READS, frozenset({200})),
    Operation.SIGN_IN: frozenset({201}),
    Operation.CREATE_PROJECT: frozenset({201}),
    Operation.UPDATE_PROJECT: frozenset({200}),
    Operation.GRANT_ROLE: frozenset({204}),
    Operation.REVOKE_ROLE: frozenset({204}),
}
"""Statuses of success (K1-1 to K1-5, K7-1). Those of a deletion are the dialect's."""

RIGHTS: Final = {
    Operation.FIND_DOMAIN: "identity:get_domain",
    Operation.LIST_PROJECTS: "identity:list_projects",
    Operation.GET_PROJECT: "identity:get_project",
    Operation.READ_ROLE_ASSIGNMENTS: "identity:list_role_assignments",
    Operation.VERIFY_READ_ACCESS: "identity:list_projects",
    Operation.LIST_GROUPS: "identity:list_groups",
    Operation.LIST_ROLES: "identity:list_roles",
    Operation.CREATE_PROJECT: "identity:create_project",
    Operation.UPDATE_PROJECT: "identity:update_project",
    Operation.GRANT_ROLE: "identity:create_grant",
    Operation.REVOKE_ROLE: "identity:revoke_grant",
    Operation.DELETE_PROJECT: "identity:delete_project",
}
"""What Keystone's policy must allow (K3-11)."""


class Source(StrEnum):
    """Who speaks, and of what."""

    POLICY = "policy"
    """Keystone's error document: the policy forbids it."""
    KEYSTONE = "keystone"
    """Keystone's error document, whatever it says."""
    NAMING = "naming"
    """Keystone's error document, naming an id that was asked for."""
    OTHER = "other"
    """Not Keystone's: an ingress, a gateway, anything."""
    EITHER = "either"

    def fits(self, document: ErrorDocument | None, asked: frozenset[str]) -> bool:
        """Whether such an answer came."""
        match self:
            case Source.EITHER:
                return True
            case Source.OTHER:
                return document is None
            case Source.KEYSTONE:
                return document is not None
            case Source.POLICY:
                return document is not None and document.by_policy
            case Source.NAMING:
                return document is not None and document.names(asked)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: the answers that it is about, what they mean, and why we think so."""

    operations: frozenset[Operation]
    statuses: range
    source: Source
    outcome: type[BackendError] | None
    """None: no error; what was asked for is so, or the caller knows what follows."""
    says: str
    """What happened and what to do; ``{right}`` stands for the entry of `RIGHTS`."""
    basis: str
    """The row of docs/backends/keystone.md, or the other ground it stands on."""
    quotes: bool = False
    """Whether Keystone's own words help."""


def only(status: int) -> range:
    """The range of one status."""
    return range(status, status + 1)


REDIRECTS: Final = range(300, 400)
CLIENT_ERRORS: Final = range(400, 500)

NOT_KEYSTONE: Final = "does not answer as Keystone's API v3 does; the URL must be that of the identity service"

_SIGN_IN: Final = (
    "user, password, domain or scope is not accepted, and Keystone does not say which; a role on the scope is needed"
)
_CREDENTIAL: Final = "the credential is not accepted"
_TOKEN: Final = "the token is not accepted"  # noqa: S105 - it is what is said
_ROLE: Final = "not allowed; the credential needs the role manager on the domain, or what {right} asks for"
_MOVED: Final = "redirected to elsewhere, which is not followed"
_MOVED_URL: Final = "redirected to elsewhere, which is not followed; the URL must be the final one"
_IN_FRONT: Final = "something in front of Keystone refuses to pass the request on"
_NO_PROJECT: Final = "there is no such project"
_NOT_THAT: Final = "something else than what was asked for is not found, so this proves nothing"
_LARGE: Final = "too large; shorten the description or the tags"
_TAKEN: Final = "another project of the domain has this name; choose another `spec.name`, or import that project"
_LOST: Final = "failed, and may have been done all the same"

_POLICY, _KEYSTONE, _NAMING = Source.POLICY, Source.KEYSTONE, Source.NAMING
_OTHER, _EITHER = Source.OTHER, Source.EITHER

TABLE: Final = (
    # Signing in: whatever of the credential is wrong, and even that it is gone, is told in a few ways.
    Row(SIGN_IN, only(401), _EITHER, CredentialsRejected, _SIGN_IN, "K3-10"),
    Row(SIGN_IN, only(404), _KEYSTONE, CredentialsRejected, _CREDENTIAL, "K3-7", quotes=True),
    Row(SIGN_IN, only(400), _KEYSTONE, CredentialsRejected, _CREDENTIAL, "K3-3", quotes=True),
    Row(SIGN_IN, only(403), _KEYSTONE, CredentialsRejected, _CREDENTIAL, "K3-10", quotes=True),
    # Whoever says so, in whatever form.
    Row(ALL, only(401), _EITHER, CredentialsRejected, _TOKEN, "K3-6"),
    Row(ALL, only(429), _EITHER, Throttled, "too many requests", "K9-1: a gateway's, given before Keystone is asked"),
    # Keystone's own refusals.
    Row(USE, only(403), _POLICY, PermissionDenied, _ROLE, "K4-1, K4-2, K3-11"),
    Row(WRITES, only(403), _KEYSTONE, RequestRefused, "refused", "K4-3: the state of things, not rights", quotes=True),
    Row(READS, only(403), _KEYSTONE, PermissionDenied, "refused", "K4-3", quotes=True),
    Row(FIND, only(404), _NAMING, None, "there is no such domain: said where it is configured", "K2-1"),
    Row(LISTS, only(404), _NAMING, None, "what the page before ended with is gone: listed anew", "K5-7"),
    Row(ASSIGNMENTS, only(404), _NAMING, None, "the group is gone, and what it had with it", "K7-2"),
    Row(GET | UPDATE, only(404), _NAMING, ProjectNotFound, _NO_PROJECT, "K3-20"),
    Row(DELETE, only(404), _NAMING, None, "the project is gone", "K8-1"),
    Row(REVOKE, only(404), _NAMING, None, "the group does not have the role", "K7-1"),
    Row(GRANT, only(404), _NAMING, RequestRefused, "refused", "K7-2", quotes=True),
    Row(USE, only(404), _KEYSTONE, BackendUnavailable, _NOT_THAT, "K3-20"),
    Row(CREATE | UPDATE, only(409), _KEYSTONE, NameTaken, _TAKEN, "API page, 409; K6-1, K6-5"),
    Row(USE, only(400), _KEYSTONE, RequestRefused, "refused", "API page, 400; K6-3", quotes=True),
    Row(USE, only(409), _KEYSTONE, RequestRefused, "refused", "API page, 409", quotes=True),
    Row(WRITES, only(413), _EITHER, RequestRefused, _LARGE, "K2-4: HTML, and before anything is done"),
    # A URL that does not lead to Keystone.
    Row(CONNECT, REDIRECTS, _EITHER, ConnectionRefused, _MOVED_URL, "RFC 9110, 15.4"),
    Row(CONNECT, only(408), _EITHER, BackendUnavailable, "took too long", "RFC 9110, 15.5.9"),
    Row(CONNECT, CLIENT_ERRORS, _EITHER, ConnectionRefused, NOT_KEYSTONE, "K2-3"),
    # Given by something in front of Keystone instead of passing the request on.
    Row(READS | SIGN_IN, CLIENT_ERRORS, _EITHER, BackendUnavailable, _IN_FRONT, "K2-3, K2-5"),
    Row(WRITES, only(404), _OTHER, BackendUnavailable, _IN_FRONT, "K2-3: no route"),
    Row(WRITES, only(405), _EITHER, BackendUnavailable, _IN_FRONT, "K2-2: a method that the path does not have"),
    Row(WRITES, only(421), _OTHER, BackendUnavailable, _IN_FRONT, "RFC 9110, 15.5.20"),
    Row(WRITES, only(431), _OTHER, BackendUnavailable, _IN_FRONT, "RFC 6585, 5"),
    # Everything else.
    Row(WRITES, REDIRECTS, _EITHER, OutcomeUnknown, _MOVED, "RFC 9110, 15.4: 303 may mean that it was done"),
    Row(WRITES, ANY_STATUS, _EITHER, OutcomeUnknown, _LOST, "K2-3, K9-1", quotes=True),
    Row(ALL, REDIRECTS, _EITHER, BackendUnavailable, _MOVED, "RFC 9110, 15.4"),
    Row(ALL, ANY_STATUS, _EITHER, BackendUnavailable, "failed", "K2-3, K9-1", quotes=True),
)


def row_for(operation: Operation, status: int, document: ErrorDocument | None, asked: frozenset[str]) -> Row:
    """The first row of `TABLE` that fits; ``asked`` are the ids that the request was about."""
    return next(
        row
        for row in TABLE
        if operation in row.operations and status in row.statuses and row.source.fits(document, asked)
    )
