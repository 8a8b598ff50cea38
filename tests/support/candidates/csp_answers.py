"""What the Cloud Services Platform answers when it refuses, and what each answer means.

The evidence marks are those of docs/backends/csp.md. "read" says that a row was concluded from reading and seen
nowhere.
"""

import json
from dataclasses import replace
from typing import Any, Final

from scripted_server import Script, say

from candidates.answers import ErrorRow, Meaning, always, in_front, means
from project_operator.errors import (
    BackendUnavailable,
    CredentialsRejected,
    NameTaken,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
)


def _document(status: int, words: str = "what the platform says", **more: Any) -> bytes:
    return json.dumps({"message": words, "statusCode": status, "requestId": "0af7651916cd43dd", **more}).encode()


def _says(status: int, words: str = "what the platform says", **more: Any) -> Script:
    return say(status, _document(status, words, **more))


_FAILED: Final[Meaning] = means(connect=BackendUnavailable)
_REFUSED: Final[Meaning] = means(connect=CredentialsRejected, reads=RequestRefused, writes=RequestRefused)
_NOT_FOUND: Final[Meaning] = means(
    reads=RequestRefused,
    get_project=ProjectNotFound,
    create_project=RequestRefused,
    update_project=ProjectNotFound,
    delete_project=None,
)
_CONFLICT: Final[Meaning] = means(
    create_project=NameTaken, update_project=RequestRefused, delete_project=RequestRefused
)
_ELSEWHERE: Final[Meaning] = means(writes=BackendUnavailable)
_NO_DELETION: Final[Meaning] = means(connect=BackendUnavailable, delete_project=RequestRefused)

_OWN: Final = (
    ErrorRow("400", _says(400), _REFUSED, "API page, 400; V3-4 [D]"),
    ErrorRow("400 with a code", _says(400, cspErrorCode="csp.x", moduleCode=540), _REFUSED, "V6-1 [D]"),
    ErrorRow(
        "400 invalid_grant",
        say(400, b'{"error": "invalid_grant", "error_description": "expired"}'),
        means(connect=CredentialsRejected),
        "V3-4 [D], V3-5 [I]; read: OAuth's form, which counts in a sign-in",
    ),
    ErrorRow("401", _says(401), always(CredentialsRejected), "API page, 401 [D]"),
    ErrorRow(
        "403",
        _says(403),
        means(connect=CredentialsRejected, reads=PermissionDenied, writes=PermissionDenied),
        "V2-22 [D], V5-4 [D]",
    ),
    ErrorRow("404", _says(404), _NOT_FOUND, "API page, 404; V6-2 [I]"),
    ErrorRow("404, a module alone", say(404, b'{"moduleCode": 540}'), _NOT_FOUND, "V6-1 [D]: every field is optional"),
    ErrorRow("404 about something else", say(404, _document(500)), _ELSEWHERE, "V6-1 [D], V6-4 [I]; read"),
    ErrorRow("404, words alone", say(404, b'{"message": "not found"}'), _ELSEWHERE, "V6-4 [I]; read: any gateway's"),
    ErrorRow("404 of many", say(404, b'[{"requestId": "a"}]'), _ELSEWHERE, "V6-1 [D]; read: no document"),
    ErrorRow("404 that stops", say(404, _document(404)[:-9]), _ELSEWHERE, "V6-4 [I]; read"),
    ErrorRow("409", _says(409), _CONFLICT, "API page, 409; V5-1 [?], V8-3 [I]; read"),
    ErrorRow(
        "409, called text",
        say(409, _document(409), kind="text/plain"),
        _CONFLICT,
        "API page, 409; V5-1 [?], V8-3 [I]; read: judged by the body",
    ),
    ErrorRow("429", _says(429), always(Throttled), "API page, 429; V6-3 [D]"),
    ErrorRow("500", _says(500), _FAILED, "API page, 500 [D]"),
    ErrorRow("501", _says(501), _NO_DELETION, "V2-7 [I]", remembered=True),
    ErrorRow("501, nothing", say(501), _NO_DELETION, "V2-7 [I]", remembered=True),
    ErrorRow("503", _says(503), _FAILED, "V6-4 [I]"),
    ErrorRow(
        "405", _says(405), means(writes=BackendUnavailable, delete_project=RequestRefused), "V2-7 [I]", remembered=True
    ),
    ErrorRow(
        "400 with megabytes of words",
        _says(400, "x" * 1_500_000),
        means(connect=BackendUnavailable, reads=RequestRefused, writes=RequestRefused),
        "V6-1 [D]; read",
    ),
    ErrorRow("200, nothing", say(200), means(update_project=None, delete_project=None), "V2-4 [D]"),
    ErrorRow(
        "204",
        say(204),
        means(connect=BackendUnavailable, update_project=None, delete_project=None),
        "V2-4 [D]; read: as good as an empty 200",
    ),
    ErrorRow(
        "201 without an id",
        say(201, b'{"refLink": "/x"}'),
        means(connect=BackendUnavailable),
        "V2-1 [D]: it is required",
    ),
    ErrorRow(
        "200, a page with errors",
        say(200, b'{"results": [], "totalResults": 0, "errors": [{"message": "partial"}]}'),
        means(),
        "V4-1 [D]",
    ),
)


def _without_deletion(row: ErrorRow) -> ErrorRow:
    """405 to what is not documented means that it is not there (V9-11)."""
    if not row.name.startswith("405"):
        return row
    return replace(row, means={**row.means, "delete_project": RequestRefused}, remembered=True)


CSP_ROWS: Final = _OWN + tuple(map(_without_deletion, in_front("V6-4 [I]")))
