"""A vendor's table of answers as a page for people: ``docs/reference/errors-*.md``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Final, Generic

from project_operator.backends.answer_table.rows import ANY_STATUS, Asked, Row
from project_operator.backends.answer_table.table import AnswerTable
from project_operator.backends.trust import Lost

_WIDTH: Final = 120

_REASONS: Final = {
    Lost.NAME: "the host name does not exist",
    Lost.ADDRESS: "the host is at an address where backends may not be",
    Lost.TLS: "the certificate is for another host or out of date, or what answers does not speak TLS",
    Lost.UNTRUSTED: "the certificate is signed by nobody who is trusted",
    Lost.CERTIFICATE: "the server does not accept our certificate, or asks for one",
}


@dataclass(frozen=True, slots=True)
class ErrorPage(Generic[Asked]):
    """What the page says beside the table."""

    table: AnswerTable[Asked]
    title: str
    """The vendor, as the heading names it."""
    source: str
    """The module that the table stands in, below ``operator/project_operator/backends/``."""
    facts: tuple[str, ...]
    """The pages about the vendor, in ``docs/backends/``."""
    example: str
    """How a row of theirs is cited."""
    groups: Mapping[frozenset[Asked], str]
    """Operations that have a name together."""
    rights_heading: str
    rights_column: str
    remarks: str = ""
    """What else has to be known to read the table: one paragraph, unwrapped."""
    signs_in: bool = True
    """Whether requests are made for tokens, which count as reads."""

    def text(self) -> str:
        """Markdown."""
        facts = " and ".join(f"[{page}](../backends/{page})" for page in self.facts)
        columns = ("asked", "status", "body", "class", "what it says", "why")
        paragraphs = (
            f"# What the answers of {self.title} mean",
            _wrapped(
                f"Generated from `operator/project_operator/backends/{self.source}`; `project-operator generate` writes"
                " it anew."
            ),
            _wrapped(
                "The rows are read from the top, and the first that fits holds. Of a write every class but"
                " `OutcomeUnknown` says that nothing was done. `…` stands for what the second table names. References"
                f" such as {self.example} are rows of {facts},"
                " where it says how each is known. The classes are explained in `operator/project_operator/errors.py`."
            ),
            *([_wrapped(self.remarks)] if self.remarks else []),
            "## Answers",
            _markdown_table(columns, [self._cells(row) for row in self.table.rows]),
            f"## {self.rights_heading}",
            _markdown_table(("asked", self.rights_column), list(self._rights())),
            "## No answer",
            _markdown_table(("what happened", "connect", self._reads, "writes"), list(self._silence())),
            _wrapped(
                "A write counts as sent from the moment before its first byte is handed to the socket. A read is sent"
                " a second time, once, where the connection was closed instead of answered. An answer with a status of"
                f" success and a body that is not {self.table.vendor}'s is `ConnectionRefused`"
                f" (`{self.table.url_field}`) for connect, `BackendUnavailable` for reads and `OutcomeUnknown` for"
                " writes."
            ),
        )
        return "\n\n".join(paragraphs) + "\n"

    @property
    def _reads(self) -> str:
        return "reads and signing in" if self.signs_in else "reads"

    def _cells(self, row: Row[Asked]) -> tuple[str, ...]:
        outcome = f"`{row.outcome.__name__}`" if row.outcome else "none"
        says = row.says.replace("{right}", "`…`") + (f" + {self.table.vendor}'s words" if row.quotes else "")
        return (self._asked(row.operations), _in_words(row.statuses), row.body.words, outcome, says, row.basis)

    def _asked(self, operations: frozenset[Asked]) -> str:
        return self.groups.get(operations) or ", ".join(each.words for each in self._operations if each in operations)

    @property
    def _operations(self) -> tuple[Asked, ...]:
        return tuple(type(self.table.connect))

    def _rights(self) -> Iterator[tuple[str, ...]]:
        rights = self.table.rights
        return ((operation.words, rights[operation]) for operation in self._operations if operation in rights)

    def _silence(self) -> Iterator[tuple[str, ...]]:
        for why, field in self.table.faulty_fields.items():
            later = "`CredentialsRejected`" if why is Lost.CERTIFICATE else "`BackendUnavailable`"
            yield _REASONS[why], f"`ConnectionRefused`, `{field}`", later, later
        unavailable = "`BackendUnavailable`"
        yield "anything else, not sent", unavailable, unavailable, unavailable
        yield "sent, and no whole answer", unavailable, unavailable, "`OutcomeUnknown`"


def _in_words(statuses: range) -> str:
    """One status, a class of them, some in a row, or any other."""
    if statuses == ANY_STATUS:
        return "any other"
    if len(statuses) == 1:
        return str(statuses.start)
    whole_class = len(statuses) == 100 and statuses.start % 100 == 0  # noqa: PLR2004 - as HTTP counts
    return f"{statuses.start // 100}xx" if whole_class else f"{statuses[0]} to {statuses[-1]}"


def _wrapped(paragraph: str) -> str:
    return fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _markdown_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
