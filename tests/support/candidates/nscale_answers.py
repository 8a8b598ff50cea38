"""What nscale Identity answers when it refuses, and what each answer means.

The evidence marks are those of docs/backends/nscale.md: [id] the server's source, [spec] and [page] its published
descriptions. "read" says that a row was concluded from reading and seen nowhere.
"""

import json
from typing import Final

from scripted_server import Script, say

from candidates.answers import ErrorRow, Meaning, always, in_front, means
from project_operator.errors import (
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


def _document(code: str, words: str = "what nscale says", **more: str) -> bytes:
    return json.dumps({"error": code, "error_description": words, **more}).encode()


def _says(status: int, code: str, words: str = "what nscale says", **more: str) -> Script:
    return say(status, _document(code, words, **more))


_REFUSED: Final[Meaning] = means(reads=RequestRefused, writes=RequestRefused)
_FAILED: Final[Meaning] = means(connect=BackendUnavailable)
_NOT_FOUND: Final[Meaning] = means(
    reads=RequestRefused,
    writes=RequestRefused,
    get_project=ProjectNotFound,
    update_project=ProjectNotFound,
    verify_read_access=None,
    delete_project=None,
)
_CONFLICT: Final[Meaning] = means(
    create_project=NameTaken, update_project=WriteConflict, delete_project=WriteConflict, reads=BackendUnavailable
)

_OWN: Final = (
    ErrorRow("400 invalid_request", _says(400, "invalid_request"), _REFUSED, "N1.3-1 [id]"),
    ErrorRow("401 access_denied", _says(401, "access_denied"), always(CredentialsRejected), "N1.3-2 [id]"),
    ErrorRow("403 forbidden", _says(403, "forbidden"), always(PermissionDenied), "N1.3-3 [id]"),
    ErrorRow("404 not_found", _says(404, "not_found"), _NOT_FOUND, "N1.3-4 [id]"),
    ErrorRow(
        "404 not_found with a trace id",
        _says(404, "not_found", trace_id="0af7651916cd43dd8448eb211c80319c"),
        _NOT_FOUND,
        "N1.3-4 [id], N3.4-1 [id]",
    ),
    ErrorRow(
        "404 not_found, called text", say(404, _document("not_found"), kind="text/plain"), _NOT_FOUND, "N3.4-1 [id]"
    ),
    ErrorRow("404 server_error", _says(404, "server_error"), means(), "N1.3-4 [id]; read: is no not_found"),
    ErrorRow("405 method_not_allowed", _says(405, "method_not_allowed"), _REFUSED, "N1.3-5 [id]"),
    ErrorRow("409 conflict", _says(409, "conflict"), _CONFLICT, "N1.3-6 [id], N1.3-10 [id]; API page, 409 [page]"),
    ErrorRow("413 request_entity_too_large", _says(413, "request_entity_too_large"), _REFUSED, "N3.4-2 [id]"),
    ErrorRow("415 unsupported_media_type", _says(415, "unsupported_media_type"), _REFUSED, "N3.4-2 [id]"),
    ErrorRow("422 unprocessable_content", _says(422, "unprocessable_content"), _REFUSED, "N3.4-2 [id], N5-2 [id]"),
    ErrorRow("429 server_error", _says(429, "server_error"), always(Throttled), "N6-12 [id]; read: a gateway's"),
    ErrorRow("500 server_error", _says(500, "server_error"), _FAILED, "N1.3-7 [id]"),
    ErrorRow("503 server_error", _says(503, "server_error"), _FAILED, "N1.3-8 [id]"),
    ErrorRow(
        "400 with megabytes of words",  # which is read where as much is expected of a success
        _says(400, "invalid_request", "x" * 1_500_000),
        means(connect=BackendUnavailable, list_projects=RequestRefused, list_groups=RequestRefused),
        "N3.4-1 [id]; read",
    ),
    ErrorRow("400 that stops", say(400, _document("invalid_request")[:-9]), means(), "N3.4-3 [id]; read"),
    ErrorRow(
        "404 without words",
        say(404, b'{"error": "not_found"}'),
        means(writes=BackendUnavailable),
        "N3.4-1 [id]; read: is no document",
    ),
    ErrorRow("409 of many", say(409, b'[{"error": "conflict"}]'), means(), "N3.4-1 [id]; read: no document"),
    ErrorRow("401 of many", say(401, b'[{"error": "access_denied"}]'), always(CredentialsRejected), "N1.3-2 [id]"),
    ErrorRow(
        "204", say(204), means(connect=BackendUnavailable, update_project=None, delete_project=None), "N0-4 [id]; read"
    ),
    ErrorRow("200, nothing", say(200), means(update_project=None, delete_project=None), "N0-4 [id]"),
    ErrorRow(
        "202, nothing",
        say(202),
        means(connect=BackendUnavailable, create_project=OutcomeUnknown, update_project=None, delete_project=None),
        "N0-4 [id]",
    ),
    ErrorRow(
        "200, something without an id",
        say(200, b'[{"metadata": {"name": "of somebody else"}}]'),
        means(connect=ConnectionRefused),
        "N1.2-2 [id]",
    ),
)

NSCALE_ROWS: Final = _OWN + in_front("N3.4-3 [id]")
