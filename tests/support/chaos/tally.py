"""What was tried and what came of it: points counted, by what was broken and where."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Final, Self

from chaos.evidence import Evidence
from chaos.oracles import Violation

DUPLICATES: Final = frozenset({"I1"})
LEAKS: Final = frozenset({"I2", "I6"})
ENOUGH: Final = 0.5
"""Of the points of each fault so many come about, however busy the machine is."""
RUN: Final = "(the run as a whole)"
"""Whom a violation is about that is no tried Project's."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A point: what broke, where, in which operation, at which write or answer; and the Project that it broke for."""

    run: str
    """Which run it was part of."""
    matrix: str
    what: str
    where: str
    operation: str
    place: str
    """The backend."""
    nth: int
    subject: str


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of many points."""

    tried: int = 0
    survived: int = 0
    duplicates: int = 0
    leaks: int = 0
    stuck: int = 0
    needs_a_person: int = 0
    broken: int = 0
    """Promises broken otherwise."""

    COLUMNS: ClassVar = ("tried", "survived", "duplicates", "leaks", "stuck", "needs a person", "broken otherwise")

    def __add__(self, other: "Row") -> "Row":
        return Row(**{name: figure + getattr(other, name) for name, figure in asdict(self).items()})

    @classmethod
    def of(cls, violations: Sequence[Violation], *, stuck: bool, words: int) -> Self:
        """One point."""
        promises = {violation.promise for violation in violations}
        return cls(
            tried=1,
            survived=not promises and not stuck,
            duplicates=bool(promises & DUPLICATES),
            leaks=bool(promises & LEAKS),
            stuck=stuck,
            needs_a_person=bool(words),
            broken=bool(promises - DUPLICATES - LEAKS - ({"I8"} if stuck else set())),
        )

    @property
    def clean(self) -> bool:
        """Whether every point survived."""
        return self.survived == self.tried and not self.broken

    def cells(self) -> tuple[int, ...]:
        """In the order of `COLUMNS`."""
        return tuple(asdict(self).values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run."""

    rows: Mapping[Tried, Row]
    violations: tuple[Violation, ...]

    @property
    def total(self) -> Row:
        """Of all points."""
        return sum(self.rows.values(), Row())

    @property
    def words(self) -> str:
        """The figures."""
        return totals(self.rows)

    @property
    def clean(self) -> bool:
        """Whether nothing was broken at all."""
        return self.total.clean and not self.violations


def tally(tried: Iterable[Tried], evidence: Evidence, violations: Sequence[Violation]) -> Outcome:
    """The figures of a run; what is broken for no tried Project shows in the violations alone."""
    by_subject: dict[str, list[Violation]] = {}
    for violation in violations:
        by_subject.setdefault(violation.subject, []).append(violation)
    rows = {
        one: Row.of(
            by_subject.get(one.subject, ()),
            stuck=one.subject in evidence.unsettled,
            words=evidence.wishes[one.subject].given_words,
        )
        for one in tried
    }
    return Outcome(rows, tuple(violations))


def too_few(rows: Iterable[Tried], intended: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], str]:
    """By what was to break, and where: of which faults less than `ENOUGH` of the intended points came about."""
    counts = Counter((one.what, one.where) for one in rows)
    return {
        fault: f"{counts[fault]} of {points}" for fault, points in intended.items() if counts[fault] < ENOUGH * points
    }


def table(rows: Mapping[Tried, Row]) -> str:
    """A Markdown table by what broke and where, all operations and backends in one line each."""
    lines: dict[tuple[str, str, str], Row] = {}
    for one, row in rows.items():
        key = (one.matrix, one.what, one.where)
        lines[key] = lines.get(key, Row()) + row
    head = ("matrix", "what", "where", *Row.COLUMNS)
    return "\n".join(
        [
            f"| {' | '.join(head)} |",
            f"| {' | '.join('---' for _ in head)} |",
            *(f"| {' | '.join(map(str, (*key, *row.cells())))} |" for key, row in lines.items()),
        ]
    )


def totals(rows: Mapping[Tried, Row]) -> str:
    """The last line."""
    total = sum(rows.values(), Row())
    return ", ".join(f"{figure} {name}" for name, figure in zip(Row.COLUMNS, total.cells(), strict=True))


def by_operation(rows: Mapping[Tried, Row]) -> str:
    """A Markdown table of points, backend by operation."""
    counts = Counter((one.place, one.operation) for one in rows)
    places = sorted({place for place, _ in counts})
    operations = sorted({operation for _, operation in counts})
    return "\n".join(
        [
            f"| backend | {' | '.join(operations)} |",
            f"| --- | {' | '.join('---' for _ in operations)} |",
            *(f"| {place} | {' | '.join(str(counts[place, one]) for one in operations)} |" for place in places),
        ]
    )


def raw(rows: Mapping[Tried, Row]) -> list[dict[str, Any]]:
    """Every point for a file."""
    return [asdict(one) | asdict(row) for one, row in rows.items()]


def read(points: Iterable[Mapping[str, Any]]) -> dict[Tried, Row]:
    """The rows that `raw` was told."""

    def part(point: Mapping[str, Any], kind: type[Any]) -> Any:
        return kind(**{field.name: point[field.name] for field in fields(kind)})

    return {part(point, Tried): part(point, Row) for point in points}
