"""Which request meets which fault: the first that matches, the second, or so many in a row."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from chaos.faults import Fault
from chaos.journal import Entry

Match = Callable[[Entry], bool]


@dataclass(slots=True)
class Rule:
    """A fault for the ``nth`` request that matches, counted from when the rule is in force, and ``count`` in all."""

    name: str
    match: Match
    fault: Fault
    nth: int = 1
    count: int = 1
    matched: int = 0
    struck: list[Entry] = field(default_factory=list)

    @property
    def hit(self) -> int:
        """How many requests it has struck."""
        return len(self.struck)

    def came_about(self, after: int = 0) -> bool:
        """Whether something has befallen a request that came after number ``after``: being struck is not all of it."""
        return any(entry.spoilt and entry.number > after for entry in self.struck)

    def strikes(self, entry: Entry) -> bool:
        """Whether it is the turn of this request; counts it among those that match."""
        if not self.match(entry):
            return False
        self.matched += 1
        return self.matched >= self.nth and self.hit < self.count


class RuleBook:
    """The rules of one proxy. Of several that match the first that strikes counts."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, *rules: Rule) -> None:
        """Put rules in force, after those that are."""
        self._rules = [*self._rules, *rules]

    def clear(self) -> None:
        """Let everything pass."""
        self._rules = []

    def strike(self, entry: Entry) -> Rule | None:
        """The rule that strikes a request, which is spoilt from now on; each that matches counts it."""
        striking = [rule for rule in self._rules if rule.strikes(entry)]
        if not striking:
            return None
        entry.fault, entry.spoilt = striking[0].name, True
        striking[0].struck.append(entry)
        return striking[0]


def asks(method: str = "*", path: str = "*", *, subject: str | None = None, watch: bool | None = None) -> Match:
    """Requests of a method, to a path (both patterns with ``*`` and ``?``), about a subject, watches or none."""

    def match(entry: Entry) -> bool:
        return (
            fnmatchcase(entry.request.method, method)
            and fnmatchcase(entry.request.path, path)
            and subject in (None, entry.subject)
            and watch in (None, entry.request.watches)
        )

    return match


def both(match: Match, other: Match) -> Match:
    """What both match."""
    return lambda entry: match(entry) and other(entry)


def but(match: Match, spared: Match) -> Match:
    """What the first matches and the second does not."""
    return lambda entry: match(entry) and not spared(entry)


def writes_about(subject: str) -> Match:
    """Whatever asks for a change of ``subject``."""
    return lambda entry: entry.writes and entry.subject == subject


def about(subject: str) -> Match:
    """Whatever is about ``subject`` alone."""
    return lambda entry: entry.subject == subject
