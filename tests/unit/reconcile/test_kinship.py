import pytest
from simulation.views import a_remote, a_view, mark_of

from project_operator.api.marks import cluster_digest
from project_operator.reconcile import kinship
from project_operator.reconcile.kinship import Kin
from project_operator.reconcile.view import Cluster

OTHER = "00000000-0000-4000-8000-00000000000b"
RESTORE = Cluster(restores=True)
BESIDE = Cluster(neighbours=frozenset({cluster_digest("another")}))
PREDECESSOR = mark_of(OTHER)
FORMER = mark_of(OTHER, namespace_uid="n2")
ELSEWHERE = mark_of(OTHER, cluster="another", namespace_uid="n2")


@pytest.mark.parametrize(
    ("mark", "told", "kin", "inherited"),
    [
        ("", Cluster(), Kin.STRANGER, False),
        ("somebody's own words", RESTORE, Kin.STRANGER, False),
        (mark_of(), RESTORE, Kin.STRANGER, False),
        (mark_of(OTHER, name="shop"), RESTORE, Kin.STRANGER, False),
        (PREDECESSOR, Cluster(), Kin.PREDECESSOR, True),
        (PREDECESSOR, RESTORE, Kin.PREDECESSOR, True),
        (FORMER, Cluster(), Kin.OF_FORMER_NAMESPACE, False),
        (FORMER, RESTORE, Kin.OF_FORMER_NAMESPACE, True),
        (ELSEWHERE, Cluster(), Kin.OF_OTHER_CLUSTER, False),
        (ELSEWHERE, RESTORE, Kin.OF_OTHER_CLUSTER, False),
        (ELSEWHERE, BESIDE, Kin.STRANGER, False),
    ],
)
def test_kin_is_told_by_the_parts_of_the_mark(mark: str, told: Cluster, kin: Kin, *, inherited: bool) -> None:
    view, project = a_view(cluster=told), a_remote(mark=mark)
    assert kinship.kin_of(view, project) is kin
    assert kinship.is_inherited(view, project) is inherited


@pytest.mark.parametrize(
    ("mark", "told", "words"),
    [
        (PREDECESSOR, Cluster(), "PROJECT_OPERATOR_RESTORE=true"),
        (FORMER, Cluster(), "PROJECT_OPERATOR_RESTORE=true"),
        (ELSEWHERE, Cluster(), "PROJECT_OPERATOR_CLUSTER_ID"),
        (ELSEWHERE, Cluster(), f"sha256:{cluster_digest('another')}) and PROJECT_OPERATOR_RESTORE=true"),
        (ELSEWHERE, Cluster(), f"PROJECT_OPERATOR_OTHER_CLUSTERS=sha256:{cluster_digest('another')}"),
    ],
)
def test_what_may_be_from_before_a_restore_names_the_setting(mark: str, told: Cluster, words: str) -> None:
    assert words in kinship.after_a_restore(a_view(cluster=told), a_remote(mark=mark))


@pytest.mark.parametrize(("mark", "told"), [(FORMER, RESTORE), (ELSEWHERE, BESIDE), ("", Cluster())])
def test_no_setting_is_named_where_none_would_help(mark: str, told: Cluster) -> None:
    assert kinship.after_a_restore(a_view(cluster=told), a_remote(mark=mark)) == ""
