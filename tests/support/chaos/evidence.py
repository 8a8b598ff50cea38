"""What a run leaves for the oracles to judge."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from audit import Write

from chaos.journal import Entry
from chaos.sites import Made, Remote

Object = Mapping[str, Any]

CREATE: Final = "create"
UPDATE: Final = "update"
IMPORT: Final = "import"
DELETE: Final = "delete"
OPERATIONS: Final = (CREATE, UPDATE, IMPORT, DELETE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user wrote about one Project, in all."""

    name: str
    place: str
    """The backend's name."""
    operation: str
    """What was under way when things broke."""
    specs: tuple[Object, ...]
    """By generation, from 1."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    deletion_policy: str
    given_words: int = 0
    """How often a person allowed a further creation."""


@dataclass(frozen=True)
class Evidence:
    """All of one run."""

    wishes: Mapping[str, Wish]
    entries: Sequence[Entry]
    """What passed the proxies."""
    history: Mapping[str, Sequence[Object]]
    """Every state of every Project, by its uid."""
    gone: frozenset[str]
    """Uids of the Projects that are there no more."""
    remotes: Mapping[str, Sequence[Remote]]
    """What the identity servers hold in the end."""
    planted: Mapping[str, Sequence[Remote]]
    """What they held before that is nobody's here."""
    made: Mapping[str, Sequence[Made]]
    """The creations that took effect, by the identity servers' own logs."""
    audited: Sequence[Write]
    """What the operator wrote, by the API server's own log."""
    said: Mapping[str, str]
    """Everything that may hold no secret, by what it is."""
    secrets: frozenset[str] = field(repr=False)
    quiet: Sequence[Entry] = ()
    """Writes in the time in which there were to be none."""
    quiet_audited: Sequence[Write] = ()
    """The same by the API server's own log."""
    unsettled: Mapping[str, str] = field(default_factory=dict)
    """Projects that did not arrive where they were to, and what they say."""

    def uid(self, name: str) -> str:
        """Of the Project of that name; "" where there never was one."""
        return self._uids.get(name, "")

    @cached_property
    def about(self) -> Mapping[str, Sequence[Entry]]:
        """What is about one subject alone, in order."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry.subject:
                found[entry.subject].append(entry)
        return found

    @cached_property
    def _uids(self) -> Mapping[str, str]:
        return {states[-1]["metadata"]["name"]: uid for uid, states in self.history.items()}
