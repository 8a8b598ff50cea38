"""Structured logs through the standard library: text for people, one JSON object a line for machines.

What the levels mean:

* ``ERROR``: a defect of ours, or a state that needs a person and is not in the status of an object.
* ``WARNING``: something outside failed and is tried again; somebody may want to know.
* ``INFO``: what changed and why: one line for each write to a backend, for start, stop and reload.
* ``DEBUG``: each decision and each request, without bodies and headers.

Records carry the object they are about (`log_context`). No record can break a line or forge another, and what looks
like a bearer token is blotted out as the last line of defence; the first is that nobody logs one.
"""

import contextvars
import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

LogFormat = Literal["auto", "text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

REDACTED: Final = "[redacted]"

_SECRETS: Final = re.compile(
    r"(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{8,}"  # an Authorization header's value (RFC 6750, RFC 7617)
    r"|\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}"  # a JWT or JWE: base64url of '{"' (RFC 7519)
)
_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029"
    r"\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # what is not seen, and what turns the rest around
    r"\ud800-\udfff]"  # what no encoding can write
)

_context: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar("log_context", default={})  # noqa: B039 - never changed


def configure(log_format: LogFormat = "auto", level: LogLevel = "info", *, stream: TextIO | None = None) -> None:
    """Make the root logger write to ``stream`` (standard error) and nowhere else.

    ``auto``: text on a terminal, else JSON.
    """
    stream = stream if stream is not None else sys.stderr
    if log_format == "auto":
        log_format = "text" if stream.isatty() else "json"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if log_format == "text" else JsonFormatter())
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # Says a line for each request that a probe makes.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    # What Kopf says of requests and watches, with a traceback each, `handlers` says once and in a line.
    logging.getLogger("kopf").setLevel(logging.DEBUG if level == "debug" else logging.CRITICAL)


@contextmanager
def log_context(**fields: str) -> Iterator[None]:
    """Put ``fields`` (kind, namespace, name, uid …) on every record logged inside, by this task and those it starts."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def redact(text: str) -> str:
    """``text`` without what looks like a token."""
    return _SECRETS.sub(REDACTED, text)


class TextFormatter(logging.Formatter):
    """``2026-11-22 12:34:56.789 WARNING team-a/alpha: message [project_operator.runtime.worker]``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the lines of the traceback indented below it."""
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        context = _context.get()
        about = "/".join(part for part in (context.get("namespace", ""), context.get("name", "")) if part)
        line = f"{moment} {record.levelname:<7} {about + ': ' if about else ''}{record.getMessage()} [{record.name}]"
        return "\n    ".join(_escape(part) for part in (line, *_traceback(record)))


class JsonFormatter(logging.Formatter):
    """One object a line: ``time`` (RFC 3339, UTC), ``level``, ``logger``, ``message``, the context, ``traceback``."""

    def format(self, record: logging.LogRecord) -> str:
        """The object; JSON itself escapes what could break the line."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
            **_context.get(),
        }
        if lines := _traceback(record):
            fields["traceback"] = [redact(line) for line in lines]
        return json.dumps(fields)


def _traceback(record: logging.LogRecord) -> list[str]:
    if not record.exc_info:
        return []
    return logging.Formatter().formatException(record.exc_info).splitlines()


def _escape(line: str) -> str:
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", redact(line))
