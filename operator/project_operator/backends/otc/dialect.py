"""How Open Telekom Cloud speaks Keystone's protocol."""

from typing import Final

from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.mark_in_description import MarkInDescription
from project_operator.backends.otc.errors import ANSWERS

MARK_PLACE: Final = MarkInDescription()

OTC: Final = Dialect(
    answers=ANSWERS,
    mark_place=MARK_PLACE,
    page_limit=5000,
    content_type="application/json;charset=utf8",
    typed_always=True,
    dead_token=frozenset({401, 410}),
)
"""The longest page there is (T4-1); the content type is asked for on every request (T3-6)."""
