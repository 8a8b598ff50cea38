"""What nobody should send and somebody will: texts, documents and answers, for tests that feed them to everything."""

import json
from typing import Any, Final

import httpx
from hypothesis import strategies as st

from project_operator.backends.calls import Answer

LONG: Final = 70_000
DEEP: Final = 3_000

TEXTS: Final[dict[str, str]] = {
    "empty": "",
    "blank": " \t ",
    "NUL": "a\x00b",
    "new line": "a\nlevel=error msg=forged",
    "carriage return and header": "a\r\nSet-Cookie: forged=1\r\n\r\n<html>",
    "escape sequence": "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "line separators": "a\u2028b\u2029c\x85d",
    "right-to-left override": "invoice\u202exslx.exe",
    "isolates": "a\u2066b\u2067c\u2069",
    "zero width": "ad\u200bmin\u200d\ufeff",
    "combining": "z\u0351\u036b\u0343\u036a" * 200,
    "not normalised": "e\u0301",
    "beyond the basic plane": "\U0001f4a5\U000e0041\U0010ffff",
    "not a character": "\ufffe\uffff",
    "lone surrogate": "a\ud800b",
    "surrogates the wrong way": "\udc00\ud800",
    "path traversal": "../../../v3/users",
    "encoded traversal": "..%2f..%2fusers",
    "a dot": ".",
    "two dots": "..",
    "a slash": "a/b",
    "query": "a?force=true&b=c",
    "fragment": "a#b",
    "another host": "//evil.example.com/",
    "format string": "%s%n{0}{self.__class__}${jndi:ldap://x}",
    "template": "{{ .Values.secret }}$(id)`id`",
    "quotes": "'\"\\;--<script>alert(1)</script>",
    "YAML 1.1 no": "no",
    "YAML 1.1 octal": "0o17",
    "YAML 1.1 sexagesimal": "1:30",
    "YAML 1.1 null": "~",
    "YAML anchor": "*a",
    "YAML tag": "!!python/object/apply:os.system [id]",
    "a number": "1e309",
    "a mark": "iproj1:0123456789abcdef:0123456789abcdef:01234567:00000000-0000-4000-8000-000000000001",
    "long": "x" * LONG,
    "long beyond the basic plane": "\U0001f4a5" * (LONG // 4),
    "a token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJl",
}
"""By what they are."""
WRITABLE: Final = [text for text in TEXTS.values() if text.encode("utf-8", "replace").decode() == text]
"""Those that are Unicode: an API server writes no others."""


def deep(shape: str, levels: int = DEEP) -> bytes:
    """JSON of so many levels: lists for `[`, objects for `{`."""
    return b"[" * levels + b"]" * levels if shape == "[" else b'{"a":' * levels + b"1" + b"}" * levels


VALUES: Final[st.SearchStrategy[Any]] = st.one_of(
    st.sampled_from(list(TEXTS.values())),
    st.sampled_from(
        [None, True, False, 0, -1, 2**63, 10**400, 1e308, float("nan"), float("-inf"), [], {}, [[]], [None]]
    ),
    st.text(max_size=20),
    st.dictionaries(st.sampled_from(["id", "name", "metadata", "code", "error", "next", ""]), st.none(), max_size=3),
    st.builds(lambda: json.loads(deep("[", 200))),
)
BODIES: Final = st.one_of(
    st.binary(max_size=64),
    st.sampled_from(
        [
            b"",
            b"null",
            b"{}",
            b"[]",
            b"[[]]",
            b'""',
            b"NaN",
            b"\xef\xbb\xbf{}",
            b"<html><body>It works!</body></html>",
            "{}".encode("utf-16"),
            b'{"a": "\\ud800"}',
            b'{"a": "\xff\xfe"}',
            b'{"a": 1, "a": 2}',
            b"1" * LONG,
            deep("["),
            deep("{"),
            b'["' + b"x" * LONG,
        ]
    ),
)
_HEADERS: Final = st.dictionaries(
    st.sampled_from(
        ["retry-after", "location", "content-type", "x-subject-token", "link", "date", "x-trace-id", "www-authenticate"]
    ),
    st.one_of(
        st.sampled_from(["-1", "1e9", "soon", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT", "../../x", "<x>; rel=next"]),
        st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=40),
    ),
    max_size=2,
)
STATUSES: Final = st.sampled_from(
    [100, 200, 201, 202, 204, 206, 300, 301, 304, 400, 401, 403, 404, 409, 410, 412, 413, 418, 429, 500, 502, 503, 599]
)


def encoded(document: Any) -> bytes:
    """As a careless server would write it: lone surrogates and NaN stay in."""
    return json.dumps(document).encode()


@st.composite
def spoilt(draw: st.DrawFn, answer: Answer) -> Answer:
    """``answer`` with something in it that should not be there."""
    status, headers, body = answer.status, dict(answer.headers), answer.body
    what = draw(st.sampled_from(["document", "document", "document", "body", "cut", "status", "headers", "everything"]))
    if what == "document":
        try:
            body = encoded(draw(spoilt_document(json.loads(body))))
        except ValueError:
            body = draw(BODIES)
    elif what == "cut":
        body = body[: draw(st.integers(0, max(0, len(body) - 1)))]
    if what in {"body", "everything"}:
        body = draw(BODIES)
    if what in {"status", "everything"}:
        status = draw(STATUSES)
    if what in {"headers", "everything"}:
        headers |= draw(_HEADERS)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Answer(status, httpx.Headers(raw), body, answer.trace_id)


@st.composite
def spoilt_document(draw: st.DrawFn, document: Any) -> Any:
    """``document`` with one place in it changed, at any depth."""
    if isinstance(document, dict) and document and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(document)))
        how = draw(st.sampled_from(["below", "below", "below", "away", "renamed", "beside"]))
        if how == "below":
            return {**document, key: draw(spoilt_document(document[key]))}
        rest = {name: value for name, value in document.items() if name != key}
        if how == "renamed":
            return rest | {draw(st.sampled_from(sorted(TEXTS.values()))): document[key]}
        return rest if how == "away" else document | {"unheard-of": draw(VALUES)}
    if isinstance(document, list) and document and draw(st.integers(0, 3)):
        at = draw(st.integers(0, len(document) - 1))
        how = draw(st.sampled_from(["below", "below", "away", "twice", "often"]))
        if how == "below":
            return [*document[:at], draw(spoilt_document(document[at])), *document[at + 1 :]]
        if how == "away":
            return [*document[:at], *document[at + 1 :]]
        return [*document, *([document[at]] * (1 if how == "twice" else 300))]
    return draw(VALUES)


@st.composite
def hostile_object(draw: st.DrawFn, document: Any) -> Any:
    """``document`` with as many places changed as may be, none in its type: what an API server with a schema of types
    lets through, and what it keeps from the days of a looser one.
    """
    match document:
        case dict():
            kept = {key: draw(hostile_object(value)) for key, value in document.items() if draw(st.integers(0, 5))}
            return kept | ({"unheardOf": draw(VALUES)} if not draw(st.integers(0, 5)) else {})
        case list():
            items = [draw(hostile_object(one)) for one in document]
            return items * draw(st.sampled_from([0, 1, 1, 1, 2]))
        case bool():
            return draw(st.booleans())
        case int():
            return draw(st.sampled_from([document, 0, -1, 2**62]))
        case str() if draw(st.integers(0, 3)):
            return document
        case _:
            return draw(st.sampled_from(WRITABLE))
