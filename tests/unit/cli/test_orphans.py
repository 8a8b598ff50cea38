"""`project-operator orphans` over clusters and backends of a few lines: who is asked, and what is said of the rest."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from project_operator.api import names
from project_operator.api.conditions import Reason
from project_operator.api.marks import Mark
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.backends.otc.sightings import BELIEVED_FOR
from project_operator.cli import main, surveying
from project_operator.cli.opening import Opener
from project_operator.cli.session import BackendObject, Session
from project_operator.errors import KubeForbidden, KubeNotFound, KubeUnavailable, ProjectNotFound
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS, Resource
from project_operator.reconcile.view import Verdict
from project_operator.settings import Settings

UID, NOBODY = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000009"
WELL = "every mark has its Project, and every Project its project\n"

Raw = dict[str, Any]


def backend(name: str, **metadata: Any) -> Raw:
    spec = {
        "nscale": {"url": "https://identity.example", "auth": {"serviceAccountToken": {"secretRef": {"name": "s"}}}},
        "consistency": {"readLag": "0s"},
    }
    own = {"namespace": "ns", "name": name, "uid": name, "resourceVersion": "1", "generation": 1}
    return {"apiVersion": names.API_VERSION, "kind": "IdentityBackend", "metadata": own | metadata, "spec": spec}


def project(name: str, project_id: str, made_with: str = "default", uid: str = UID) -> Raw:
    ref = {"kind": "IdentityBackend", "name": made_with, "uid": made_with}
    status = {"id": project_id, "endpointID": "e", "backendRef": ref}
    return {"metadata": {"namespace": "ns", "name": name, "uid": uid}, "status": status}


def remote(project_id: str, cluster: str, uid: str = UID) -> RemoteProject:
    token = str(Mark.of(cluster_id=cluster, namespace="ns", name="a", namespace_uid="n", uid=uid))
    return RemoteProject(
        id=project_id,
        organization_id="o",
        content=ProjectContent(name="a", mark=token),
        provisioning_status=ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
    )


class Backend:
    """Shows its projects, by list and by id."""

    def __init__(self, *projects: RemoteProject) -> None:
        self.projects = {one.id: one for one in projects}

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        return tuple(self.projects.values())

    async def get_project(self, project_id: str) -> RemoteProject:
        if project_id not in self.projects:
            raise ProjectNotFound("not found")
        return self.projects[project_id]

    async def verify_read_access(self) -> None:
        """It reads."""


@dataclass
class Site:
    """A cluster: its id, its Projects, its backend objects, and what each of these is shown."""

    id: str
    projects: list[Raw] = field(default_factory=list)
    backends: list[Raw] = field(default_factory=lambda: [backend("default")])
    shown: Mapping[str, Backend | Verdict] = field(default_factory=dict)
    shared: list[Raw] | Exception = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def list(self, resource: Resource, namespace: str | None = None) -> list[Raw]:
        assert namespace is None, "whatever the settings say: a mark may be of any Project"
        self.asked.append(resource.plural)
        found = {PROJECTS: self.projects, IDENTITY_BACKENDS: self.backends, CLUSTER_IDENTITY_BACKENDS: self.shared}
        answer = found[resource]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def get(self, _resource: Resource, _namespace: str | None, _name: str) -> Raw:
        return {"metadata": {"uid": self.id}}

    async def open(self, one: BackendObject) -> Any:
        self.asked.append(one.uid)
        shown = self.shown.get(one.uid, Backend())
        return shown if isinstance(shown, Verdict) else SimpleNamespace(endpoint_id="e", backend=shown)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Site]:
    """Clusters by their contexts; "": the current one."""
    sites: dict[str, Site] = {}

    @asynccontextmanager
    async def visit(**said: Any) -> AsyncIterator[Session]:
        if (there := said.get("context", "")) not in sites:
            raise KubeUnavailable("no answer from the API server")
        yield Session(cast("KubeApi", sites[there]), Settings(**said), "a test")

    @asynccontextmanager
    async def opener(session: Session) -> AsyncIterator[Opener]:
        yield cast("Opener", session.api)

    monkeypatch.setattr(surveying, "visit", visit)
    monkeypatch.setattr(surveying, "opener", opener)
    return sites


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def ran(*options: str) -> tuple[int, str, str]:
        status = main(["orphans", *options])
        out, err = capsys.readouterr()
        return status, out, err

    return ran


def kinds(out: str) -> list[tuple[str, str]]:
    return [(one["projectID"], one["kind"]) for one in json.loads(out)["orphans"]]


def test_all_is_well_is_said_where_everything_was_asked(world: dict[str, Site], run: Any) -> None:
    world[""] = Site("mine", [project("a", "1")], shown={"default": Backend(remote("1", "mine"))})
    assert run() == (0, WELL, "")
    # Whatever is made while this goes on has its Project by then.
    assert world[""].asked[-2:] == ["default", "projects"]


def test_it_is_not_said_where_a_backend_object_could_not_be_asked(world: dict[str, Site], run: Any) -> None:
    dead = Verdict(Reason.BACKEND_UNAVAILABLE, "no answer")
    world[""] = Site("mine", [project("a", "1", "dead")], [backend("default"), backend("dead")], {"dead": dead})
    status, out, err = run()
    assert status == 1
    assert WELL not in out
    assert out == "nothing was found at what was asked; 1 could not be asked or judged; stderr names them\n"
    assert err == "not asked or not judged: IdentityBackend ns/dead: BackendUnavailable: no answer\n"
    status, out, _ = run("--output=json")
    assert json.loads(out)["notAsked"] == {"IdentityBackend ns/dead": "BackendUnavailable: no answer"}


def test_what_the_settings_leave_out_is_named_and_is_no_failure(
    world: dict[str, Site], run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = backend("shared", namespace=None)
    world[""] = Site("mine", [project("a", "1")], [backend("default"), backend("b", namespace="x")], shared=[shared])
    world[""].shown = {"default": Backend(remote("1", "mine"))}
    monkeypatch.setenv("PROJECT_OPERATOR_NAMESPACES", "ns")
    monkeypatch.setenv("PROJECT_OPERATOR_CLUSTER_BACKENDS", "false")
    status, out, _ = run("--output=json")
    assert status == 0
    assert json.loads(out)["notAsked"] == {
        "IdentityBackend x/b": "its namespace is none of PROJECT_OPERATOR_NAMESPACES",
        "ClusterIdentityBackend shared": "PROJECT_OPERATOR_CLUSTER_BACKENDS says that there are none",
    }
    assert {"b", "shared"}.isdisjoint(world[""].asked)
    assert WELL not in run()[1]


def test_without_a_backend_object_nothing_is_well(world: dict[str, Site], run: Any) -> None:
    world[""] = Site("mine", backends=[], shared=KubeNotFound("this kind is not served"))
    assert run() == (0, "there is no backend object to ask\n", "")


def test_what_a_weaker_credential_does_not_see_lives(world: dict[str, Site], run: Any) -> None:
    world[""] = Site("mine", [project("a", "1")], [backend("weak"), backend("default")])
    world[""].shown = {"default": Backend(remote("1", "mine"))}
    assert run() == (0, WELL, "")


def test_gone_is_what_the_own_backend_object_does_not_know(world: dict[str, Site], run: Any) -> None:
    world[""] = Site("mine", [project("a", "1")])
    status, out, _ = run("--output=json", "--exit-code")
    assert (status, kinds(out)) == (3, [("1", "gone")])


def test_a_project_that_went_with_its_project_meanwhile_is_not_told(world: dict[str, Site], run: Any) -> None:
    class Ending(Backend):
        async def get_project(self, project_id: str) -> RemoteProject:
            world[""].projects = []
            return await super().get_project(project_id)

    world[""] = Site("mine", [project("a", "1")], shown={"default": Ending()})
    assert run() == (0, WELL, "")


def test_the_cluster_id_that_was_not_given_is_missed_and_nothing_is_called_left_over(
    world: dict[str, Site], run: Any
) -> None:
    left_over = remote("7", "release-id", NOBODY)
    world[""] = Site("kube-system", [project("a", "1")])
    world[""].shown = {"default": Backend(remote("1", "release-id"), left_over)}
    assert kinds(run("--output=json")[1]) == [("1", "other cluster id"), ("7", "other cluster")]
    assert kinds(run("--output=json", "--cluster-id=release-id")[1]) == [("7", "left over")]


def test_another_cluster_is_judged_by_its_own_id_and_through_its_own_backend_objects(
    world: dict[str, Site], run: Any
) -> None:
    theirs = [remote("2", "its-id", NOBODY), remote("3", "its-id", NOBODY.replace("9", "8"))]
    world[""] = Site("mine", [], shown={"default": Backend(*theirs)})
    east = Site("kube-system", [project("b", "2", uid=NOBODY), project("c", "4", "theirs", uid=UID)])
    east.backends, east.shown = [backend("theirs")], {"theirs": Backend(*theirs)}
    east.projects[0]["status"]["backendRef"]["uid"] = "theirs"
    world["east"] = east

    status, out, _ = run("--output=json", "--also-context=east=its-id")
    assert status == 0
    assert kinds(out) == [("3", "left over"), ("4", "gone")]
    assert {one["backend"] for one in json.loads(out)["orphans"]} == {
        "IdentityBackend ns/default",
        "IdentityBackend ns/theirs, east",
    }
    assert ("2", "other cluster id") in kinds(run("--output=json", "--also-context=east")[1])


@pytest.mark.parametrize("said", ["=id", "east="])
def test_half_a_context_is_refused(run: Any, said: str) -> None:
    status, _, err = run(f"--also-context={said}")
    assert status == 2
    assert "NAME=CLUSTERID" in err


def test_a_cluster_that_does_not_answer_is_named(world: dict[str, Site], run: Any) -> None:
    world[""] = Site("mine")
    status, _, err = run("--also-context=east")
    assert status == 1
    assert "--also-context east: no answer" in err


def test_who_may_not_see_all_namespaces_is_told_what_for(world: dict[str, Site], run: Any) -> None:
    world[""] = Site("mine", shared=KubeForbidden("clusteridentitybackends is forbidden"))
    status, _, err = run()
    assert status == 1
    assert "would be called left over" in err


def test_help_says_when_the_cluster_id_is_needed(run: Any) -> None:
    out = " ".join(run("--help")[1].split())
    assert "Give --cluster-id where the release has a clusterID" in out


def test_a_not_found_proves_less_at_open_telekom_cloud() -> None:
    def lag(spec: Mapping[str, Any]) -> float:
        raw = backend("default") | {"spec": {"consistency": {"readLag": "60s"}, **spec}}
        return surveying._lag(BackendObject(IDENTITY_BACKENDS, raw))

    assert lag(cast("Raw", backend("default")["spec"]) | {"consistency": {"readLag": "60s"}}) == 60.0
    otc = {
        "url": "https://iam.example/v3",
        "domain": {"name": "OTC1"},
        "auth": {"password": {"secretRef": {"name": "s"}}},
    }
    assert lag({"openTelekomCloud": otc | {"region": "eu-de"}}) == BELIEVED_FOR


def test_a_word_of_acceptance_that_is_no_number_is_none() -> None:
    def accepted(annotations: Iterable[tuple[str, str]]) -> int:
        raw = backend("default", annotations=dict(annotations))
        return surveying._accepted(BackendObject(IDENTITY_BACKENDS, raw))

    assert accepted([(names.ACCEPT_ABSENCE_ANNOTATION, "12")]) == 12
    assert accepted([(names.ACCEPT_ABSENCE_ANNOTATION, "all")]) == accepted([]) == 0
