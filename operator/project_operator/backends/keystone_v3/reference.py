"""The table of ``errors`` as a page for people, for each vendor that speaks the protocol."""

from collections.abc import Sequence
from typing import Final

from project_operator.backends.error_page import REASONS, in_words
from project_operator.backends.keystone_v3.classification import FAULTY_FIELDS
from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.errors import (
    ALL,
    READS,
    RIGHTS,
    TABLE,
    USE,
    WRITES,
    Operation,
    Row,
    Source,
)

_GROUPS: Final = {ALL: "all", USE: "all but connect and sign in", READS: "reads", WRITES: "writes"}

_BODIES: Final = {
    Source.POLICY: "Keystone's error document, about the policy",
    Source.KEYSTONE: "Keystone's error document",
    Source.NAMING: "Keystone's error document, naming what was asked for",
    Source.OTHER: "anything else",
    Source.EITHER: "any",
}

_HEAD: Final = """\
# What the answers of {title} mean

Generated from `operator/project_operator/backends/keystone_v3/errors.py`; `project-operator generate` writes it anew.

The rows are read from the top, and the first that fits holds. Of a write every class but `OutcomeUnknown` says that
nothing was done. References such as K3-20 are rows of [the facts about Keystone](../backends/keystone.md). The classes
are explained in `operator/project_operator/errors.py`.

A 401, and a 404 that speaks of something else than what was asked for, may mean that the token is dead: it is
replaced and the request sent once more before the table is asked. A 403 of a project is followed by a complete list of
the domain: where that does not show the project, it is gone.

## Answers

| asked | status | body | class | what it says | why |
| --- | --- | --- | --- | --- | --- |
"""

_ENDING: Final = """
A write counts as sent from the moment before its first byte is handed to the socket. A read is sent a second time,
once, where the connection was closed instead of answered. An answer with a status of success and a body that is not
Keystone's is `ConnectionRefused` (`{url_field}`) for connect, `BackendUnavailable` for reads and `OutcomeUnknown`
for writes.
"""


def error_reference(dialect: Dialect, title: str) -> str:
    """The page of the vendor called ``title``, Markdown."""
    answers = "\n".join(_line(row) for row in TABLE)
    silence = "\n".join(_silence(dialect))
    return _HEAD.format(title=title) + f"{answers}\n\n{silence}\n" + _ENDING.format(url_field=dialect.url_field)


def _line(row: Row) -> str:
    outcome = f"`{row.outcome.__name__}`" if row.outcome else "none"
    says = row.says.replace("{right}", "`identity:…`") + (" + Keystone's words" if row.quotes else "")
    cells = (
        _operations(row.operations),
        in_words(row.statuses),
        _BODIES[row.source],
        outcome,
        says,
        row.basis,
    )
    return f"| {' | '.join(cells)} |"


def _operations(operations: frozenset[Operation]) -> str:
    return _GROUPS.get(operations) or ", ".join(operation.words for operation in Operation if operation in operations)


def _silence(dialect: Dialect) -> list[str]:
    unavailable = "`BackendUnavailable`"
    rows = [
        (REASONS[why], f"`ConnectionRefused`, `{dialect.spec_path}.{field}`", unavailable, unavailable)
        for why, field in FAULTY_FIELDS.items()
    ]
    rows.append(("anything else, not sent", unavailable, unavailable, unavailable))
    rows.append(("sent, and no whole answer", unavailable, unavailable, "`OutcomeUnknown`"))
    rights = [(operation.words, f"`{right}`") for operation, right in RIGHTS.items()]
    return [
        "## What the policy is asked",
        "",
        *_table(("asked", "rule"), rights),
        "",
        "## No answer",
        "",
        *_table(("what happened", "connect", "reads and signing in", "writes"), rows),
    ]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
