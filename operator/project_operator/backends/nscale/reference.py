"""The table of ``errors`` as a page for people: ``docs/reference/errors-nscale.md``."""

from collections.abc import Iterable
from typing import Final

from project_operator.backends.error_page import REASONS, in_words
from project_operator.backends.nscale.classification import FAULTY_FIELDS
from project_operator.backends.nscale.errors import (
    ALL,
    CONNECT,
    READS,
    RIGHTS,
    TABLE,
    USE,
    WRITES,
    Operation,
    Row,
    Source,
)
from project_operator.backends.trust import Lost

PAGE: Final = "docs/reference/errors-nscale.md"

_GROUPS: Final = {ALL: "all", USE: "all but connect", READS: "reads", WRITES: "writes", CONNECT: "connect"}

_BODIES: Final = {
    Source.NSCALE: "nscale's error document",
    Source.OTHER: "anything else",
    Source.EITHER: "any",
}

_HEAD: Final = """\
# What the answers of nscale Identity mean

Generated from `operator/project_operator/backends/nscale/errors.py`; `project-operator generate` writes it anew.

The rows are read from the top, and the first that fits holds. Of a write every class but `OutcomeUnknown` says that
nothing was done. References such as N1.3-2 are rows of [the facts about nscale](../backends/nscale.md). The classes
are explained in `operator/project_operator/errors.py`.

"""

_SILENCE: Final = """
## No answer

| what happened | connect | reads | writes |
| --- | --- | --- | --- |
"""

_ENDING: Final = """
A write counts as sent from the moment before its first byte is handed to the socket. A read is sent a second time,
once, where the connection was closed instead of answered. An answer with a status of success and a body that is not
nscale's is `ConnectionRefused` (`spec.nscale.url`) for connect, `BackendUnavailable` for reads and `OutcomeUnknown`
for writes.
"""


def error_reference() -> str:
    """The page, Markdown."""
    answers = ["| asked | status | body | class | what it says | why |", "| --- | --- | --- | --- | --- | --- |"]
    answers += [_line(row) for row in TABLE]
    return _HEAD + "## Answers\n\n" + "\n".join(answers) + "\n" + _SILENCE + "\n".join(_silence()) + "\n" + _ENDING


def _line(row: Row) -> str:
    body = _BODIES[row.source] + (f" `{row.code}`" if row.code else "")
    outcome = f"`{row.outcome.__name__}`" if row.outcome else "none: it is so"
    says = row.says.replace("{right}", _rights(row.operations)) + (" + nscale's words" if row.quotes else "")
    return f"| {_operations(row.operations)} | {in_words(row.statuses)} | {body} | {outcome} | {says} | {row.basis} |"


def _operations(operations: frozenset[Operation]) -> str:
    return _GROUPS.get(operations) or ", ".join(_in_order(operations))


def _in_order(operations: Iterable[Operation]) -> list[str]:
    return [operation.words for operation in Operation if operation in operations]


def _rights(operations: frozenset[Operation]) -> str:
    return ", ".join(dict.fromkeys(f"`{RIGHTS[operation]}`" for operation in Operation if operation in operations))


def _silence() -> list[str]:
    lines = []
    for why, field in FAULTY_FIELDS.items():
        later = "CredentialsRejected" if why is Lost.CERTIFICATE else "BackendUnavailable"
        lines.append(f"| {REASONS[why]} | `ConnectionRefused`, `{field}` | `{later}` | `{later}` |")
    lines.append("| anything else, not sent | `BackendUnavailable` | `BackendUnavailable` | `BackendUnavailable` |")
    lines.append("| sent, and no whole answer | `BackendUnavailable` | `BackendUnavailable` | `OutcomeUnknown` |")
    return lines
