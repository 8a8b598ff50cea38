"""How Fujitsu K5 speaks Keystone's protocol."""

from typing import Final

from project_operator.backends.k5.errors import ANSWERS
from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.mark_in_description import MarkInDescription

K5: Final = Dialect(answers=ANSWERS, mark_place=MarkInDescription(), page_limit=0)
"""Lists have no pages (F6-1), so no limit is ever sent."""
