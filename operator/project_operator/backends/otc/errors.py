"""What the answers of Open Telekom Cloud mean: what it says otherwise than Keystone stands before Keystone's rows."""

import re
from dataclasses import replace
from typing import Annotated, Final

from pydantic import StringConstraints

from project_operator.backends.answer_table.rows import ErrorDocument, Row, only, own_body
from project_operator.backends.documents import read
from project_operator.backends.keystone_v3.errors import ALL, GRANT, RIGHTS, USE, Operation, answers
from project_operator.backends.keystone_v3.payloads import Payload
from project_operator.backends.keystone_v3.payloads import read_error as read_keystone_error
from project_operator.errors import CredentialsRejected, PermissionDenied

SPEC_PATH: Final = "spec.openTelekomCloud"

THROTTLED_FOR: Final = 60.0
"""Seconds to wait after a 429 that does not say how long (T5-3, T8-11)."""

_THROTTLED: Final = frozenset({"IAM.0012", "APIGW.0308"})
_WINDOW: Final = re.compile(r"\btimes per ([0-9]{1,4}) seconds")


class IAMErrorEnvelope(Payload):
    """The second form of the error document (T2-2)."""

    error_msg: str
    error_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,16}\.[0-9]{1,8}$")]


_RIGHTS: Final = RIGHTS | {
    Operation.FIND_DOMAIN: "iam:projects:listProjects",
    Operation.LIST_PROJECTS: "iam:projects:listProjects",
    Operation.GET_PROJECT: "iam:projects:listProjects",
    Operation.READ_ROLE_ASSIGNMENTS: "iam:permissions:listRolesForGroupOnProject",
    Operation.VERIFY_READ_ACCESS: "iam:projects:listProjects",
    Operation.LIST_GROUPS: "iam:groups:listGroups",
    Operation.LIST_ROLES: "iam:roles:listRoles",
    Operation.LIST_USERS: "iam:users:listUsers",
    Operation.CREATE_PROJECT: "iam:projects:createProject",
    Operation.UPDATE_PROJECT: "iam:projects:updateProject",
    Operation.GRANT_ROLE: "iam:permissions:grantRoleToGroupOnProject",
    Operation.REVOKE_ROLE: "iam:permissions:revokeRoleFromGroupOnProject",
    Operation.DELETE_PROJECT: "iam:projects:deleteProject",
}
"""What the policy must allow (T3-5); of what only Keystone is asked, its words."""

_DOCUMENT: Final = own_body("IAM's error document, in either form")
_ROLE: Final = "not allowed; the user needs the role Security Administrator, or a policy with {right}"
_FAILED_OVER: Final = "the place that the token is from has failed over; signing in again mends it"

_FIRST: Final = (
    Row(ALL, only(410), _DOCUMENT, CredentialsRejected, _FAILED_OVER, "T2-10 [D]"),
    Row(USE, only(403), _DOCUMENT, PermissionDenied, _ROLE, "T2-4 [D I], T3-5 [D], T7-4 [S]", quotes=True),
    Row(GRANT, only(409), _DOCUMENT, None, "the group has the role", "T6-1 [D]"),
)


def read_error(body: bytes) -> ErrorDocument | None:
    """The error document in ``body``, in either form (T2-1, T2-2); None where it is something else."""
    if (document := read_keystone_error(body)) is not None:
        return document
    found = read(IAMErrorEnvelope, body)
    if found is None:
        return None
    return ErrorDocument(found.error_msg, found.error_code, retry_after=_pause(found))


def _pause(document: IAMErrorEnvelope) -> float | None:
    """How long a 429 of its own words asks to wait."""
    if document.error_code not in _THROTTLED:
        return None
    window = _WINDOW.search(document.error_msg)
    return float(window[1]) if window else THROTTLED_FOR


_AS_KEYSTONE: Final = answers(
    SPEC_PATH,
    deleted=frozenset({200, 204}),
    vendor="IAM",
    rights=_RIGHTS,
    first=_FIRST,
    read_document=read_error,
)

ANSWERS: Final = replace(
    _AS_KEYSTONE,
    success={**_AS_KEYSTONE.success, Operation.UPDATE_PROJECT: frozenset({200, 204})},
    mistaken="does not answer as IAM does; the URL must be that of Open Telekom Cloud's identity service",
)
"""T1-7 for the statuses of a deletion; the status of a project is set with 204, all else with 200 (T1-5, T1-6)."""
