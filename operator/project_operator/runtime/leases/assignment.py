"""Who should be in charge of what: rendezvous hashing with an even load. Pure, and the same on every replica that sees
the same replicas and backend objects.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import ceil


def assignment(units: Iterable[str], replicas: Iterable[str]) -> Mapping[str, str]:
    """A replica for each unit; empty where there is no replica.

    Each unit ranks the replicas by a hash of both (highest random weight) and goes to the first that has room; none has
    more than its share, rounded up. So one more or one less of either moves few others, and never more than an even
    load needs.
    """
    candidates = sorted(replicas)
    wanted = sorted(units)
    if not candidates:
        return {}
    room = dict.fromkeys(candidates, ceil(len(wanted) / len(candidates)))
    chosen: dict[str, str] = {}
    for unit in wanted:
        ranked = sorted(candidates, key=lambda one: _weight(unit, one), reverse=True)
        chosen[unit] = next(one for one in ranked if room[one])
        room[chosen[unit]] -= 1
    return chosen


def _weight(unit: str, replica: str) -> bytes:
    return sha256(f"{unit}\0{replica}".encode()).digest()
