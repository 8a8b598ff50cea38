"""What is offered for import, in the order in which it has to be asked for."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from shown_cluster import ShownCluster, named

from project_operator.api.conditions import Reason
from project_operator.api.marks import Mark
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.cli.manifests import Choice, Target
from project_operator.cli.offers import look, take
from project_operator.cli.session import BackendObject
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConfigurationError,
    KubeForbidden,
    PermissionDenied,
    ProjectNotFound,
)
from project_operator.kube.resources import IDENTITY_BACKENDS, NAMESPACES, PROJECTS
from project_operator.reconcile.view import Verdict
from project_operator.runtime.connections import Connection

TARGET = Target("demo", "IdentityBackend", "default")
UID = "00000000-0000-4000-8000-000000000001"
SPEC = {"nscale": {"url": "https://i.example", "auth": {"serviceAccountToken": {"secretRef": {"name": "s"}}}}}


def remote(project_id: str, name: str = "", mark: str = "") -> RemoteProject:
    return RemoteProject(
        id=project_id,
        organization_id="o",
        content=ProjectContent(name=name or f"team-{project_id}", mark=mark),
        provisioning_status=ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
    )


class Shop:
    """A backend, and what opens it. ``born``: a Project that comes between its listing and everything after that."""

    def __init__(self, api: ShownCluster, *projects: RemoteProject) -> None:
        self.api = api
        self.projects = list(projects)
        self.born: dict[str, Any] | None = None
        self.errors: dict[str, BackendError] = {}
        self.changed: dict[str, RemoteProject] = {}
        self.verdict: Verdict | None = None
        self.read: list[str] = []

    async def open(self, _: BackendObject) -> Connection | Verdict:
        capabilities = SimpleNamespace(roles=False)
        facts = SimpleNamespace(organization_id="o")
        made = SimpleNamespace(backend=self, endpoint_id="here", capabilities=capabilities, facts=facts)
        return self.verdict or cast("Connection", made)

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        if self.born is not None:
            self.api.objects.append((PROJECTS, self.born))
        return tuple(self.projects)

    async def verify_read_access(self) -> None:
        self.read.append("access")

    async def get_project(self, project_id: str, *, group_ids: frozenset[str]) -> RemoteProject:
        assert group_ids == frozenset()
        self.read.append(project_id)
        await asyncio.sleep(0)
        if (error := self.errors.get(project_id)) is not None:
            raise error
        return self.changed.get(project_id) or next(one for one in self.projects if one.id == project_id)


@pytest.fixture
def api() -> ShownCluster:
    return ShownCluster(
        (NAMESPACES, named("demo")),
        (NAMESPACES, named("kube-system", metadata={"uid": "cluster"})),
        (IDENTITY_BACKENDS, named("default", "demo", spec=SPEC)),
    )


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NAMESPACES", "CLUSTER_ID", "CLUSTER_BACKENDS"):
        monkeypatch.delenv(f"PROJECT_OPERATOR_{name}", raising=False)


def project(name: str, namespace: str = "demo", **parts: Any) -> dict[str, Any]:
    return named(name, namespace, **({"metadata": {"uid": UID}} | parts))


def mark(name: str) -> str:
    return str(Mark.of(cluster_id="cluster", namespace="demo", name=name, namespace_uid="uid-demo", uid=UID))


async def test_a_project_that_was_born_while_the_backend_was_listed_keeps_its_own(api: ShownCluster) -> None:
    shop = Shop(api, remote("1", "team", mark("team")))
    alone = await look(api.session(), shop, TARGET)
    assert alone.obstacles == {}, "its Project is gone, and it can be taken up again"
    shop.born = project("team")
    offer = await look(api.session(), shop, TARGET)
    assert offer.obstacles == {"1": "it carries the mark of another Project; see: project-operator orphans"}
    assert offer.taken_names == {"team"}


async def test_who_is_about_to_import_it_by_name_is_in_the_way(api: ShownCluster) -> None:
    api.objects.append((PROJECTS, project("x", spec={"import": {"byName": "Required"}, "name": "team"})))
    offer = await look(api.session(), Shop(api, remote("1", "team")), TARGET)
    assert offer.obstacles == {"1": "Project demo/x is about to import it by its name"}


async def test_one_that_vanishes_amid_the_reads_does_not_keep_the_others(api: ShownCluster) -> None:
    shop = Shop(api, *(remote(str(number)) for number in range(1, 7)))
    shop.errors = {"2": ProjectNotFound("404"), "3": PermissionDenied("403"), "4": BackendUnavailable("no answer")}
    shop.changed = {"5": remote("5", mark=mark("team-5"))}
    taken = await take(api.session(), shop, TARGET, Choice(everything=True))
    assert [one.project_id for one in taken.manifests] == ["1", "6"]
    assert {one.project_id: (one.why, one.failed) for one in taken.refused} == {
        "2": ("it was there a moment ago, and is gone", False),
        "3": ("it could not be read: 403", True),
        "4": ("it could not be read: no answer", True),
        "5": ("its mark was changed while this looked; look again", False),
    }
    assert sorted(shop.read) == ["1", "2", "3", "4", "5", "6"]


async def test_an_empty_list_is_believed_of_who_may_read_alone(api: ShownCluster) -> None:
    shop = Shop(api)
    taken = await take(api.session(), shop, TARGET, Choice(names=("x*",)))
    assert (taken.manifests, taken.refused, taken.backend) == ((), (), "IdentityBackend demo/default")
    assert shop.read == ["access"]


async def test_a_tenant_may_look_from_its_namespace(api: ShownCluster, capsys: pytest.CaptureFixture[str]) -> None:
    api.forbidden = {
        *("list projects", "list clusteridentitybackends", "list identitybackends"),
        *("get namespaces demo", "get namespaces kube-system"),
    }
    api.objects += [(PROJECTS, project("a", status={"id": "1", "endpointID": "here"}))]
    offer = await look(api.session(), Shop(api, remote("1"), remote("2")), TARGET)
    assert offer.obstacles == {"1": "Project demo/a names it already"}
    assert offer.heritage is None
    err = capsys.readouterr().err
    assert err.startswith("project-operator: Projects of other namespaces are not seen, so what one of them names")
    assert err.count("\n") == 1


async def test_the_settings_do_not_hide_the_namespace_that_is_meant(api: ShownCluster) -> None:
    api.objects += [(PROJECTS, project("a")), (PROJECTS, project("b", "watched"))]
    offer = await look(api.session(namespaces=("watched",)), Shop(api), TARGET)
    assert offer.taken_names == {"a"}


@pytest.mark.parametrize(
    ("target", "forbidden", "known"),
    [
        (Target("demo", "IdentityBackend", "other"), [], "IdentityBackend demo/default"),
        (Target("empty", "IdentityBackend", "default"), ["list clusteridentitybackends"], "none"),
        (Target("demo", "ClusterIdentityBackend", "default"), [], "IdentityBackend demo/default"),
    ],
)
async def test_a_backend_object_that_is_not_there_is_told_with_those_that_are(
    api: ShownCluster, target: Target, forbidden: list[str], known: str
) -> None:
    api.forbidden = set(forbidden)
    with pytest.raises(ConfigurationError) as error:
        await look(api.session(), Shop(api), target)
    said = f"there is no {target.backend_kind} '{target.backend_name}' for namespace '{target.namespace}'"
    assert str(error.value) == f"{said}; there are: {known}; give --backend, --backend-kind and --namespace"


async def test_a_backend_that_cannot_be_used_says_why(api: ShownCluster) -> None:
    shop = Shop(api)
    shop.verdict = Verdict(Reason.CREDENTIALS_REJECTED, "401")
    with pytest.raises(BackendError, match=r"IdentityBackend demo/default cannot be used: 401\. Put a valid token"):
        await look(api.session(), shop, TARGET)
    api.forbidden = {"get identitybackends default in demo"}
    with pytest.raises(KubeForbidden):
        await look(api.session(), shop, TARGET)
