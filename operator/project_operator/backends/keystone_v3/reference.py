"""The table of ``errors`` as a page for people, for each vendor that speaks the protocol."""

from project_operator.backends.answer_table.page import ErrorPage
from project_operator.backends.answer_table.table import AnswerTable
from project_operator.backends.keystone_v3.errors import ALL, READS, USE, WRITES, Operation


def error_page(answers: AnswerTable[Operation], title: str, own: str = "") -> ErrorPage[Operation]:
    """The page of the vendor called ``title``; ``own``: what is to be known of the rows that it alone has."""
    return ErrorPage(
        table=answers,
        title=title,
        source="keystone_v3/errors.py",
        facts="keystone.md",
        example="K3-20",
        groups={ALL: "all", USE: "all but connect and sign in", READS: "reads", WRITES: "writes"},
        rights_heading="What the policy is asked",
        rights_column="rule",
        remarks=own
        or (
            "A 401, and a 404 that speaks of something else than what was asked for, may mean that the token is dead:"
            " it is replaced and the request sent once more before the table is asked. A 403 of a project is followed"
            " by a complete list of the domain: where that does not show the project, it is gone."
        ),
    )
