"""Projects of many namespaces with one backend object: the real engine, virtual time, one promise a test."""

from collections.abc import Awaitable, Callable
from typing import Any

from simulation.loop import run_virtually
from simulation.world import World

from project_operator.api.names import CREDENTIALS_LABEL, FINALIZER
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, NAMESPACES, SECRETS, Resource

CLOUD = {"kind": "ClusterIdentityBackend", "name": "cloud"}
WEB = {"matchLabels": {"team": "web"}}


def told(story: Callable[[World], Awaitable[None]], **backend: Any) -> None:
    async def tell() -> None:
        async with World(**backend) as world:
            await story(world)

    run_virtually(tell())


async def refused(world: World, words: str, reason: str = "NotPermitted", name: str = "web") -> None:
    def look() -> bool:
        ready = world.condition(name)
        return ready.get("reason") == reason and words in ready["message"]

    await world.until(look, within=120)


async def backend_says(world: World, reason: str, resource: Resource = CLUSTER_IDENTITY_BACKENDS) -> str:
    """Wait for Ready's reason; its message."""
    name = "cloud" if resource is CLUSTER_IDENTITY_BACKENDS else "default"

    def ready() -> dict[str, Any]:
        conditions = ((world.kube.look(name, resource) or {}).get("status") or {}).get("conditions", [])
        return next((dict(one) for one in conditions if one["type"] == "Ready"), {})

    await world.until(lambda: ready().get("reason") == reason, within=120)
    return str(ready()["message"])


def finalizers(world: World, name: str, resource: Resource, namespace: str | None = None) -> list[str]:
    found = world.kube.look(name, resource, namespace)
    return list((found or {"metadata": {}})["metadata"].get("finalizers") or [])


def test_a_selected_namespace_has_its_projects_and_the_backend_and_its_secret_are_held() -> None:
    async def story(world: World) -> None:
        world.install_for_all()
        world.apply(backendRef=CLOUD)
        world.start()
        await world.ready()
        assert world.status()["backendRef"]["kind"] == "ClusterIdentityBackend"
        assert world.status()["deletionPolicy"] == {"policy": "Delete", "source": "default"}
        assert finalizers(world, "cloud", CLUSTER_IDENTITY_BACKENDS) == [FINALIZER]
        assert finalizers(world, "token", SECRETS, "identity") == [FINALIZER]

        world.kube.delete("cloud", CLUSTER_IDENTITY_BACKENDS)
        assert "1 Projects still use" in await backend_says(world, "InUse")
        world.kube.delete("web")
        await world.until(lambda: world.kube.look("cloud", CLUSTER_IDENTITY_BACKENDS) is None)
        assert world.backend.truth == {}
        assert finalizers(world, "token", SECRETS, "identity") == []

    told(story)


def test_a_namespace_that_is_not_selected_gets_nothing_until_it_is_labelled() -> None:
    async def story(world: World) -> None:
        world.install_for_all(namespaceSelector=WEB)
        world.apply(backendRef=CLOUD)
        world.start()
        await refused(world, "does not select the namespace 'ns'")
        assert world.backend.created == []
        assert FINALIZER not in (world.kube.look("web") or {})["metadata"].get("finalizers", [])
        world.kube.label("ns", NAMESPACES, team="web")
        await world.ready(within=5)

    told(story)


def test_no_selector_selects_nobody() -> None:
    async def story(world: World) -> None:
        world.install_for_all(namespaceSelector=None)
        world.apply(backendRef=CLOUD)
        world.start()
        await refused(world, "does not select the namespace 'ns'")
        assert world.backend.created == []

    told(story)


def test_a_namespace_that_is_not_selected_learns_nothing_of_the_connection() -> None:
    async def story(world: World) -> None:
        world.install_for_all(namespaceSelector=WEB)
        world.kube.label("token", SECRETS, "identity", _=None)
        world.apply(backendRef=CLOUD)
        world.start()
        await backend_says(world, "SecretNotLabelled")
        await refused(world, "does not select the namespace 'ns'")
        assert "Secret" not in world.condition()["message"]

    told(story)


def test_a_namespace_that_is_no_longer_selected_is_read_and_deleted_but_not_written() -> None:
    async def story(world: World) -> None:
        world.install_for_all(namespaceSelector=WEB)
        world.kube.label("ns", NAMESPACES, team="web")
        world.apply(backendRef=CLOUD, description="one")
        world.start()
        await world.ready()
        world.kube.label("ns", NAMESPACES, team=None)
        await refused(world, "does not select the namespace 'ns'")
        world.kube.edit("web", description="two")
        writes = world.backend.count("update")
        world.backend.edit(world.status()["id"], name="renamed outside")
        await world.until(lambda: world.status()["name"] == "renamed outside", within=120)
        assert world.condition()["reason"] == "NotPermitted"
        assert world.backend.count("update") == writes
        world.kube.delete("web")
        await world.until(lambda: world.kube.look("web") is None)
        assert world.backend.truth == {}

    told(story)


