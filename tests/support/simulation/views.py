"""Views for tests of single decisions: everything ordinary, until a test says otherwise."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from project_operator.api.marks import Mark
from project_operator.api.v1alpha1.project import Project
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.reconcile.evidence import NEVER, Listing
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.record import Timing
from project_operator.reconcile.view import BackendView, Cadence, Verdict, View, record_of
from simulation.backend import SimulatedBackend

NOW = 1000.0
WALL = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UID = "00000000-0000-4000-8000-00000000000a"
CLUSTER = "cluster"


def mark_of(uid: str = UID, *, name: str = "web", namespace_uid: str = "n1", cluster: str = CLUSTER) -> str:
    """The mark of the Project ``ns/<name>``."""
    return str(Mark.of(cluster_id=cluster, namespace="ns", name=name, namespace_uid=namespace_uid, uid=uid))


def a_project(*, spec: Any = None, status: Any = None, **metadata: Any) -> Project:
    """A Project of generation 1."""
    plain = {"name": "web", "namespace": "ns", "uid": UID, "resourceVersion": "1", "generation": 1}
    return Project.parse({"metadata": plain | metadata, "spec": spec or {}, "status": status or {}})


def a_remote(project_id: str = "p1", *, mark: str = "", name: str = "web", **facts: Any) -> RemoteProject:
    """A provisioned, healthy project."""
    ordinary: dict[str, Any] = {
        "organization_id": "org",
        "content": ProjectContent(name, mark=mark),
        "provisioning_status": ProvisioningStatus.PROVISIONED,
        "health_status": HealthStatus.HEALTHY,
        "creation_time": WALL,
    }
    return RemoteProject(id=project_id, **(ordinary | facts))


def a_listing(*projects: RemoteProject, begun_at: float = NOW, credible: bool = True) -> Listing:
    """A complete listing."""
    return Listing.of(projects, begun_at=begun_at, credible=credible)


def a_backend(**facts: Any) -> BackendView:
    """A backend that is connected and allows everything."""
    ordinary: dict[str, Any] = {
        "kind": "IdentityBackend",
        "name": "default",
        "uid": "b1",
        "endpoint_id": "e1",
        "organization_id": "org",
        "revision": "r1",
        "unsupported": lambda _project: (),
        "planner": SimulatedBackend(Random(1)),  # noqa: S311 - a simulation wants to be repeated
        "default_deletion_policy": "Delete",
        "deletion_policy_source": "default",
        "principal": "robot",
        "read_verified_at": NOW,
    }
    return BackendView(**(ordinary | facts))


def a_view(
    project: Project | None = None, backend: BackendView | Verdict | None = None, *, memory: Any = None, **facts: Any
) -> View:
    """A view at `NOW` of a Project first seen long ago; ``memory`` is fields of `Memory`."""
    project = project or a_project()
    remembered: dict[str, Any] = {"record": record_of(project), "record_since": NOW - 1000.0} | (memory or {})
    ordinary: dict[str, Any] = {
        "now": NOW,
        "wall": WALL,
        "started_at": NEVER,
        "mark": mark_of(),
        "timing": Timing(),
        "token": "t1",
        "cadence": Cadence(),
    }
    return View(
        project=project,
        backend=backend if backend is not None else a_backend(),
        memory=Memory(**remembered),
        **(ordinary | facts),
    )
