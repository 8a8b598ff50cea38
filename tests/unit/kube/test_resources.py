"""Where each kind is served."""

import pytest

from project_operator.kube.resources import (
    DEFINITIONS,
    EVENTS,
    IDENTITY_BACKENDS,
    NAMESPACES,
    PROJECTS,
    SECRETS,
    Resource,
)

GROUP = "/apis/identity.project-operator.dev/v1alpha1"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (PROJECTS.path("team-a"), f"{GROUP}/namespaces/team-a/projects"),
        (PROJECTS.path("team-a", "alpha"), f"{GROUP}/namespaces/team-a/projects/alpha"),
        (PROJECTS.path("team-a", "alpha", "status"), f"{GROUP}/namespaces/team-a/projects/alpha/status"),
        (PROJECTS.path(None), f"{GROUP}/projects"),
        (IDENTITY_BACKENDS.path("team-a", "nscale"), f"{GROUP}/namespaces/team-a/identitybackends/nscale"),
        (SECRETS.path("team-a", "token"), "/api/v1/namespaces/team-a/secrets/token"),
        (NAMESPACES.path(None, "kube-system"), "/api/v1/namespaces/kube-system"),
        (EVENTS.path("team-a"), "/apis/events.k8s.io/v1/namespaces/team-a/events"),
        (DEFINITIONS.path(None, "x.y.z"), "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x.y.z"),
    ],
)
def test_paths(path: str, expected: str) -> None:
    assert path == expected


def test_a_name_cannot_leave_its_place_in_the_path() -> None:
    assert PROJECTS.path("a/b", "../c?d#e") == f"{GROUP}/namespaces/a%2Fb/projects/..%2Fc%3Fd%23e"


def test_a_cluster_wide_kind_takes_no_namespace() -> None:
    with pytest.raises(ValueError, match="namespaces are not in namespaces, so 'team-a' cannot be one"):
        NAMESPACES.path("team-a", "x")


@pytest.mark.parametrize(("resource", "expected"), [(SECRETS, "v1"), (EVENTS, "events.k8s.io/v1")])
def test_api_version_is_as_manifests_write_it(resource: Resource, expected: str) -> None:
    assert resource.api_version == expected
