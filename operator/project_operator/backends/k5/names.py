"""Names of projects: which there can be, and when two are one."""

import re
from typing import Final

SHORTEST: Final = 4
LONGEST: Final = 64
"""Characters (F2-3)."""

NAME: Final = re.compile(rf"[A-Za-z0-9+=,.@_-]{{{SHORTEST},{LONGEST}}}")


def same_name(one: str, other: str) -> bool:
    """Whether K5 takes them for one name: case does not count (F2-3)."""
    return one.casefold() == other.casefold()
