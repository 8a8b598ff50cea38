"""Durations as Kubernetes writes them: Go's notation, ``90s``, ``2m30s``, ``500ms``.

The API keeps the text as the user wrote it; what works with it parses it here.
Source: Go's ``time.ParseDuration``, of whose units the fields of this API take ``h``, ``m``, ``s`` and ``ms``.
"""

import re
from datetime import timedelta
from functools import lru_cache
from typing import Final

DURATION_PATTERN: Final = r"^([0-9]{1,6}(\.[0-9]+)?(h|ms|m|s))+$"
"""What the API accepts; understood alike by RE2 (API server) and Python."""

DURATION_MAX_LENGTH: Final = 20
"""With at most six digits to a unit this stays below the 292 years that Go can count."""

_WHOLE = re.compile(DURATION_PATTERN)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|m|s)")
_UNITS: Final = {
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}


@lru_cache(maxsize=256)
def parse_duration(text: str) -> timedelta:
    """The length of time that ``text`` says.

    Raises:
        ValueError: ``text`` is no such duration; the message shows how to write one.
    """
    if len(text) > DURATION_MAX_LENGTH or not _WHOLE.fullmatch(text):
        raise ValueError(f"must be a duration such as '90s', '2m30s' or '500ms', not {text[:DURATION_MAX_LENGTH]!r}")
    return sum((float(number) * _UNITS[unit] for number, unit in _PART.findall(text)), timedelta())


def format_duration(length: timedelta) -> str:
    """``length`` in the shortest whole units, at least milliseconds: ``1m30s``, ``250ms``, ``0s``.

    Raises:
        ValueError: ``length`` is negative.
    """
    if length < timedelta():
        raise ValueError("must not be negative")
    rest = round(length / _UNITS["ms"])
    text = ""
    for unit, milliseconds in (("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        count, rest = divmod(rest, milliseconds)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
