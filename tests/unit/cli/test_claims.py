"""Which projects the Projects of a cluster have a claim to."""

from typing import Any

import pytest

from project_operator.cli.claims import claims, taken_names
from project_operator.runtime.backend_kinds import backend_place

BACKEND = backend_place("IdentityBackend", "default", "ns")
SHARED = {"kind": "ClusterIdentityBackend", "name": "default"}


def project(name: str, namespace: str = "ns", **parts: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, **parts}


def found(*projects: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    made = claims(projects, "here", BACKEND, ("IdentityBackend", "default"))
    return dict(made.by_id), dict(made.by_name)


def test_who_names_what_by_its_id() -> None:
    by_id, by_name = found(
        project("a", status={"id": "1", "endpointID": "here"}),
        project("b", spec={"import": {"id": "2"}, "backendRef": SHARED}),
        project("c", status={"id": "3", "endpointID": "elsewhere"}),
        project("d", "other"),
        project("e", spec={"import": {"id": "5"}}, status={"id": "5", "endpointID": "here"}),
    )
    assert by_id == {"1": "ns/a", "2": "ns/b", "5": "ns/e"}
    assert by_name == {}


@pytest.mark.parametrize(
    ("raw", "claimed"),
    [
        (project("a", spec={"import": {"byName": "Required"}}), {"a": "ns/a"}),
        (project("a", spec={"import": {"byName": "IfPresent"}, "name": "Team A"}), {"Team A": "ns/a"}),
        (project("a", spec={"import": {"byName": "Required"}, "backendRef": {"name": "default"}}), {"a": "ns/a"}),
        (project("a", spec={"import": {"byName": "Required"}, "backendRef": {"name": "other"}}), {}),
        (project("a", spec={"import": {"byName": "Required"}, "backendRef": SHARED}), {}),
        (
            project("a", spec={"import": {"byName": "Required"}, "backendRef": SHARED}, status={"endpointID": "here"}),
            {"a": "ns/a"},
        ),
        (project("a", "other", spec={"import": {"byName": "Required"}}), {}),
        (project("a", spec={"import": {"byName": "Required"}}, status={"id": "1", "endpointID": "here"}), {}),
        (project("a", spec={"name": "Team A"}), {}),
        (project("a", spec="odd", status=3), {}),
    ],
)
def test_who_is_about_to_import_by_name(raw: dict[str, Any], claimed: dict[str, str]) -> None:
    assert found(raw)[1] == claimed


def test_a_claim_is_told() -> None:
    made = claims(
        [project("a", status={"id": "1"}), project("b", spec={"import": {"byName": "Required"}})],
        "here",
        BACKEND,
        ("IdentityBackend", "default"),
    )
    assert made.of("1", "x") == "Project ns/a names it already"
    assert made.of("2", "b") == "Project ns/b is about to import it by its name"
    assert made.of("2", "x") == ""


def test_names_are_taken_in_one_namespace() -> None:
    assert taken_names([project("a"), project("b", "other")], "ns") == {"a"}