def test_a_selector_that_changes_is_followed_while_the_backend_cannot_be_used() -> None:
    async def story(world: World) -> None:
        world.install_for_all()
        world.apply(backendRef=CLOUD)
        world.start()
        await world.ready()
        world.kube.label("token", SECRETS, "identity", _=None)
        await backend_says(world, "SecretNotLabelled")
        assert world.is_ready(), "an outage says nothing new about what is settled"
        world.kube.edit("cloud", CLUSTER_IDENTITY_BACKENDS, namespaceSelector=WEB)
        await refused(world, "does not select the namespace 'ns'")
        calls = len(world.backend.calls)

        world.kube.delete("web")
        await refused(world, "the deletion waits: `spec.backendRef` is not permitted")
        world.kube.edit("web", deletionPolicy="Orphan")
        await world.until(lambda: world.kube.look("web") is None)
        assert len(world.backend.calls) == calls

    told(story)


def test_rules_that_change_are_followed() -> None:
    async def story(world: World) -> None:
        world.install_for_all()
        world.apply(backendRef=CLOUD)
        world.start()
        await world.ready()
        world.kube.edit("cloud", CLUSTER_IDENTITY_BACKENDS, tenancy={"namePrefix": "{namespace}."})
        await refused(world, "'web' does not begin with 'ns.'")
        world.kube.edit("web", name="ns.web")
        await world.ready(within=60)
        assert world.remote().content.name == "ns.web"

    told(story)


def test_a_secret_that_loses_its_label_ends_the_connection_and_is_used_again_when_it_has_it_back() -> None:
    async def story(world: World) -> None:
        world.install()
        world.apply()
        world.start()
        await world.ready()
        world.kube.label("token", SECRETS, "ns", _=None)
        assert CREDENTIALS_LABEL in await backend_says(world, "SecretNotLabelled", IDENTITY_BACKENDS)
        world.kube.edit("web", description="not with that credential")
        await refused(world, "SecretNotLabelled", "BackendNotReady")
        assert world.backend.count("update") == 0
        world.kube.label("token", SECRETS, "ns", _="true")
        await world.ready(within=5)

    told(story)


def test_the_finalizer_goes_from_a_secret_that_has_lost_its_label_too() -> None:
    async def story(world: World) -> None:
        world.install()
        world.start()
        await backend_says(world, "Succeeded", IDENTITY_BACKENDS)
        world.kube.label("token", SECRETS, "ns", _=None)
        await backend_says(world, "SecretNotLabelled", IDENTITY_BACKENDS)
        world.kube.delete("default", IDENTITY_BACKENDS)
        await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
        assert finalizers(world, "token", SECRETS) == []

    told(story)


def test_a_credential_of_another_organization_does_not_move_projects_there() -> None:
    async def story(world: World) -> None:
        world.install()
        world.apply()
        world.start()
        await world.ready()
        world.backend.organization_id = "elsewhere"
        world.kube.replace_secret("token", "b3RoZXI=")
        said = await backend_says(world, "OrganizationNotFound", IDENTITY_BACKENDS)
        assert "leads to organization elsewhere now, but the Projects of this object are in org" in said
        world.apply("new")
        await refused(world, "OrganizationNotFound", "BackendNotReady", "new")
        assert len(world.backend.created) == 1
        world.backend.organization_id = "org"
        world.kube.replace_secret("token", "dG9rZW4=")
        await world.ready(within=120)

    told(story)


def test_a_credential_of_another_organization_is_welcome_while_nobody_uses_the_backend() -> None:
    async def story(world: World) -> None:
        world.install()
        world.start()
        await backend_says(world, "Succeeded", IDENTITY_BACKENDS)
        world.backend.organization_id = "elsewhere"
        world.kube.replace_secret("token", "b3RoZXI=")
        await world.until(
            lambda: (world.kube.look("default", IDENTITY_BACKENDS) or {})["status"]["organizationID"] == "elsewhere"
        )

    told(story)


def test_the_default_may_be_a_backend_for_many_namespaces() -> None:
    async def story(world: World) -> None:
        world.install_for_all()
        world.default_backend = ("ClusterIdentityBackend", "cloud")
        world.apply()
        world.start()
        await world.ready()
        assert world.status()["backendRef"]["kind"] == "ClusterIdentityBackend"

    told(story)


def test_a_default_that_does_not_exist_is_named() -> None:
    async def story(world: World) -> None:
        world.default_backend = ("ClusterIdentityBackend", "cloud")
        world.apply()
        world.start()
        await refused(
            world, "the operator's default backend is ClusterIdentityBackend 'cloud', which does not", "BackendNotFound"
        )

    told(story)


def test_another_default_takes_nothing_of_the_projects_that_are() -> None:
    async def story(world: World) -> None:
        world.install()
        world.apply()
        world.start()
        await world.ready()
        await world.stop()
        before = world.status()
        world.install_for_all()
        world.default_backend = ("ClusterIdentityBackend", "cloud")
        calls = len(world.backend.requests)
        world.start()
        await refused(world, "was made with another backend than ClusterIdentityBackend 'cloud'", "BackendChanged")
        assert world.status()["id"] == before["id"]
        assert world.status()["backendRef"] == before["backendRef"]
        assert len(world.backend.requests) == calls
        # What they were made with stays as long as they do.
        world.kube.delete("default", IDENTITY_BACKENDS)
        assert "1 Projects still use" in await backend_says(world, "InUse", IDENTITY_BACKENDS)

    told(story)
