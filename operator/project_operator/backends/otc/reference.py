"""What the answers of Open Telekom Cloud mean, as a page for people."""

from typing import Final

from project_operator.backends.keystone_v3.reference import error_page
from project_operator.backends.otc.errors import ANSWERS

PAGE: Final = "docs/reference/errors-otc.md"

ERROR_PAGE: Final = error_page(
    ANSWERS,
    "Open Telekom Cloud",
    facts="otc.md",
    example="T2-10",
    remarks=(
        "So may a 410. IAM speaks in two forms, Keystone's and one of its own; both count as its error document. Rows"
        " whose references begin with K are Keystone's ([the facts](../backends/keystone.md)), which IAM is taken to"
        " share. A 404 about a project that was made less than two minutes ago proves nothing: it is tried again."
    ),
)
