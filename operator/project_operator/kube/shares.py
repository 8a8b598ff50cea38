"""A bounded number of entries that groups share: who has many makes room first, and groups take turns."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shares(Generic[K, V]):
    """Entries by group and key, each group's in order of their coming."""

    def __init__(self, capacity: int) -> None:
        """``capacity``: how many entries there may be, of all groups together."""
        self._capacity = capacity
        self._groups: OrderedDict[str, OrderedDict[K, V]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def get(self, group: str, key: K) -> V | None:
        """The entry, if it is there."""
        own = self._groups.get(group)
        return own.get(key) if own is not None else None

    def put(self, group: str, key: K, value: V) -> tuple[str, K] | None:
        """Take in an entry as the newest of its group; where there is no room, what gave way: the oldest of a group
        that has more than its share.
        """
        own = self._groups.setdefault(group, OrderedDict())
        self._size += key not in own
        own[key] = value
        own.move_to_end(key)
        if self._size <= self._capacity:
            return None
        crowded = self._crowded(group)
        oldest = next(iter(self._groups[crowded]))
        self.remove(crowded, oldest)
        return crowded, oldest

    def remove(self, group: str, key: K) -> bool:
        """Forget an entry; whether it was there."""
        own = self._groups.get(group)
        if own is None or key not in own:
            return False
        del own[key]
        self._size -= 1
        if not own:
            del self._groups[group]
        return True

    def take(self) -> tuple[str, K, V]:
        """The oldest of the group whose turn it is, which is not there any more. There is one."""
        group, own = next(iter(self._groups.items()))
        self._groups.move_to_end(group)
        key, value = next(iter(own.items()))
        self.remove(group, key)
        return group, key, value

    def _crowded(self, group: str) -> str:
        share = max(1, self._capacity // len(self._groups))
        if len(self._groups[group]) > share:
            return group
        return next((one for one, entries in self._groups.items() if len(entries) > share), next(iter(self._groups)))
