"""Which projects and Projects have lost each other."""

from datetime import UTC, datetime
from typing import Any

import pytest

from project_operator.api.marks import ORPHANED, Mark
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.cli.strays import REMEDIES, Cluster, Kind, gone, marked, missing

UID, NOBODY = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000009"


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


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (remote(""), None),
        (remote(ORPHANED), None),
        (remote(mark()), None),
        (remote(mark(), "7"), Kind.DUPLICATE),
        (remote(mark(NOBODY)), Kind.LEFT_OVER),
        (remote(mark(NOBODY), enabled=True), Kind.LEFT_OVER),
        (remote(mark(NOBODY), enabled=False), Kind.SWITCHED_OFF),
        (remote(mark(NOBODY), deletion_time=datetime(2026, 1, 1, tzinfo=UTC)), None),
        (remote(mark(cluster="elsewhere")), Kind.OTHER_CLUSTER),
        (remote("conflicting"), Kind.DAMAGED),
        (remote("iproj1:half"), Kind.DAMAGED),
        (remote(mark(NOBODY, "theirs"), "2"), None),
        (remote(mark(UID, "theirs"), "2"), Kind.LEFT_OVER),
    ],
)
def test_a_marked_project(shown: RemoteProject, kind: Kind | None) -> None:
    found = marked("backend", [shown], (MINE, OTHER))
    assert [one.kind for one in found] == ([kind] if kind else [])


def test_one_that_is_not_named_as_yet() -> None:
    (found,) = marked("backend", [remote(mark())], (Cluster("here", "mine", (project("a"),)),))
    assert (found.kind, found.owner) == (Kind.UNNAMED, "Project ns/a, here")


def test_a_neighbour_s_projects_are_none_of_our_business() -> None:
    theirs = remote(mark(cluster="theirs"))
    assert marked("backend", [theirs], (MINE,), frozenset({OTHER.digest})) == ()
    assert [one.kind for one in marked("backend", [theirs], (MINE,))] == [Kind.OTHER_CLUSTER]


def test_what_a_listing_lacks_is_looked_for_where_it_should_be() -> None:
    cluster = Cluster(
        "here", "mine", (project("a", "1"), project("b", "2"), project("c", "3", endpoint="x"), project("d"))
    )
    assert [project_id for _, project_id in missing(cluster, "e", [remote("", "1")])] == ["2"]
    found = gone("backend", cluster, cluster.projects[1], "2")
    assert (found.kind, found.project_id, found.owner) == (Kind.GONE, "2", "Project ns/b, here")


def test_each_has_its_remedy() -> None:
    assert REMEDIES.keys() == set(Kind)
