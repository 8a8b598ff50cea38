"""Which Projects are asked about because their project was not shown, and through whose credential."""

from collections.abc import Iterable
from typing import Any

from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.cli.absences import Absences, Unshown, lacking, still_named, unjudged
from project_operator.cli.strays import REMEDIES, Cluster, Kind, Listing, Owner

STRONG, WEAK = "strong", "weak"


def project(project_id: str, backend: str = STRONG, *, endpoint: str = "e", **metadata: Any) -> dict[str, Any]:
    name = f"p{project_id}"
    ref = {"kind": "IdentityBackend", "name": backend, "uid": backend}
    return {
        "metadata": {"namespace": "ns", "name": name, "uid": name, **metadata},
        "status": {"id": project_id, "endpointID": endpoint, "name": name, "backendRef": ref},
    }


def missing(raw: dict[str, Any]) -> dict[str, Any]:
    raw["status"]["conditions"] = [{"type": "Ready", "status": "False", "reason": "Missing"}]
    return raw


def remote(project_id: str) -> RemoteProject:
    return RemoteProject(
        id=project_id,
        organization_id="o",
        content=ProjectContent(name=f"p{project_id}"),
        provisioning_status=ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
    )


def listing(backend: str, *shown: str, cluster: str = "here", endpoint: str = "e", accepted: int = 0) -> Listing:
    return Listing(f"{backend} backend", cluster, backend, endpoint, tuple(map(remote, shown)), accepted=accepted)


def here(*projects: dict[str, Any]) -> Cluster:
    return Cluster("here", "mine", projects)


def ids(found: Iterable[Unshown]) -> list[str]:
    return [one.project_id for one in found]


def test_what_a_listing_lacks_is_asked_of_the_backend_object_that_the_project_was_made_with() -> None:
    found = lacking([listing(STRONG, "1")], [here(project("1"), project("2"))])
    assert ids(found.unshown) == ["2"]
    assert found.unproven == frozenset()
    stray = found.unshown[0].gone
    assert (stray.kind, stray.project_id, stray.owner) == (Kind.GONE, "2", "Project ns/p2, here")


def test_a_weaker_credential_of_the_same_place_has_no_say() -> None:
    """Two backend objects, one place: what the one may not read lives."""
    found = lacking([listing(STRONG, "1", "2"), listing(WEAK, "2")], [here(project("1"), project("2", WEAK))])
    assert found == Absences()


def test_a_backend_object_that_leads_elsewhere_by_now_has_no_say() -> None:
    assert lacking([listing(STRONG, "2")], [here(project("1", endpoint="x"), project("2"))]) == Absences()


def test_a_backend_object_of_another_cluster_has_no_say() -> None:
    copy = listing(STRONG, cluster="there")
    found = lacking([copy], [here(project("1")), Cluster("there", "other", ())])
    assert found == Absences()


def test_what_another_credential_shows_is_hidden_and_not_gone() -> None:
    found = lacking([listing(STRONG, "1"), listing(WEAK, "3")], [here(project("1", WEAK), project("3", WEAK))])
    assert found.unshown == ()
    (stray,) = found.hidden
    assert (stray.kind, stray.backend, stray.project_id) == (Kind.HIDDEN, "weak backend", "1")
    assert stray.owner == "Project ns/p1, here; strong backend shows it"
    assert "delete nothing" in stray.remedy


def test_another_place_shows_another_project() -> None:
    found = lacking([listing(STRONG), listing(WEAK, "1", endpoint="x")], [here(project("1"))])
    assert (ids(found.unshown), found.hidden) == (["1"], ())


def test_a_credential_that_shows_none_of_what_is_named_has_to_prove_that_it_reads() -> None:
    assert lacking([listing(STRONG, "foreign")], [here(project("1"))]).unproven == {"strong backend"}


def test_a_project_that_is_being_deleted_may_vanish() -> None:
    going = project("1", deletionTimestamp="2026-01-01T00:00:00Z")
    assert lacking([listing(STRONG)], [here(going)]) == Absences()


def test_many_at_once_are_not_believed_to_be_gone() -> None:
    """As the operator has it (SuspiciousAbsence): more than three, and more than a tenth."""
    named = [project(str(number)) for number in range(10)]
    three = lacking([listing(STRONG, *map(str, range(3, 10)))], [here(*named)])
    assert ids(three.unshown) == ["0", "1", "2"]
    four = lacking([listing(STRONG, *map(str, range(4, 10)))], [here(*named)])
    assert four.unshown == ()
    ((backend, why),) = four.disbelieved
    assert backend == "strong backend"
    assert why.startswith("4 projects vanished at once, which is not believed, of ns/p0, ns/p1, ns/p2 and 1 more.")
    assert why.endswith("identity.project-operator.dev/accept-absence=4")


def test_a_person_s_word_and_the_operator_s_proof_count() -> None:
    named = [project(str(number)) for number in range(10)]
    assert len(lacking([listing(STRONG, *"456789", accepted=4)], [here(*named)]).unshown) == 4
    proved = [missing(raw) if number < 4 else raw for number, raw in enumerate(named)]
    assert len(lacking([listing(STRONG, *"456789")], [here(*proved)]).unshown) == 4


def test_many_at_once_of_one_place_are_not_believed_however_many_credentials_lead_there() -> None:
    named = [project("1", "a"), project("2", "b"), project("3", "c"), project("4", "d"), project("5", "a")]
    whole = project("6", "whole")
    found = lacking([listing(one) for one in "bcd"] + [listing("a", "5"), listing("whole", "6")], [here(*named, whole)])
    assert found.unshown == ()
    assert {backend for backend, _ in found.disbelieved} == {f"{one} backend" for one in "abcd"}


def test_what_nobody_could_be_asked_about_is_said() -> None:
    cluster = here(
        project("1"),
        project("2", "no-more"),
        project("3", endpoint="x"),
        project("4", "down"),
        {"metadata": {"uid": "u"}},
    )
    found = unjudged([cluster], [listing(STRONG)], {("here", "down")})
    assert {subject: why.rpartition(": ")[2] for subject, why in found.items()} == {
        "IdentityBackend no-more, uid no-more, here": "ns/p2",
        "strong backend, as it was": "ns/p3",
    }


def test_nobody_is_told_of_who_has_gone_or_moved_on_meanwhile() -> None:
    before = [project(number) for number in "1234"]
    found = [Unshown(listing(STRONG), Owner(raw, "here")) for raw in before]
    moved = project("5") | {"metadata": before[1]["metadata"]}
    going = project("3", deletionTimestamp="2026-01-01T00:00:00Z")
    assert ids(still_named(found, [here(before[0], moved, going)])) == ["1"]


def test_the_advice_begins_with_a_look_and_lets_nothing_be_deleted() -> None:
    remedy = REMEDIES[Kind.GONE]
    assert remedy.startswith("look for that id with the credential of its own backend object")
    assert "set `deletionPolicy: Orphan` and delete the Project" in remedy
