"""What Fujitsu K5 answers when it refuses, and what each answer means.

The evidence marks are those of docs/backends/k5.md, and of docs/backends/keystone.md where its rows are named.
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

_TOKEN: Final = "X-Auth-Token: MIIIHgYJKoZIhvcNAQcCoIIIDzCCCAsCAQExCzAJBgUrDgMCGgUAMIIGdAYJKoZIhvcN"
_POLICY: Final = "You are not authorized to perform the requested action: identity:whatever."


def _document(status: int, message: str = "what K5 says") -> bytes:
    return json.dumps({"error": {"code": status, "message": message, "title": "Whatever"}}).encode()


def _says(status: int, message: str = "what K5 says") -> Script:
    return say(status, _document(status, message), _TOKEN)


def _naming(status: int, words: str) -> Script:
    """``words`` with the id in the path that was asked for."""

    async def script(exchange: Exchange) -> None:
        path = exchange.request.target.partition("?")[0].split("/")
        asked = path[3] if len(path) > 3 else "nothing"
        await exchange.answer(status, _document(status, words.format(asked)), _TOKEN)

    return script


_FAILED: Final[Meaning] = means(connect=BackendUnavailable)
_LONG: Final[Meaning] = means(connect=BackendUnavailable, reads=RequestRefused, writes=RequestRefused)
_REFUSED: Final[Meaning] = means(reads=RequestRefused, writes=RequestRefused)
_NOT_IT: Final[Meaning] = means(writes=BackendUnavailable)
_MISSING: Final[Meaning] = means(connect=BackendUnavailable, reads=RequestRefused, writes=RequestRefused)
_DENIED: Final[Meaning] = means(reads=PermissionDenied, writes=PermissionDenied)
_STATE: Final[Meaning] = means(reads=PermissionDenied, writes=RequestRefused)
_GONE: Final[Meaning] = means(writes=BackendUnavailable, get_project=ProjectNotFound, update_project=ProjectNotFound)
_TAKEN: Final[Meaning] = means(
    reads=RequestRefused, writes=RequestRefused, create_project=NameTaken, update_project=NameTaken
)

_OWN: Final = (
    ErrorRow("400 document", _says(400), _REFUSED, "F5-1 [I]; API page, 400 [D]"),
    ErrorRow(
        "400 document, called text",
        say(400, _document(400), kind="text/plain"),
        _REFUSED,
        "F5-1 [I]; API page, 400 [D]",
    ),
    ErrorRow("400 with megabytes of words", _says(400, "x" * 1_500_000), _LONG, "F5-1 [I]"),
    ErrorRow("401 document", _says(401), always(CredentialsRejected), "F5-1 [I]; API page, 401 [D]"),
    ErrorRow("403 by the policy", _says(403, _POLICY), _DENIED, "F4-1 [D]; API page, 403 [D]"),
    ErrorRow("403 of something else", _says(403, "it is disabled"), _STATE, "K4-3 [M]; API page, 403 [D]"),
    ErrorRow(
        "404 of the project", _naming(404, "Could not find project: {}."), _GONE, "F2-10 [D I]; API page, 404 [D]"
    ),
    ErrorRow(
        "404 of another project", _says(404, "Could not find project: 11112222333344445555."), _NOT_IT, "K3-20 [M]"
    ),
    ErrorRow("404 of the user", _says(404, "Could not find user: 0c5f."), _NOT_IT, "K3-20 [M]"),
    ErrorRow("404 that says nothing", _says(404, ""), _NOT_IT, "K3-20 [M]"),
    ErrorRow("409 document", _says(409, "Duplicate entry"), _TAKEN, "F2-2 [D]; API page, 409 [D]"),
    ErrorRow("429 document", _says(429), always(Throttled), "F9-1 [?]"),
    ErrorRow("500 document", _says(500), _FAILED, "F5-2 [D]; API page, 500 [D]"),
    ErrorRow("501 document", _says(501), _MISSING, "F5-3 [D]; API page, 501 [D]", remembered=True),
    ErrorRow("501 page", say(501, PAGE, kind="text/html"), _FAILED, "RFC 9110, 15.6.2 [?]"),
    ErrorRow("501, nothing", say(501), _FAILED, "RFC 9110, 15.6.2 [?]"),
    ErrorRow("503 document", _says(503), _FAILED, "F5-2 [D]; API page, 503 [D]"),
    ErrorRow("410 document", _says(410), means(), "F5-1 [I]"),
    ErrorRow("200, nothing", say(200, b"", _TOKEN), means(), "F2-8 [D]"),
    ErrorRow("201, nothing", say(201, b"", _TOKEN), _FAILED, "F2-1 [D]"),
    ErrorRow("204", say(204, b"", _TOKEN), _FAILED, "F7-1 [R I]"),
    ErrorRow("200, a project of nobody", say(200, b'{"project": {"name": "a", "enabled": true}}'), means(), "F2-9 [D]"),
    ErrorRow("201, a project of nobody", say(201, b'{"project": {"name": "a", "enabled": true}}'), _FAILED, "F2-9 [D]"),
    ErrorRow(
        "200, a list that was cut",
        say(200, b'{"projects": [], "groups": [], "roles": [], "truncated": true, "links": {"next": null}}'),
        means(),
        "F6-1 [D R]; K5-9 [S]",
    ),
    ErrorRow(
        "200, a list with a page behind it",
        say(200, b'{"projects": [], "groups": [], "roles": [], "links": {"next": "http://elsewhere/?marker=a"}}'),
        means(),
        "F6-1 [D R]",
    ),
)

K5_ROWS: Final = _OWN + in_front("F5-6 [?]")
