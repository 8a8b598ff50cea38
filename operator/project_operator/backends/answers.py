"""What every backend does with an answer: text for people, times to wait, and the class of a call without answer."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from project_operator.backends.calls import NoAnswer
from project_operator.errors import BackendError, BackendUnavailable, OutcomeUnknown
from project_operator.printable import printable

MESSAGE_LIMIT: Final = 256
"""Characters of `BackendError` messages."""

_ELLIPSIS: Final = "…"
_REDACTED: Final = "[redacted]"
_TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9_.=-]*|gAAAAA[A-Za-z0-9_=-]{8,}|MII[A-Za-z0-9+/=_-]{13,}")
_SECONDS: Final = re.compile(r"[0-9]{1,9}")


def quotable(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` of a vendor, fit for status and logs: one line of printable characters without a credential in it.

    ``secrets`` are replaced where they occur, and so is what begins as a JSON Web Token (RFC 7519), a Fernet token
    (version 128, Keystone's) or a signed message (RFC 5652, older tokens of Keystone's) does: somebody else's is not
    ours to show either.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, _REDACTED)
    return printable(_TOKEN.sub(_REDACTED, text))


def clipped(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """``text``, or its beginning with an ellipsis, in ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a ``Retry-After`` in either form (RFC 9110, 10.2.3); None where there is none to be read.

    Never negative. ``now`` is aware; a date is counted from it.
    """
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def unanswered(operation: str, no_answer: NoAnswer, *, writes: bool) -> BackendError:
    """The error of a call without answer: unknown if a byte of a write may have left, else nothing was done."""
    error = OutcomeUnknown if writes and no_answer.sent else BackendUnavailable
    message = clipped(f"{operation.replace('_', ' ')}: {no_answer.words}")
    return error(message, operation=operation, trace_id=no_answer.trace_id)
