"""The table of ``errors`` as a page for people, for each vendor that speaks the protocol."""

from project_operator.backends.answer_table.page import ErrorPage
from project_operator.backends.answer_table.table import AnswerTable
from project_operator.backends.keystone_v3.errors import ALL, READS, USE, WRITES, Operation


def error_page(answers: AnswerTable[Operation], title: str, *facts: str, remarks: str = "") -> ErrorPage[Operation]:
    """The page of the vendor called ``title``; ``facts`` are the pages about it beside Keystone's own, and ``remarks``
    what else has to be known to read its table, where that is not as with Keystone.
    """
    return ErrorPage(
        table=answers,
        title=title,
        source="keystone_v3/errors.py",
        facts=("keystone.md", *facts),
        example="K3-20 [M]",
        groups={ALL: "all", USE: "all but connect and sign in", READS: "reads", WRITES: "writes"},
        rights_heading="What the policy is asked",
        rights_column="rule",
        remarks=remarks
        or (
            "A 401, and a 404 that speaks of something else than what was asked for, may mean that the token is dead:"
            " it is replaced and the request sent once more before the table is asked. A 403 of a project is followed"
            " by a complete list of the domain: where that does not show the project, it is gone."
        ),
    )
