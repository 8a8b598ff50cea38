"""What the answers of Fujitsu K5 mean, as a page for people."""

from typing import Final

from project_operator.backends.k5.errors import ANSWERS
from project_operator.backends.keystone_v3.reference import error_page

PAGE: Final = "docs/reference/errors-k5.md"

ERROR_PAGE: Final = error_page(
    ANSWERS,
    "Fujitsu K5",
    "k5.md",
    remarks=(
        "The first three rows are K5's own (`k5/errors.py`). A 401, and a 404 that speaks of something else than"
        " what was asked for, may mean"
        " that the token is dead: it is replaced and the request sent once more before the table is asked."
    ),
)
