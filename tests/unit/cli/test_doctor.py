"""What `doctor` asks, how much of it at a time, and what it makes of refusals."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from shown_cluster import ShownCluster, named

from project_operator.api.conditions import Reason
from project_operator.cli import doctor
from project_operator.cli.findings import Credential, Level
from project_operator.cli.session import BackendObject
from project_operator.errors import CredentialsRejected, KubeUnavailable, PermissionDenied
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS
from project_operator.reconcile.view import Verdict
from project_operator.runtime.connections import Connection

FACTS = SimpleNamespace(
    organization_name="acme",
    organization_id="o",
    principal="",
    credential_expires_at=None,
    credential_renews=False,
    not_renewed="",
)


class Backends:
    """Opens connections to one place for each first letter of a name, and counts what is asked."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors
        self.calls: list[str] = []
        self.under_way = 0
        self.most = 0

    async def open(self, backend: BackendObject) -> Connection | Verdict:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        name = str(backend.raw["metadata"]["name"])
        if (error := self.errors.get(name)) is not None:
            raise error

        async def list_projects() -> list[str]:
            self.calls.append(f"list {name}")
            return ["p"] if name[0] != "e" else []

        async def verify_read_access() -> None:
            self.calls.append(f"verify {name}")
            if name == "e2":
                raise PermissionDenied("403")

        opened = SimpleNamespace(list_projects=list_projects, verify_read_access=verify_read_access)
        return cast("Connection", SimpleNamespace(backend=opened, endpoint_id=name[0], facts=FACTS))


def objects(*names: str) -> list[BackendObject]:
    return [BackendObject(IDENTITY_BACKENDS, named(name, "ns", spec={})) for name in names]


async def test_a_place_is_listed_once_and_every_credential_is_tried() -> None:
    backends = Backends(b=CredentialsRejected("401"), c=KubeUnavailable("get secrets/c: no answer"))
    answers = await doctor.survey(backends, objects("a1", "a2", "b", "c", "e1", "e2"))
    assert backends.calls == ["list a1", "verify a2", "list e1", "verify e1", "verify e2"]
    first, second, rejected, unknown, empty, forbidden = answers
    assert isinstance(first, Credential)
    assert isinstance(second, Credential)
    assert isinstance(empty, Credential)
    assert (first.projects, second.projects, empty.projects) == (1, None, 0)
    assert rejected == Verdict(Reason.CREDENTIALS_REJECTED, "401")
    assert isinstance(unknown, KubeUnavailable)
    assert forbidden == Verdict(Reason.PERMISSION_DENIED, "403")


async def test_not_all_are_asked_at_once() -> None:
    backends = Backends()
    await doctor.survey(backends, objects(*(f"a{number}" for number in range(50))))
    assert backends.most == doctor.BACKENDS_AT_ONCE
    assert len(backends.calls) == 50


@pytest.mark.parametrize("forbidden", ["list projects", "list identitybackends", "list clusteridentitybackends"])
async def test_what_may_not_be_listed_is_a_finding_and_the_rest_is_looked_at(
    forbidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = ShownCluster((PROJECTS, named("a", "ns")), (IDENTITY_BACKENDS, named("b", "ns")), forbidden=[forbidden])

    async def survey(_: Any, backends: list[BackendObject]) -> list[Any]:
        return [Verdict(Reason.CREDENTIALS_REJECTED, "401") for _ in backends]

    class Nothing:
        async def __aenter__(self) -> None:
            return None

        async def __aexit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(doctor, "survey", survey)
    monkeypatch.setattr(doctor, "opener", lambda _: Nothing())
    found = [*await doctor._projects(api.session()), *await doctor._backends(api.session())]
    unknown = [one for one in found if one.level is Level.UNKNOWN]
    assert [one.message for one in unknown] == [f"{forbidden}: 403 Forbidden"]
    assert all(one.remedy for one in unknown)
    rest = {(one.check, one.level) for one in found if one not in unknown}
    expected = {("projects", Level.OK), ("backends", Level.PROBLEM)}
    lost = {"list projects": ("projects", Level.OK), "list identitybackends": ("backends", Level.PROBLEM)}
    assert rest == expected - {lost.get(forbidden, ("", Level.OK))}


async def test_an_api_server_that_goes_away_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        async def __aenter__(self) -> None:
            raise KubeUnavailable("get services: no answer")

        async def __aexit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(doctor, "opener", lambda _: Gone())
    (found,) = await doctor._backends(ShownCluster((IDENTITY_BACKENDS, named("b", "ns"))).session())
    assert (found.level, found.message) == (Level.UNKNOWN, "get services: no answer")
