import pytest
from simulation.views import a_project, a_remote, a_view, mark_of

from project_operator.api.conditions import Reason
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import claims
from project_operator.reconcile.view import View

OTHER = "00000000-0000-4000-8000-00000000000b"
OURS, FREE, ORPHAN = a_remote(mark=mark_of()), a_remote(), a_remote(mark="orphaned")
PREDECESSORS = a_remote(mark=mark_of(OTHER))
CREATED, IMPORTED = ({"id": "p1", "origin": origin} for origin in ("Created", "Imported"))


@pytest.mark.parametrize(
    ("mark", "free"),
    [
        ("", True),
        ("orphaned", True),
        (mark_of(OTHER), True),
        (mark_of(), False),
        (mark_of(OTHER, name="shop"), False),
        (mark_of(OTHER, namespace_uid="n2"), False),
        (mark_of(OTHER, cluster="another"), False),
        ("somebody's own words", False),
    ],
)
def test_free_is_what_nobody_or_a_predecessor_of_this_name_marked(mark: str, free: bool) -> None:  # noqa: FBT001 - a column
    assert claims.is_free(a_view(), a_remote(mark=mark)) is free


def test_a_view_without_a_mark_has_no_predecessors() -> None:
    assert not claims.is_free(a_view(mark="none"), PREDECESSORS)


@pytest.mark.parametrize(
    ("view", "project", "words"),
    [
        pytest.param(a_view(rivals=("ns/shop",)), OURS, None, id="ours by mark, whoever else names it"),
        pytest.param(
            a_view(), a_remote(mark=mark_of(OTHER, name="shop")), "the mark of another Project;", id="another's"
        ),
        pytest.param(
            a_view(rivals=("ns/shop",)), a_remote(mark=mark_of(OTHER, name="shop")), "(Project ns/shop)", id="who"
        ),
        pytest.param(a_view(rivals=("ns/shop",)), FREE, "already named by Project ns/shop", id="free, but named"),
        pytest.param(a_view(a_project(status=CREATED)), FREE, "lost this object's mark", id="created, mark lost"),
        pytest.param(a_view(a_project(status=IMPORTED)), ORPHAN, None, id="imported and free"),
        pytest.param(
            a_view(a_project(status=CREATED, spec={"import": {"id": "p1"}})), FREE, None, id="taken back by id"
        ),
    ],
)
def test_a_conflict_names_who_and_the_way_out(view: View, project: RemoteProject, words: str | None) -> None:
    verdict = claims.conflict(view, project)
    assert (verdict is None) is (words is None)
    if verdict is not None:
        assert verdict.reason is Reason.CONFLICT
        assert words is not None
        assert words in verdict.message


@pytest.mark.parametrize(
    ("status", "project", "may"),
    [(CREATED, OURS, True), (CREATED, FREE, False), (IMPORTED, FREE, True), (IMPORTED, PREDECESSORS, True)],
)
def test_only_ours_or_what_was_taken_over_is_written(status: object, project: RemoteProject, may: bool) -> None:  # noqa: FBT001 - a column
    assert claims.may_be_written(a_view(a_project(status=status)), project) is may
