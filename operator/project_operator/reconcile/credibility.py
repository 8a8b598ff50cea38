"""Can a listing be believed? Too much vanishing at once is not believed (R12, promise I4)."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import ceil
from typing import Final

VANISHED_AT_MOST: Final = 3
VANISHED_SHARE: Final = 0.1
_TOLD_AT_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Census:
    """What statuses say about the projects of one backend."""

    named: AbstractSet[str] = frozenset()
    """Every id that a status names."""
    expected: AbstractSet[str] = frozenset()
    """Those of them whose vanishing is no surprise: all their Projects are being deleted, or report them Missing."""
    confirmed_gone: AbstractSet[str] = frozenset()
    """Ids of which a single read has said not-found since they were named."""
    named_at: Mapping[str, float] = field(default_factory=dict)
    """When an own creation named an id, where that was lately: an older listing cannot show it."""
    read_lag: float = 0.0
    accepted: int = 0
    """How many vanished projects a person has said to be right."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a listing is worth."""

    credible: bool
    missing: frozenset[str]
    """Named, not shown, and not yet looked for one by one."""
    may_read: bool = True
    """The credential was shown a project that a status names, or proved that it would be."""
    suspicious: int = 0
    """How many vanished at once, if that was too many to believe; else 0."""


def judge(census: Census, shown: AbstractSet[str], *, begun_at: float, may_read: bool) -> Judgement:
    """Judge a complete listing of the ids ``shown``, begun at ``begun_at`` by a credential that ``may_read``."""
    missing = frozenset(
        project_id
        for project_id in census.named - shown - census.confirmed_gone
        if census.named_at.get(project_id, float("-inf")) + census.read_lag < begun_at
    )
    vanished = len(missing - census.expected)
    limit = max(VANISHED_AT_MOST, ceil(len(census.named) * VANISHED_SHARE), census.accepted)
    return Judgement(may_read and not missing, missing, may_read, vanished if vanished > limit else 0)


def in_the_way(in_doubt: Sequence[str]) -> str:
    """Why a listing that lacks these ids is not believed, for people; "" where there are none."""
    if not in_doubt:
        return ""
    told = ", ".join(in_doubt[:_TOLD_AT_MOST])
    more = f" and {len(in_doubt) - _TOLD_AT_MOST} more" if len(in_doubt) > _TOLD_AT_MOST else ""
    return (
        f"the backend's listing lacks what Projects name, and a read of its id does not say that it is gone: {told}"
        f"{more}; check the rights of the credential, the operator's log has the answer"
    )
