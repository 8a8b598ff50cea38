"""What the answers of K5 mean: Keystone's table, after rows for what K5's pages say differently."""

from typing import Final

from project_operator.backends.answer_table.rows import Row, only, own_body
from project_operator.backends.keystone_v3.errors import BY_POLICY, READS, USE, WRITES, answers
from project_operator.errors import PermissionDenied, RequestRefused

NOT_IMPLEMENTED: Final = 501

_ROLE: Final = (
    "not allowed; the user needs the administrator's role in the contract, and the token must be one of the region"
)
_MISSING: Final = "K5 has not implemented this"
_PAGE: Final = "API page, 501; F5-3 [D]"
_DOCUMENT: Final = own_body("K5's error document")

ANSWERS: Final = answers(
    "spec.fujitsuK5",
    deleted=frozenset(),
    vendor="K5",
    first=(
        Row(WRITES, only(NOT_IMPLEMENTED), _DOCUMENT, RequestRefused, f"{_MISSING}, so it is not asked again", _PAGE),
        Row(READS, only(NOT_IMPLEMENTED), _DOCUMENT, RequestRefused, _MISSING, _PAGE),
        Row(USE, only(403), BY_POLICY, PermissionDenied, _ROLE, "F3-3 [D C], F4-1 [D], F4-2 [I]"),
    ),
)
