"""What the answers of Open Telekom Cloud mean, as a page for people."""

from typing import Final

from project_operator.backends.keystone_v3.reference import error_page
from project_operator.backends.otc.errors import ANSWERS

PAGE: Final = "docs/reference/errors-otc.md"

ERROR_PAGE: Final = error_page(
    ANSWERS,
    "Open Telekom Cloud",
    "otc.md",
    remarks=(
        "The first rows are IAM's own (`otc/errors.py`). IAM speaks in two forms, Keystone's and one of its own, and"
        " both count as its error document. A 401, a 410, and a 404 that speaks of something else than what was asked"
        " for, may mean that the token is dead: it is replaced and the request sent once more before the table is"
        " asked. A 403 of a project is followed by a complete list of the account: where that does not show the"
        " project, it is gone. A 404 about a project that was made less than two minutes ago proves nothing (T8-7)."
    ),
)
