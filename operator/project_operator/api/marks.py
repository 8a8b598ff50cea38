"""The ownership mark: one token of 86 ASCII characters which says whose a remote project is.

``iproj1:<16 hex of cluster id>:<16 hex of namespace/name>:<8 hex of namespace uid>:<uid>``

The hex parts are the beginnings of SHA-256 digests, so that a mark fits anywhere, tells an outsider nothing and can
still be recomputed from the object it belongs to. Ownership is always the whole token: equality, never a part of it.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

MARK_PREFIX: Final = "iproj1:"
MARK_LENGTH: Final = 86
ORPHANED: Final = "orphaned"
"""Value of the mark tag after ``deletionPolicy: Orphan``: whoever imports it next may have it."""

_UID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MARK_PATTERN: Final = re.compile(rf"iproj1:([0-9a-f]{{16}}):([0-9a-f]{{16}}):([0-9a-f]{{8}}):({_UID})")
_DIGEST_PATTERN: Final = re.compile(r"sha256:([0-9a-f]{16})")


@lru_cache(maxsize=1024)
def _digest(text: str, length: int) -> str:
    # A Project is looked at several times in a row, and cluster and namespace are always the same.
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def owner_name(token: str) -> str:
    """The part of ``token`` that says namespace and name, the same for every object that ever had them, in whatever
    cluster; "" where it is not a whole mark.
    """
    mark = Mark.parse(token)
    return mark.name if mark is not None else ""


def cluster_digest(cluster_id: str) -> str:
    """The 16 hex digits by which the marks of the cluster called ``cluster_id`` are known. Who knows nothing of a
    cluster but its marks calls it ``sha256:<these digits>``.
    """
    known = _DIGEST_PATTERN.fullmatch(cluster_id)
    return known[1] if known is not None else _digest(cluster_id, 16)


def cluster_name(token: str) -> str:
    """What the cluster that ``token`` names can be called in place of its id: ``sha256:<16 hex digits>``."""
    mark = Mark.parse(token)
    return f"sha256:{mark.cluster}" if mark is not None else ""


@dataclass(frozen=True, slots=True)
class Mark:
    """The parts of a mark; ``str(mark)`` is the token that goes over the wire."""

    cluster: str
    """16 hex digits of the cluster id."""
    name: str
    """16 hex digits of ``namespace/name``."""
    namespace: str
    """8 hex digits of the namespace's uid."""
    uid: str
    """The uid of the Project object, as it is."""

    @classmethod
    def of(cls, *, cluster_id: str, namespace: str, name: str, namespace_uid: str, uid: str) -> Self:
        """The mark of the Project ``namespace/name`` with ``uid`` in the cluster called ``cluster_id``."""
        return cls(cluster_digest(cluster_id), _digest(f"{namespace}/{name}", 16), _digest(namespace_uid, 8), uid)

    @classmethod
    def parse(cls, token: str) -> Self | None:
        """The parts of ``token``, or None where it is not a whole mark."""
        match = MARK_PATTERN.fullmatch(token)
        return cls(*match.groups()) if match else None

    def __str__(self) -> str:
        return f"{MARK_PREFIX}{self.cluster}:{self.name}:{self.namespace}:{self.uid}"


def is_predecessors(token: str, ours: str) -> bool:
    """Whether ``token`` is the mark of an earlier object of the name, namespace and cluster that ``ours`` is of."""
    mark, own = Mark.parse(token), Mark.parse(ours)
    if mark is None or own is None or mark.uid == own.uid:
        return False
    return (mark.cluster, mark.name, mark.namespace) == (own.cluster, own.name, own.namespace)
