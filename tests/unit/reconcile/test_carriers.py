"""Which of what carries our mark is ours: the table of R8, row by row."""

import pytest
from simulation.views import a_remote

from project_operator.reconcile.carriers import Past, is_ours

ALWAYS, ALONE, NEVER = (True, True), (True, False), (False, False)
"""Where nothing else carries the mark, and where something does."""


@pytest.mark.parametrize(
    ("made_by", "principal", "none_named", "named", "beside_named", "condemned"),
    [
        pytest.param("robot", "robot", ALWAYS, ALWAYS, ALWAYS, ALWAYS, id="by us"),
        pytest.param("", "robot", ALWAYS, ALWAYS, ALWAYS, ALWAYS, id="the backend does not tell"),
        pytest.param("", "", ALWAYS, ALWAYS, ALWAYS, ALWAYS, id="nor who we are"),
        pytest.param("somebody", "robot", ALONE, ALWAYS, NEVER, NEVER, id="by somebody else"),
        pytest.param("somebody", "", ALONE, ALWAYS, NEVER, NEVER, id="by whom we may be or not"),
    ],
)
def test_the_maker_counts_and_a_copy_needs_an_original(
    *,
    made_by: str,
    principal: str,
    none_named: tuple[bool, bool],
    named: tuple[bool, bool],
    beside_named: tuple[bool, bool],
    condemned: tuple[bool, bool],
) -> None:
    project, nothing = a_remote("p1", created_by=made_by), frozenset[str]()
    for wanted, past in (
        (none_named, Past(principal)),
        (named, Past(principal, frozenset({"p1"}))),
        (beside_named, Past(principal, frozenset({"p0"}))),
        (condemned, Past(principal, nothing, frozenset({"p1"}))),
    ):
        assert (is_ours(project, past, alone=True), is_ours(project, past, alone=False)) == wanted, past
