"""What a listing suggests is read one by one before it is said."""

import asyncio
from collections.abc import Mapping

import pytest

from project_operator.api.marks import Mark
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.cli.absences import Unshown
from project_operator.cli.confirming import AT_ONCE, READ_AGAIN, Reading
from project_operator.cli.strays import Cluster, Kind, Known, Listing, Owner, Stray, marked
from project_operator.errors import BackendError, BackendUnavailable, PermissionDenied, ProjectNotFound

NOBODY = "00000000-0000-4000-8000-000000000009"
LAG = 0.05


def mark(cluster: str = "mine", uid: str = NOBODY) -> str:
    return str(Mark.of(cluster_id=cluster, namespace="ns", name="a", namespace_uid="n", uid=uid))


def remote(project_id: str, token: str | None = None, *, enabled: bool | None = None) -> RemoteProject:
    return RemoteProject(
        id=project_id,
        organization_id="o",
        content=ProjectContent(name="a", mark=mark() if token is None else token, enabled=enabled),
        provisioning_status=ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
    )


class Backend:
    """Shows `projects`, or raises what stands there; not-found for all else."""

    def __init__(self, projects: Mapping[str, RemoteProject | BackendError]) -> None:
        self.projects = dict(projects)
        self.read: list[tuple[str, float]] = []
        self.under_way = self.most = 0
        self.reads_nothing = False

    async def get_project(self, project_id: str) -> RemoteProject:
        self.read.append((project_id, asyncio.get_running_loop().time()))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        found = self.projects.get(project_id) or ProjectNotFound("not found")
        if isinstance(found, BackendError):
            raise found
        return found

    async def verify_read_access(self) -> None:
        if self.reads_nothing:
            raise PermissionDenied("it may read nothing")


def reading(backend: Backend, said: list[str] | None = None) -> Reading:
    return Reading({"backend": backend}, (said if said is not None else []).append)


async def confirmed(
    backend: Backend, *listed: RemoteProject, cluster: str = "mine"
) -> tuple[tuple[Stray, ...], Reading]:
    listing = Listing("backend", "here", "u", "e", listed)
    known = Known.of([Cluster("here", cluster, ())], [listing], frozenset())
    read = reading(backend)
    return await read.still_so(marked([listing], known), {"backend": listing}, known), read


async def test_what_ended_or_changed_meanwhile_is_not_told() -> None:
    backend = Backend({"1": remote("1"), "2": remote("2", mark(uid=NOBODY.replace("9", "8")))})
    found, _ = await confirmed(backend, remote("1"), remote("2"), remote("3"))
    assert [(one.project_id, one.kind) for one in found] == [("1", Kind.LEFT_OVER)]


async def test_a_read_shows_what_a_listing_leaves_out() -> None:
    found, _ = await confirmed(Backend({"1": remote("1", enabled=False)}), remote("1"))
    assert [one.kind for one in found] == [Kind.SWITCHED_OFF]


async def test_of_other_clusters_projects_none_is_read() -> None:
    backend = Backend({})
    found, _ = await confirmed(backend, *(remote(str(number)) for number in range(100)), cluster="another")
    assert len(found) == 100
    assert backend.read == []
    assert Kind.OTHER_CLUSTER not in READ_AGAIN


async def test_many_are_read_a_few_at_a_time() -> None:
    projects = {str(number): remote(str(number)) for number in range(30)}
    backend = Backend(projects)
    found, _ = await confirmed(backend, *projects.values())
    assert (len(found), backend.most) == (30, AT_ONCE)


async def test_a_backend_that_fails_is_asked_no_more_and_named() -> None:
    projects = {str(number): BackendUnavailable("down") for number in range(30)}
    backend = Backend(projects)
    found, read = await confirmed(backend, *(remote(one) for one in projects))
    assert (found, read.failures) == ((), {"backend": "down"})
    assert len(backend.read) <= AT_ONCE


def unshown(*ids: str) -> list[Unshown]:
    listing = Listing("backend", "here", "u", "e", (), lag=LAG)
    raws = ({"metadata": {"namespace": "ns", "name": one, "uid": one}, "status": {"id": one}} for one in ids)
    return [Unshown(listing, Owner(raw, "here")) for raw in raws]


async def test_gone_is_what_two_reads_say_the_second_after_the_read_lag() -> None:
    backend = Backend({"there": remote("there")})
    after = asyncio.get_running_loop().time()
    found = await reading(backend).gone(unshown("there", "gone"), frozenset(), after=after)
    assert [one.project_id for one in found] == ["gone"]
    assert [project_id for project_id, _ in backend.read] == ["there", "gone", "gone"]
    assert backend.read[-1][1] > after + LAG


async def test_one_not_found_is_no_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that was made while the backend was listed, and that reads do not show as yet."""
    backend = Backend({})
    sleep = asyncio.sleep

    async def meanwhile(seconds: float) -> None:
        if seconds > 0:
            backend.projects["new"] = remote("new")
        await sleep(0)

    monkeypatch.setattr("project_operator.cli.confirming.asyncio.sleep", meanwhile)
    after = asyncio.get_running_loop().time()
    assert await reading(backend).gone(unshown("new"), frozenset(), after=after) == ()
    assert len(backend.read) == 2


async def test_who_reads_nothing_says_nothing() -> None:
    backend = Backend({})
    backend.reads_nothing = True
    read = reading(backend)
    assert await read.gone(unshown("1"), {"backend"}, after=0.0) == ()
    assert (read.failures, backend.read) == ({"backend": "it may read nothing"}, [])


async def test_an_error_is_no_absence() -> None:
    read = reading(Backend({"1": PermissionDenied("forbidden")}))
    assert await read.gone(unshown("1"), frozenset(), after=0.0) == ()
    assert read.failures == {"backend": "forbidden"}


async def test_a_long_wait_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    sleep = asyncio.sleep
    monkeypatch.setattr("project_operator.cli.confirming.asyncio.sleep", lambda _: sleep(0))
    after = asyncio.get_running_loop().time() + 10
    assert len(await reading(Backend({}), said).gone(unshown("1"), frozenset(), after=after)) == 1
    assert said == ["1 projects are not shown; they are looked for again in 10 s (readLag)"]
