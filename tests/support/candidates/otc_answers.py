"""What Open Telekom Cloud answers when it refuses, and what each answer means.

The evidence marks are those of docs/backends/otc.md, and of docs/backends/keystone.md where its rows are named. "read"
says that a row was concluded from reading and seen nowhere.
"""

import json
from typing import Final

from scripted_server import Exchange, Script, say

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

_POLICY: Final = "Policy doesn't allow iam:projects:whatever to be performed."


def _keystone(status: int, message: str = "what IAM says") -> bytes:
    return json.dumps({"error": {"code": status, "message": message, "title": "Whatever"}}).encode()


def _iam(code: str, message: str = "what IAM says", **more: str) -> bytes:
    return json.dumps({"error_msg": message, "error_code": code, **more}).encode()


def _naming(form: bytes) -> Script:
    """``form`` with the id in the path that was asked for."""

    async def script(exchange: Exchange) -> None:
        path = exchange.request.target.partition("?")[0].split("/")
        asked = path[3] if len(path) > 3 else "nothing"
        await exchange.answer(404, form.replace(b"{}", asked.encode()))

    return script


_REFUSED: Final[Meaning] = means(reads=RequestRefused, writes=RequestRefused)
_LONG: Final[Meaning] = means(connect=BackendUnavailable, reads=RequestRefused, writes=RequestRefused)
_FAILED: Final[Meaning] = means(connect=BackendUnavailable)
_NOT_IT: Final[Meaning] = means(writes=BackendUnavailable)
_DENIED: Final[Meaning] = means(reads=PermissionDenied, writes=PermissionDenied)
_GONE: Final[Meaning] = means(
    writes=BackendUnavailable, get_project=ProjectNotFound, update_project=ProjectNotFound, delete_project=None
)
_TAKEN: Final[Meaning] = means(
    reads=RequestRefused, writes=RequestRefused, create_project=NameTaken, update_project=NameTaken
)

_OWN: Final = (
    ErrorRow("400 document", say(400, _keystone(400)), _REFUSED, "T2-1 [I]; API page, 400 [D]"),
    ErrorRow("400 IAM.0011", say(400, _iam("IAM.0011")), _REFUSED, "T2-2 [D S], T2-7 [D]; API page, 400 [D]"),
    ErrorRow("400 IAM.0072", say(400, _iam("IAM.0072")), _REFUSED, "T2-7 [D]"),
    ErrorRow("400 that says null", say(400, _keystone(400, "null")), _REFUSED, "T1-12 [I]"),
    ErrorRow("400 IAM.1101", say(400, _iam("IAM.1101")), _REFUSED, "T2-12 [D]"),
    ErrorRow(
        "400 document, called text",
        say(400, _keystone(400), kind="text/plain"),
        _REFUSED,
        "T2-1 [I]; read: called what it may be",
    ),
    ErrorRow("400 with megabytes of words", say(400, _keystone(400, "x" * 1_500_000)), _LONG, "T2-1 [I]; read"),
    ErrorRow("400 of another code", say(400, _iam("17")), means(), "T2-2 [D S]; read: no code of this vendor's"),
    ErrorRow("401 document", say(401, _keystone(401)), always(CredentialsRejected), "T2-1 [I]; API page, 401 [D]"),
    ErrorRow("401 IAM.0001", say(401, _iam("IAM.0001")), always(CredentialsRejected), "T2-3 [D]"),
    ErrorRow("410 IAM.0020", say(410, _iam("IAM.0020")), always(CredentialsRejected), "T2-10 [D]"),
    ErrorRow("410 document", say(410, _keystone(410)), always(CredentialsRejected), "T2-10 [D]; read"),
    ErrorRow("403 by the policy", say(403, _keystone(403, _POLICY)), _DENIED, "T2-4 [D I]; API page, 403 [D]"),
    ErrorRow("403 IAM.0003", say(403, _iam("IAM.0003", _POLICY)), _DENIED, "T2-4 [D I]; API page, 403 [D]"),
    ErrorRow("403 of something else", say(403, _keystone(403, "it is busy")), _DENIED, "T2-4 [D I]; read"),
    ErrorRow("404 of the project", _naming(_keystone(404, "Could not find project: {}.")), _GONE, "T2-5 [D]"),
    ErrorRow("404 IAM.0004", _naming(_iam("IAM.0004", "Could not find project: {}.")), _GONE, "T2-2 [D S], T2-5 [D]"),
    ErrorRow(
        "404 of another project",
        say(404, _iam("IAM.0004", "Could not find project: 11112222333344445555.")),
        _NOT_IT,
        "T2-5 [D]; K3-20 [M]",
    ),
    ErrorRow("404 of a longer id", _naming(_iam("IAM.0004", "Could not find project: {}0.")), _NOT_IT, "K3-20 [M]"),
    ErrorRow("404 of the user", say(404, _keystone(404, "Could not find user: 0c5f.")), _NOT_IT, "K3-20 [M]"),
    ErrorRow("404 that says nothing", say(404, _iam("IAM.0004", "")), _NOT_IT, "T2-5 [D]; read"),
    ErrorRow("404 of the gateway", say(404, _iam("APIGW.0101", "The API does not exist")), _NOT_IT, "T2-13 [?]"),
    ErrorRow("409 document", say(409, _keystone(409, "Duplicate Entry.")), _TAKEN, "T1-11 [D]; API page, 409 [D]"),
    ErrorRow("409 IAM.0005", say(409, _iam("IAM.0005")), _TAKEN, "T2-6 [D]"),
    ErrorRow(
        "429 IAM.0012",
        say(429, _iam("IAM.0012", "threshold 10 times per 60 seconds")),
        always(Throttled),
        "T2-8 [D]",
    ),
    ErrorRow("429 APIGW.0308", say(429, _iam("APIGW.0308", request_id="a")), always(Throttled), "T2-9 [S]"),
    ErrorRow("429 document", say(429, _keystone(429)), always(Throttled), "T5-3 [I S]"),
    ErrorRow("500 document", say(500, _keystone(500)), _FAILED, "API page, 500 [D]"),
    ErrorRow("500 IAM.0006", say(500, _iam("IAM.0006")), _FAILED, "T2-11 [D]"),
    ErrorRow("503 document", say(503, _keystone(503)), _FAILED, "API page, 503 [D]"),
    ErrorRow("200, nothing", say(200), means(delete_project=None), "T1-5 [D], T1-7 [D I]"),
    ErrorRow("201, nothing", say(201), _FAILED, "T1-1 [D]"),
    ErrorRow("204", say(204), means(connect=BackendUnavailable, delete_project=None), "T1-7 [D I]"),
    ErrorRow("200, a project of nobody", say(200, b'{"project": {"name": "a", "enabled": true}}'), means(), "T1-3 [D]"),
    ErrorRow("201, a project of nobody", say(201, b'{"project": {"name": "a", "enabled": true}}'), _FAILED, "T1-1 [D]"),
    ErrorRow(
        "200, a list that was cut",
        say(200, b'{"projects": [], "groups": [], "roles": [], "truncated": true, "links": {"next": null}}'),
        means(),
        "K5-9 [S]",
    ),
    ErrorRow(
        "200, a list with half a project",
        say(200, b'{"projects": [{"id": "a", "name": "eu-de_a"}], "groups": [{}], "roles": [{}]}'),
        means(),
        "T1-4 [D]",
    ),
)


OTC_ROWS: Final = _OWN + in_front("T2-13 [?]")
