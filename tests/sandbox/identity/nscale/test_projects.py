"""What the server does with projects, by the rows of docs/backends/nscale.md; a server without the trait fails them."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from project_operator.sandbox.identity.dispatch import ConnectionDropped
from project_operator.sandbox.identity.nscale import projects, views
from project_operator.sandbox.identity.nscale.cache import Cache
from project_operator.sandbox.identity.nscale.controller import Controller
from project_operator.sandbox.identity.nscale.operations import Operation
from project_operator.sandbox.identity.nscale.resources import CONTROLLER_FINALIZER, Project
from project_operator.sandbox.identity.nscale.state import State
from project_operator.sandbox.identity.nscale.store import Store

if TYPE_CHECKING:
    from tests.sandbox.identity.nscale.conftest import Bench

Check = Callable[["Bench"], Awaitable[None]]


def body(name: str = "p", **metadata: Any) -> dict[str, Any]:
    group_ids = metadata.pop("groupIDs", [])
    return {"metadata": {"name": name, **metadata}, "spec": {"groupIDs": group_ids}}


# Creation


async def names_are_not_unique(bench: Bench) -> None:  # N0-1
    first, second = await bench.create("same"), await bench.create("same")
    assert first["metadata"]["id"] != second["metadata"]["id"]


async def a_new_project_is_unknown_and_carries_the_page_s_fields_only(bench: Bench) -> None:  # N2-10, N1.2-2, N1.2-5
    document = await bench.create("p", tags=[])
    metadata = document["metadata"]
    assert metadata["provisioningStatus"] == bench.state.dialect.initial_status
    assert metadata["healthStatus"] == "unknown"
    assert set(metadata) == {
        "id", "name", "organizationId", "creationTime", "createdBy", "provisioningStatus", "healthStatus"
    }  # fmt: skip
    assert metadata["createdBy"] == bench.server.service_account_id
    assert document["spec"] == {"groupIDs": []}


async def ids_are_uuids_that_begin_with_a_letter(bench: Bench) -> None:  # N1.2-1
    for _ in range(20):
        project_id = (await bench.create())["metadata"]["id"]
        assert str(uuid.UUID(project_id)) == project_id
        assert project_id[0] in "abcdef"


async def reads_lag_behind_a_creation(bench: Bench) -> None:  # N0-2
    project_id = (await bench.create())["metadata"]["id"]
    assert (await bench.get(project_id)).status_code == 404
    assert await bench.listed() == []
    bench.after(1.0)
    assert (await bench.get(project_id)).status_code == 200
    assert await bench.listed() == [project_id]


async def both_statuses_settle_at_once(bench: Bench) -> None:  # N2-11, N2-12
    project_id = (await bench.create())["metadata"]["id"]
    seen = []
    for _ in range(120):
        bench.after(0.1)
        response = await bench.get(project_id)
        if response.status_code == 200:
            metadata = response.json()["metadata"]
            seen.append((metadata["provisioningStatus"], metadata["healthStatus"]))
    assert list(dict.fromkeys(seen)) == [(bench.state.dialect.initial_status, "unknown"), ("provisioned", "healthy")]


async def a_failed_provision_shows_as_error_and_heals(bench: Bench) -> None:  # N2-13
    bench.state.configure(bench.state.settings.model_copy(update={"failing_provisions": 1}))
    project_id = (await bench.create())["metadata"]["id"]
    bench.after(11.0)
    metadata = (await bench.read(project_id))["metadata"]
    assert (metadata["provisioningStatus"], metadata["healthStatus"]) == ("error", "unknown")
    bench.after(10.0)
    metadata = (await bench.read(project_id))["metadata"]
    assert (metadata["provisioningStatus"], metadata["healthStatus"]) == ("provisioned", "healthy")


async def what_is_written_reads_back_as_the_server_keeps_it(bench: Bench) -> None:  # N1.1-2 to N1.1-5
    group = bench.group()
    tags = [{"name": "b", "value": "2"}, {"name": "a", "value": ""}, {"name": "b", "value": "2"}]
    document = body("A_b-c.9", description="", tags=tags, groupIDs=[group, group], colour="red")
    response = await bench.call("POST", bench.projects, document | {"more": 1})
    read = response.json()
    assert read["metadata"]["name"] == "A_b-c.9"
    assert read["metadata"]["description"] == ""
    assert read["metadata"]["tags"] == tags
    assert read["spec"] == {"groupIDs": [group, group]}
    assert "colour" not in read["metadata"]


async def an_unknown_group_is_refused_and_named(bench: Bench) -> None:  # N0-9, N1.3-1
    known, unknown = bench.group(), str(uuid.uuid4())
    response = await bench.call("POST", bench.projects, body(groupIDs=[known, unknown]))
    assert response.status_code == 400
    assert response.json() == {"error": "invalid_request", "error_description": f"group ID {unknown} does not exist"}
    assert not list(bench.state.store.all(Project))


async def creator_and_modifier_are_who_called(bench: Bench) -> None:  # N1.2-4
    project_id = (await bench.create(token=bench.robot("project-manager").token))["metadata"]["id"]
    bench.after(11.0)
    await bench.put(project_id, body(), token=bench.server.platform_token)
    bench.after(1.0)
    metadata = (await bench.read(project_id))["metadata"]
    assert str(uuid.UUID(metadata["createdBy"])) == metadata["createdBy"]
    assert metadata["createdBy"] != bench.server.service_account_id
    assert "@" in metadata["modifiedBy"]


# Reading


async def a_listing_is_sorted_by_id(bench: Bench) -> None:  # N1-7
    ids = [(await bench.create())["metadata"]["id"] for _ in range(20)]
    bench.after(1.0)
    assert await bench.listed() == sorted(ids)


async def answers_are_not_to_be_cached(bench: Bench) -> None:  # N1.2-8
    project_id = await bench.settled()
    for response in (await bench.get(project_id), await bench.get("nothing"), await bench.put(project_id, body())):
        assert response.headers["cache-control"] == "no-cache"


# Updating


async def a_put_replaces_everything_and_answers_nothing(bench: Bench) -> None:  # N0-3, N0-4, N1.4-1
    project_id = await bench.settled(
        "old", description="d", tags=[{"name": "n", "value": "v"}], groupIDs=[bench.group()]
    )
    before = (await bench.read(project_id))["metadata"]
    response = await bench.put(project_id, body("new"))
    assert (response.status_code, response.content) == (200, b"")
    assert (await bench.read(project_id))["metadata"] == before  # N0-2: still the old content
    bench.after(1.0)
    document = await bench.read(project_id)
    assert document["metadata"]["name"] == "new"
    assert not {"description", "tags"} & set(document["metadata"])
    assert document["spec"]["groupIDs"] == []
    for kept in ("id", "creationTime", "createdBy", "provisioningStatus", "healthStatus"):
        assert document["metadata"][kept] == before[kept]


async def a_put_that_changes_nothing_still_has_a_new_time(bench: Bench) -> None:  # N0-3, N1.2-5
    project_id = await bench.settled()
    times = []
    for _ in range(2):
        assert (await bench.put(project_id, body())).status_code == 200
        bench.after(5.0)
        metadata = (await bench.read(project_id))["metadata"]
        times.append(metadata["modifiedTime"])
        assert metadata["modifiedBy"] == bench.server.service_account_id
    assert times[0] < times[1]
    assert all(time.endswith("Z") and "." not in time for time in times)


async def a_put_of_a_project_being_deleted_is_accepted(bench: Bench) -> None:  # N1.4-3
    project_id = await bench.settled()
    await bench.delete(project_id)
    bench.after(1.0)
    assert (await bench.put(project_id, body("renamed"))).status_code == 200
    bench.after(20.0)
    assert (await bench.get(project_id)).status_code == 404


async def a_put_over_an_unseen_write_wins_silently(bench: Bench) -> None:  # N1.3-12
    project_id = await bench.settled("first")
    await bench.put(project_id, body("second"))
    response = await bench.put(project_id, body("third"))
    assert response.status_code == 200
    bench.after(1.0)
    assert (await bench.read(project_id))["metadata"]["name"] == "third"


async def a_put_carries_only_what_differs_from_what_the_server_saw(bench: Bench) -> None:  # N1.3-12
    project_id = await bench.settled("first")
    await bench.put(project_id, body("second"))
    await bench.put(
        project_id, body("first", description="d")
    )  # "first" is what the cache shows: no change of the name
    bench.after(1.0)
    assert (await bench.read(project_id))["metadata"]["name"] == "second"


# Deleting


async def a_deletion_takes_its_time(bench: Bench) -> None:  # N1.5-1, N1.5-2, N1.5-5, N1.5-6
    project_id = await bench.settled()
    for _ in range(3):
        response = await bench.delete(project_id)
        assert (response.status_code, response.content) == (202, b"")
        bench.after(1.0)
    metadata = (await bench.read(project_id))["metadata"]
    assert metadata["provisioningStatus"] == "deprovisioning"
    assert metadata["healthStatus"] == "healthy"
    assert metadata["deletionTime"] == views.timestamp(bench.clock.now() - 3)
    assert await bench.listed() == [project_id]
    bench.after(18.0)
    assert (await bench.get(project_id)).status_code == 404
    assert (await bench.delete(project_id)).status_code == 404
    assert await bench.listed() == []


async def a_reference_holds_a_deletion_for_ever(bench: Bench) -> None:  # N0-5, N1.5-3, N1.5-7
    project_id = await bench.settled()
    path = f"{bench.projects}/{project_id}/references/servers.compute.unikorn-cloud.org%2F{uuid.uuid4()}"
    assert (await bench.call("PUT", path)).status_code == 403
    assert (await bench.call("PUT", path, token=bench.server.platform_token)).status_code == 201
    bench.after(1.0)
    await bench.delete(project_id)
    bench.after(100_000.0)
    assert (await bench.read(project_id))["metadata"]["provisioningStatus"] == "deprovisioning"
    assert (await bench.call("PUT", path + "2", token=bench.server.platform_token)).status_code == 400  # N4-8
    assert (await bench.call("DELETE", path, token=bench.server.platform_token)).status_code == 204
    bench.after(11.0)
    assert (await bench.get(project_id)).status_code == 404


async def a_deletion_before_the_controller_looked_is_immediate(bench: Bench) -> None:  # N1.5-8
    project_id = (await bench.create())["metadata"]["id"]
    assert (await bench.delete(project_id)).status_code == 202
    assert bench.true(project_id) is None
    assert (await bench.delete(project_id)).status_code == 404


async def a_project_not_seen_yet_can_be_deleted(bench: Bench) -> None:  # N1.3-4: DELETE does not read the cache
    project_id = (await bench.create())["metadata"]["id"]
    bench.after(0.6)
    assert (await bench.get(project_id)).status_code == 404
    assert (await bench.delete(project_id)).status_code == 202
    project = bench.true(project_id)
    assert project is not None
    assert project.deletion_time is not None


async def an_unknown_organization_closes_the_connection(bench: Bench) -> None:  # N0-10, N1.3-9
    elsewhere = f"/api/v1/organizations/{uuid.uuid4()}/projects"
    token = bench.server.platform_token
    for method, document in (("GET", None), ("POST", body())):
        with pytest.raises(ConnectionDropped):
            await bench.call(method, elsewhere, document, token=token)
    for method, document in (("GET", None), ("PUT", body()), ("DELETE", None)):
        assert (await bench.call(method, f"{elsewhere}/{uuid.uuid4()}", document, token=token)).status_code == 404


async def an_organization_without_a_namespace_refuses_and_lists_everything(bench: Bench) -> None:  # N4-3
    project_id = await bench.settled()
    organization = bench.state.organization(bench.organization)
    other = replace(organization, id=bench.state.identifiers.resource(), ready=False)
    bench.write(other)
    bench.after(1.0)
    path, token = f"/api/v1/organizations/{other.id}/projects", bench.server.platform_token
    assert (await bench.call("POST", path, body(), token=token)).status_code == 500
    shown = (await bench.call("GET", path, token=token)).json()
    assert [(item["metadata"]["id"], item["metadata"]["organizationId"]) for item in shown] == [
        (project_id, organization.id)
    ]


CHECKS: list[Check] = [
    names_are_not_unique,
    a_new_project_is_unknown_and_carries_the_page_s_fields_only,
    ids_are_uuids_that_begin_with_a_letter,
    reads_lag_behind_a_creation,
    both_statuses_settle_at_once,
    a_failed_provision_shows_as_error_and_heals,
    what_is_written_reads_back_as_the_server_keeps_it,
    an_unknown_group_is_refused_and_named,
    creator_and_modifier_are_who_called,
    a_listing_is_sorted_by_id,
    answers_are_not_to_be_cached,
    a_put_replaces_everything_and_answers_nothing,
    a_put_that_changes_nothing_still_has_a_new_time,
    a_put_of_a_project_being_deleted_is_accepted,
    a_put_over_an_unseen_write_wins_silently,
    a_put_carries_only_what_differs_from_what_the_server_saw,
    a_deletion_takes_its_time,
    a_reference_holds_a_deletion_for_ever,
    a_deletion_before_the_controller_looked_is_immediate,
    a_project_not_seen_yet_can_be_deleted,
    an_unknown_organization_closes_the_connection,
    an_organization_without_a_namespace_refuses_and_lists_everything,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_the_documented_server(check: Check, bench: Bench) -> None:
    await check(bench)


# Broken twins: one trait taken away, one row that must notice


def _no_lag(patch: pytest.MonkeyPatch) -> None:
    absorb = Cache.absorb
    patch.setattr(Cache, "absorb", lambda self, changes, until: absorb(self, changes, float("inf")))  # noqa: ARG005 - the twin looks away


def _unique_names(patch: pytest.MonkeyPatch) -> None:
    def take_up(self: Store, resource: Any, now: float) -> Any:
        same = [p for p in self.all(Project) if isinstance(resource, Project) and p.name == resource.name]
        return same[0] if same and same[0].id != resource.id else write(self, resource, now)

    write = Store.write
    patch.setattr(Store, "write", take_up)


def _no_group_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(projects, "_check_groups", lambda *_: None)


def _statuses_one_by_one(patch: pytest.MonkeyPatch) -> None:
    def provision(_self: Controller, store: Store, project: Project, now: float, _settings: Any) -> None:
        store.write(replace(project, available="Provisioned"), now)
        store.write(replace(project, available="Provisioned", healthy="Healthy"), now + 0.5)

    patch.setattr(Controller, "_provision", provision)


def _references_ignored(patch: pytest.MonkeyPatch) -> None:
    def deprovision(_self: Controller, store: Store, project: Project, now: float, _settings: Any) -> None:
        store.remove(Project, project.id, now)

    patch.setattr(Controller, "_deprovision", deprovision)


def _finalizer_from_the_start(patch: pytest.MonkeyPatch) -> None:
    delete = Store.delete_project

    def delete_project(self: Store, project: Project, now: float) -> None:
        delete(self, replace(project, finalizers=project.finalizers or (CONTROLLER_FINALIZER,)), now)

    patch.setattr(Store, "delete_project", delete_project)


def _quiet_when_equal(patch: pytest.MonkeyPatch) -> None:
    def patched(self: State, seen: Any, wanted: Any, now: float, *, lock: bool = True) -> Any:
        same = replace(wanted, modified_time=seen.modified_time, modified_by=seen.modified_by) == seen
        return seen if same and seen.modified_time else original(self, seen, wanted, now, lock=lock)

    original = State.patch
    patch.setattr(State, "patch", patched)


def _keeps_descriptions(patch: pytest.MonkeyPatch) -> None:
    def patched(self: State, seen: Any, wanted: Any, now: float, *, lock: bool = True) -> Any:
        kept = replace(wanted, description=wanted.description or seen.description)
        return original(self, seen, kept, now, lock=lock)

    original = State.patch
    patch.setattr(State, "patch", patched)


def _everything_declared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Operation, "refusals", property(lambda _: frozenset(range(400, 600))))


TWINS: list[tuple[Callable[[pytest.MonkeyPatch], None], Check]] = [
    (_unique_names, names_are_not_unique),
    (_no_lag, reads_lag_behind_a_creation),
    (_no_lag, a_put_replaces_everything_and_answers_nothing),
    (_no_group_check, an_unknown_group_is_refused_and_named),
    (_statuses_one_by_one, both_statuses_settle_at_once),
    (_references_ignored, a_reference_holds_a_deletion_for_ever),
    (_finalizer_from_the_start, a_deletion_before_the_controller_looked_is_immediate),
    (_quiet_when_equal, a_put_that_changes_nothing_still_has_a_new_time),
    (_everything_declared, an_unknown_organization_closes_the_connection),
    (_keeps_descriptions, a_put_replaces_everything_and_answers_nothing),
]


@pytest.mark.parametrize(("twin", "check"), TWINS, ids=lambda part: part.__name__)
async def test_a_server_without_the_trait_fails(
    twin: Callable[[pytest.MonkeyPatch], None],
    check: Check,
    make_bench: Callable[[], Bench],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    twin(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await check(make_bench())
