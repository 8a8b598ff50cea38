"""The table of ``errors`` as a page for people: ``docs/reference/errors-csp.md``."""

from collections.abc import Sequence
from typing import Final

from project_operator.backends.csp.classification import FAULTY_FIELDS
from project_operator.backends.csp.errors import (
    ALL,
    ANY_STATUS,
    CONNECT,
    READS,
    RIGHTS,
    SIGN_IN,
    TABLE,
    URL_FIELD,
    USE,
    WRITES,
    Operation,
    Row,
    Source,
)
from project_operator.backends.trust import Lost

PAGE: Final = "docs/reference/errors-csp.md"

_GROUPS: Final = {
    ALL: "all",
    USE: "all but connect and sign in",
    READS: "reads",
    WRITES: "writes",
    READS | SIGN_IN: "reads and signing in",
    CONNECT | SIGN_IN: "connect and sign in",
}

_BODIES: Final = {
    Source.CSP: "the platform's error document",
    Source.OTHER: "anything else",
    Source.EITHER: "any",
}

_REASONS: Final = {
    Lost.NAME: "the host name does not exist",
    Lost.ADDRESS: "the host is at an address where backends may not be",
    Lost.TLS: "the certificate is for another host or out of date, or what answers does not speak TLS",
    Lost.UNTRUSTED: "the certificate is signed by nobody who is trusted",
}

_HEAD: Final = """\
# What the answers of VMware Cloud Services Platform mean

Generated from `operator/project_operator/backends/csp/errors.py`; `project-operator generate` writes it anew.

The rows are read from the top, and the first that fits holds. Of a write every class but `OutcomeUnknown` says that
nothing was done. References such as V3-4 are rows of [the facts about the platform](../backends/csp.md). The classes
are explained in `operator/project_operator/errors.py`. An error document counts as the platform's own where it holds
more than a `message`, which every gateway says too; in a sign-in OAuth's counts likewise. A 401 may mean that the
access token is dead: it is replaced and the request sent once more before the table is asked.

## Answers

| asked | status | body | class | what it says | why |
| --- | --- | --- | --- | --- | --- |
"""

_ENDING: Final = f"""
A write counts as sent from the moment before its first byte is handed to the socket. A read is sent a second time,
once, where the connection was closed instead of answered. An answer with a status of success and a body that is not
the platform's is `ConnectionRefused` (`{URL_FIELD}`) for connect, `BackendUnavailable` for reads and
`OutcomeUnknown` for writes.
"""


def error_reference() -> str:
    """The page, Markdown."""
    answers = "\n".join(_line(row) for row in TABLE)
    rights = _table(("asked", "role"), [(asked.words, RIGHTS[asked]) for asked in Operation if asked in RIGHTS])
    silence = _table(("what happened", "connect", "reads and signing in", "writes"), _silence())
    return f"{_HEAD}{answers}\n\n## Which role is needed\n\n{rights}\n\n## No answer\n\n{silence}\n{_ENDING}"


def _line(row: Row) -> str:
    outcome = f"`{row.outcome.__name__}`" if row.outcome else "none: it is so"
    says = row.says.replace("{right}", "below") + (" + the platform's words" if row.quotes else "")
    cells = (_operations(row.operations), _statuses(row.statuses), _BODIES[row.source], outcome, says, row.basis)
    return f"| {' | '.join(cells)} |"


def _operations(operations: frozenset[Operation]) -> str:
    return _GROUPS.get(operations) or ", ".join(operation.words for operation in Operation if operation in operations)


def _statuses(statuses: range) -> str:
    if statuses == ANY_STATUS:
        return "any other"
    return str(statuses.start) if len(statuses) == 1 else f"{statuses.start // 100}xx"


def _silence() -> list[tuple[str, ...]]:
    unavailable = "`BackendUnavailable`"
    rows: list[tuple[str, ...]] = [
        (_REASONS[why], f"`ConnectionRefused`, `{field}`", unavailable, unavailable)
        for why, field in FAULTY_FIELDS.items()
    ]
    rows.append(("anything else, not sent", unavailable, unavailable, unavailable))
    rows.append(("sent, and no whole answer", unavailable, unavailable, "`OutcomeUnknown`"))
    return rows


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
