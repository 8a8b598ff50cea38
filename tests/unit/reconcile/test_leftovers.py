from simulation.views import CLUSTER, UID, WALL, a_listing, a_remote, mark_of

from project_operator.api.marks import cluster_digest
from project_operator.reconcile.leftovers import leftovers

OURS = cluster_digest(CLUSTER)
GONE = "00000000-0000-4000-8000-00000000000b"


def test_a_mark_of_this_cluster_without_its_object_is_left_over() -> None:
    listing = a_listing(a_remote("p2", mark=mark_of(GONE)), a_remote("p1", mark=mark_of(GONE)))
    assert [one.id for one in leftovers(listing, cluster=OURS, living={UID})] == ["p1", "p2"]


def test_what_lives_or_is_not_ours_or_goes_already_is_not() -> None:
    listing = a_listing(
        a_remote("living", mark=mark_of(UID)),
        a_remote("foreign", mark=mark_of(GONE, cluster="another")),
        a_remote("unmarked"),
        a_remote("orphan", mark="orphaned"),
        a_remote("torn", mark=mark_of(GONE)[:-1]),
        a_remote("going", mark=mark_of(GONE), deletion_time=WALL),
    )
    assert leftovers(listing, cluster=OURS, living={UID}) == ()
