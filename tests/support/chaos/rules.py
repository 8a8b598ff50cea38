"""Which request meets which fault: the first that matches, the second, or so many in a row."""

from collections.abc import Callable
from dataclasses import dataclass
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
    hit: int = 0

    def strikes(self, entry: Entry) -> bool:
        """Whether this request is hit; counts it."""
        if not self.match(entry):
            return False
        self.matched += 1
        if self.matched < self.nth or self.hit >= self.count:
            return False
        self.hit += 1
        return True


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
        """The rule that strikes a request; each that matches counts it."""
        struck = [rule for rule in self._rules if rule.strikes(entry)]
        return struck[0] if struck else None


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


def but(match: Match, spared: Match) -> Match:
    """What the first matches and the second does not."""
    return lambda entry: match(entry) and not spared(entry)


def writes_about(subject: str) -> Match:
    """Whatever asks for a change of ``subject``."""
    return lambda entry: entry.writes and entry.subject == subject


def about(subject: str) -> Match:
    """Whatever is about ``subject`` alone."""
    return lambda entry: entry.subject == subject
