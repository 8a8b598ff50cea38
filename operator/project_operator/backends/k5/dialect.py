"""How Fujitsu K5 speaks Keystone's protocol."""

from typing import Final

from project_operator.backends.k5.errors import ANSWERS
from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.mark_in_description import MarkInDescription

_REJECTION_PAUSE: Final = 240.0
"""Seconds: four tries in the 15 minutes in which five lock the user (F3-6)."""

K5: Final = Dialect(answers=ANSWERS, mark_place=MarkInDescription(), page_limit=0, rejection_pause=_REJECTION_PAUSE)
"""Lists have no pages (F6-1), so no limit is ever sent."""
