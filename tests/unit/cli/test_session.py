"""What is asked of the API server for a look at our objects."""

import pytest
from shown_cluster import ShownCluster, named

from project_operator.cli.session import shared_backends, snapshot
from project_operator.errors import ConfigurationError, KubeForbidden
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS


def cluster(*forbidden: str, unserved: tuple[str, ...] = ()) -> ShownCluster:
    return ShownCluster(
        (PROJECTS, named("a", "demo")),
        (PROJECTS, named("b", "other")),
        (IDENTITY_BACKENDS, named("own", "demo")),
        (CLUSTER_IDENTITY_BACKENDS, named("shared")),
        forbidden=forbidden,
        unserved=unserved,
    )


async def test_everything_where_nothing_is_named() -> None:
    seen = await snapshot(cluster().session())
    assert [raw["metadata"]["name"] for raw in seen.projects] == ["a", "b"]
    assert list(map(str, seen.backends)) == ["IdentityBackend demo/own"]


async def test_what_is_of_the_whole_cluster_is_asked_for_apart() -> None:
    assert list(map(str, await shared_backends(cluster().session()))) == ["ClusterIdentityBackend shared"]
    nobody = cluster()
    assert await shared_backends(nobody.session(cluster_backends=False)) == ()
    assert nobody.asked == []
    with pytest.raises(KubeForbidden, match=r"403 Forbidden$"):
        await shared_backends(cluster("list clusteridentitybackends").session())
    with pytest.raises(ConfigurationError, match=r"project-operator crds \| kubectl apply"):
        await shared_backends(cluster(unserved=("clusteridentitybackends",)).session())


async def test_a_namespace_that_is_named_is_all_that_is_asked_for() -> None:
    api = cluster("list projects", "list identitybackends", "list clusteridentitybackends")
    seen = await snapshot(api.session(), ("demo", "demo"))
    assert [raw["metadata"]["name"] for raw in seen.projects] == ["a"]
    assert api.asked == ["list projects in demo", "list identitybackends in demo"]


async def test_what_is_named_goes_before_the_settings() -> None:
    api = cluster()
    await snapshot(api.session(namespaces=("other",)), ("demo",))
    await snapshot(api.session(namespaces=("other",)))
    assert api.asked == [
        *("list projects in demo", "list identitybackends in demo"),
        *("list projects in other", "list identitybackends in other"),
    ]


async def test_who_may_not_look_everywhere_is_told_to_name_namespaces() -> None:
    with pytest.raises(KubeForbidden, match=r"403 Forbidden; name the namespaces that you may look into, with --name"):
        await snapshot(cluster("list projects").session())
    with pytest.raises(KubeForbidden, match=r"403 Forbidden$"):
        await snapshot(cluster("list projects in demo").session(), ("demo",))


@pytest.mark.parametrize("unserved", ["projects", "identitybackends"])
async def test_kinds_that_are_not_there_are_to_be_installed(unserved: str) -> None:
    with pytest.raises(ConfigurationError, match=r"project-operator crds \| kubectl apply"):
        await snapshot(cluster(unserved=(unserved,)).session())
