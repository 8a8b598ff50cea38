"""Which projects have lost their Project, and which have not although it looks so."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from project_operator.api.marks import ORPHANED, Mark
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.cli.strays import REMEDIES, Cluster, Kind, Known, Listing, Stray, marked

UID, NOBODY, THIRD = (f"00000000-0000-4000-8000-00000000000{digit}" for digit in (1, 9, 3))


def project(name: str, project_id: str = "", uid: str = UID, endpoint: str = "e") -> dict[str, Any]:
    status = {"id": project_id, "endpointID": endpoint, "name": name} if project_id else {}
    return {"metadata": {"namespace": "ns", "name": name, "uid": uid}, "status": status}


def mark(uid: str = UID, cluster: str = "mine") -> str:
    return str(Mark.of(cluster_id=cluster, namespace="ns", name="a", namespace_uid="n", uid=uid))


def remote(token: str, project_id: str = "1", **fields: Any) -> RemoteProject:
    enabled = fields.pop("enabled", None)
    return RemoteProject(
        id=project_id,
        organization_id="o",
        content=ProjectContent(name="a", mark=token, enabled=enabled),
        provisioning_status=ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
        **fields,
    )


MINE = Cluster("this cluster", "mine", (project("a", "1"),))
OTHER = Cluster("east", "theirs", (project("b", "2", NOBODY),))


def found(
    shown: Iterable[RemoteProject], *clusters: Cluster, neighbours: frozenset[str] = frozenset()
) -> tuple[Stray, ...]:
    listing = Listing("backend", "this cluster", "u", "e", tuple(shown))
    return marked([listing], Known.of(clusters, [listing], neighbours))


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (remote(""), None),
        (remote(ORPHANED), None),
        (remote(mark()), None),
        (remote(mark(), "7"), Kind.DUPLICATE),
        (remote(mark(NOBODY), "7"), Kind.LEFT_OVER),
        (remote(mark(NOBODY), "7", enabled=True), Kind.LEFT_OVER),
        (remote(mark(NOBODY), "7", enabled=False), Kind.SWITCHED_OFF),
        (remote(mark(NOBODY), "7", deletion_time=datetime(2026, 1, 1, tzinfo=UTC)), None),
        (remote(mark(NOBODY)), Kind.OTHER_MARK),
        (remote(mark(THIRD, cluster="elsewhere"), "7"), Kind.OTHER_CLUSTER),
        (remote(mark(THIRD, cluster="elsewhere")), Kind.OTHER_MARK),
        (remote(mark(cluster="elsewhere")), Kind.OTHER_ID),
        (remote("conflicting"), Kind.DAMAGED),
        (remote("iproj1:half"), Kind.DAMAGED),
        (remote(mark(NOBODY, "theirs"), "2"), None),
        (remote(mark(UID, "theirs"), "7"), Kind.LEFT_OVER),
    ],
)
def test_a_marked_project(shown: RemoteProject, kind: Kind | None) -> None:
    assert [one.kind for one in found([shown], MINE, OTHER)] == ([kind] if kind else [])


def test_one_that_is_not_named_as_yet() -> None:
    (stray,) = found([remote(mark())], Cluster("here", "mine", (project("a"),)))
    assert (stray.kind, stray.owner) == (Kind.UNNAMED, "Project ns/a, here")


def test_an_id_of_another_place_is_another_project() -> None:
    elsewhere = Cluster("here", "mine", (project("a", "1", endpoint="x"),))
    assert [one.kind for one in found([remote(mark(NOBODY))], elsewhere)] == [Kind.LEFT_OVER]


def test_a_neighbour_s_projects_are_none_of_our_business() -> None:
    theirs = remote(mark(THIRD, cluster="theirs"), "7")
    assert found([theirs], MINE, neighbours=frozenset({OTHER.digest})) == ()
    assert [one.kind for one in found([theirs], MINE)] == [Kind.OTHER_CLUSTER]


def test_with_a_wrong_cluster_id_nothing_living_is_advised_to_be_deleted() -> None:
    wrong = Cluster("this cluster", "wrong", (project("a", "1"),))
    own, of_whoever_is_called_so = remote(mark()), remote(mark(NOBODY, "wrong"), "7")
    kinds = {one.project_id: one for one in found([own, of_whoever_is_called_so], wrong)}
    assert kinds["1"].kind is Kind.OTHER_ID
    assert kinds["1"].owner.startswith("Project ns/a, this cluster, as cluster sha256:")
    assert "delete" not in kinds["1"].remedy
    assert "--cluster-id" in kinds["1"].remedy
    # What carries that id belongs to the cluster that has it, which was not seen.
    assert kinds["7"].kind is Kind.OTHER_CLUSTER


def test_one_mark_of_former_times_does_not_make_the_cluster_id_wrong() -> None:
    mine = Cluster("this cluster", "mine", (project("a", "1"), project("b", "2", THIRD)))
    shown = [remote(mark()), remote(mark(THIRD, "former"), "2"), remote(mark(NOBODY), "7")]
    assert {one.project_id: one.kind for one in found(shown, mine)} == {"2": Kind.OTHER_ID, "7": Kind.LEFT_OVER}


def test_a_copy_that_lives_beside_its_original_is_told_how_to_say_so() -> None:
    copy = Cluster("this cluster", "copy", (project("a", "1"),))
    (stray,) = found([remote(mark())], copy)
    assert "PROJECT_OPERATOR_OTHER_CLUSTERS" in stray.remedy
    assert found([remote(mark())], copy, neighbours=frozenset({MINE.digest})) == ()


def test_clusters_of_one_id_answer_for_each_other() -> None:
    again = Cluster("again", "mine", (project("b", "2", NOBODY),))
    assert found([remote(mark()), remote(mark(NOBODY), "2")], MINE, again) == ()


def test_what_several_backend_objects_show_is_told_once() -> None:
    listings = [Listing(name, "here", name, "e", (remote(mark(NOBODY), "7"),)) for name in ("first", "second")]
    listings.append(Listing("elsewhere", "here", "3", "x", (remote(mark(NOBODY), "7"),)))
    told = marked(listings, Known.of([MINE], listings, frozenset()))
    assert sorted(one.backend for one in told) == ["elsewhere", "first"]


@pytest.mark.parametrize("kind", Kind)
def test_each_has_a_remedy_that_stands_by_itself(kind: Kind) -> None:
    remedy = REMEDIES[kind]
    assert "above" not in remedy
    # Nothing is deleted before it was looked at.
    before = remedy.partition("delete it")[0]
    assert not remedy.startswith("delete it")
    assert "delete it" not in remedy or "look what is in it" in before or "compare" in before
