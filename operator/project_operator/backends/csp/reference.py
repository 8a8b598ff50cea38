"""The table of ``errors`` as a page for people."""

from typing import Final

from project_operator.backends.answer_table.page import ErrorPage
from project_operator.backends.csp.errors import ALL, ANSWERS, CONNECT, READS, SIGN_IN, USE, WRITES

PAGE: Final = "docs/reference/errors-csp.md"

ERROR_PAGE: Final = ErrorPage(
    table=ANSWERS,
    title="VMware Cloud Services Platform",
    source="csp/errors.py",
    facts=("csp.md",),
    example="V3-4 [D]",
    groups={
        ALL: "all",
        USE: "all but connect and sign in",
        READS: "reads",
        WRITES: "writes",
        READS | SIGN_IN: "reads and signing in",
        CONNECT | SIGN_IN: "connect and sign in",
    },
    rights_heading="Which role is needed",
    rights_column="role",
    remarks=(
        "An error document counts as the platform's own where it holds more than a `message`, which every gateway says"
        " too; in a sign-in OAuth's counts likewise. A 401 may mean that the access token is dead: it is replaced and"
        " the request sent once more before the table is asked."
    ),
)
