"""The table of ``errors`` as a page for people."""

from typing import Final

from project_operator.backends.answer_table.page import ErrorPage
from project_operator.backends.nscale.errors import ALL, ANSWERS, READS, SIGNED_IN, USE, WRITES

PAGE: Final = "docs/reference/errors-nscale.md"

ERROR_PAGE: Final = ErrorPage(
    table=ANSWERS,
    title="nscale Identity",
    source="nscale/errors.py",
    facts=("nscale.md",),
    example="N1.3-2 [id]",
    groups={ALL: "all", SIGNED_IN: "all but refresh token", USE: "all but connect", READS: "reads", WRITES: "writes"},
    rights_heading="Which right is needed",
    rights_column="right, at the scope of the organization",
    signs_in=False,
)
