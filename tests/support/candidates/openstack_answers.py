"""What OpenStack Keystone answers when it refuses, and what each answer means.

The evidence marks are those of docs/backends/keystone.md: [M] measured, [S] read in the source, [D] documented, [?] not
verified.
"""

import json
from typing import Final

from scripted_server import Exchange, Script, say
from troubles import PAGE

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

_REQUEST_ID: Final = "x-openstack-request-id: req-4f8a1c9e-7a30-4c52-9f0a-2f6c1a7f3d11"
_POLICY: Final = "You are not authorized to perform the requested action: identity:whatever."


def _document(status: int, message: str = "what Keystone says", **more: object) -> bytes:
    return json.dumps({"error": {"code": status, "message": message, "title": "Whatever"}} | more).encode()


def _says(status: int, message: str = "what Keystone says") -> Script:
    return say(status, _document(status, message), _REQUEST_ID)


def _naming(status: int, words: str) -> Script:
    """``words`` with the id in the path that was asked for."""

    async def script(exchange: Exchange) -> None:
        path = exchange.request.target.partition("?")[0].split("/")
        asked = path[3] if len(path) > 3 else "nothing"
        await exchange.answer(status, _document(status, words.format(asked)), _REQUEST_ID)

    return script


_REFUSED: Final[Meaning] = means(reads=BackendUnavailable, writes=RequestRefused)
_ALL_REFUSED: Final[Meaning] = means(reads=RequestRefused, writes=RequestRefused)
_FAILED: Final[Meaning] = means(connect=BackendUnavailable)
_NOT_IT: Final[Meaning] = means(writes=BackendUnavailable)
_LONG: Final[Meaning] = means(connect=BackendUnavailable, reads=RequestRefused, writes=RequestRefused)
_DENIED: Final[Meaning] = means(reads=PermissionDenied, writes=PermissionDenied)
_STATE: Final[Meaning] = means(reads=PermissionDenied, writes=RequestRefused)
_GONE: Final[Meaning] = means(
    writes=BackendUnavailable,
    get_project=ProjectNotFound,
    update_project=ProjectNotFound,
    delete_project=None,
)
_TAKEN: Final[Meaning] = means(
    reads=RequestRefused, writes=RequestRefused, create_project=NameTaken, update_project=NameTaken
)

_OWN: Final = (
    ErrorRow("400 document", _says(400), _ALL_REFUSED, "K6-3 [M]; API page, 400 [D]"),
    ErrorRow("401 document", _says(401), always(CredentialsRejected), "K3-6 [M]; API page, 401 [D]"),
    ErrorRow(
        "401 document, called text",
        say(401, _document(401), kind="text/plain"),
        always(CredentialsRejected),
        "K3-6 [M]",
    ),
    ErrorRow("403 by the policy", _says(403, _POLICY), _DENIED, "K4-1 [M], K4-2 [M S], K4-3 [M]; API page, 403 [D]"),
    ErrorRow(
        "403 that cannot delete", _says(403, "Cannot delete project X: it is not a leaf"), _STATE, "K8-2 [M], K4-3 [M]"
    ),
    ErrorRow("403 of an immutable project", _says(403, "X is immutable"), _STATE, "K6-10 [M], K4-3 [M]"),
    ErrorRow("404 of the project", _naming(404, "Could not find project: {}."), _GONE, "K3-20 [M], K8-1 [M]"),
    ErrorRow(
        "404 of the project, called text",
        _naming(404, "Could not find project: {}."),
        _GONE,
        "K3-20 [M]",
    ),
    ErrorRow(
        "404 of another project",
        _says(404, "Could not find project: 11112222333344445555666677778888."),
        _NOT_IT,
        "K3-20 [M]",
    ),
    ErrorRow("404 of the scope's project", _says(404, "Could not find project: admin."), _NOT_IT, "K3-20 [M]"),
    ErrorRow("404 of a longer id", _naming(404, "Could not find project: {}0."), _NOT_IT, "K3-20 [M]"),
    ErrorRow("404 of the user", _says(404, "Could not find user: 0c5f."), _NOT_IT, "K3-20 [M]"),
    ErrorRow(
        "404 of the application credential",
        _says(404, "Could not find Application Credential: 0c5f."),
        _NOT_IT,
        "K3-20 [M]",
    ),
    ErrorRow("404 that says nothing", _says(404, ""), _NOT_IT, "K3-20 [M]"),
    ErrorRow("404 that stops", say(404, _document(404, "Could not find project")[:-9]), _NOT_IT, "K2-5 [?]"),
    ErrorRow("404 of an unknown route", say(404, PAGE, _REQUEST_ID, kind="text/html"), _NOT_IT, "K2-3 [M]"),
    ErrorRow("405 message", say(405, b'{"message": "The method is not allowed."}'), _NOT_IT, "K2-2 [M]"),
    ErrorRow(
        "409 document",
        _says(409, "Conflict occurred attempting to store project"),
        _TAKEN,
        "K6-1 [M]; API page, 409 [D]",
    ),
    ErrorRow("413 page", say(413, PAGE, kind="text/html"), means(writes=RequestRefused), "K2-4 [M], K2-6 [M]"),
    ErrorRow("429 document", _says(429), always(Throttled), "K9-1 [S]"),
    ErrorRow("500 document", _says(500), _FAILED, "K2-1 [M]"),
    ErrorRow("500 page", say(500, PAGE, kind="text/html"), _FAILED, "K2-3 [M], K2-6 [M], K6-5 [M S]"),
    ErrorRow("503 document", _says(503), _FAILED, "K9-1 [S]"),
    ErrorRow("410 document", _says(410), means(), "K2-1 [M]; read"),
    ErrorRow("400 with megabytes of words", _says(400, "x" * 1_500_000), _LONG, "K2-1 [M]; read"),
    ErrorRow("400 of many", say(400, b'[{"error": {"code": 400, "message": "m"}}]'), means(), "K2-1 [M]; read"),
    ErrorRow(
        "400 with a code in words", say(400, b'{"error": {"code": "bad", "message": "m"}}'), means(), "K2-1 [M]; read"
    ),
    ErrorRow("300, versions", say(300, b'{"versions": {"values": []}}'), means(), "K2-5 [?]"),
    ErrorRow("200, nothing", say(200), means(), "K1-4 [M], K1-5 [M]"),
    ErrorRow("201, nothing", say(201), _FAILED, "K1-2 [M D]"),
    ErrorRow("202, nothing", say(202), _FAILED, "K1-2 [M D]"),
    ErrorRow("204", say(204), means(connect=BackendUnavailable, delete_project=None), "K1-5 [M]"),
    ErrorRow("200, a project of nobody", say(200, b'{"project": {"name": "a", "enabled": true}}'), means(), "K1-3 [M]"),
    ErrorRow(
        "201, a project of nobody", say(201, b'{"project": {"name": "a", "enabled": true}}'), _FAILED, "K1-2 [M D]"
    ),
    ErrorRow(
        "200, a list that was cut",
        say(200, b'{"projects": [], "groups": [], "roles": [], "truncated": true, "links": {"next": null}}'),
        means(),
        "K5-9 [S]",
    ),
    ErrorRow(
        "200, a list without an end",
        say(200, b'{"projects": [], "groups": [], "roles": [], "links": {"next": "http://elsewhere/?marker=a"}}'),
        means(),
        "K5-2 [M]",
    ),
)

OPENSTACK_ROWS: Final = _OWN + in_front("K2-5 [?]")
