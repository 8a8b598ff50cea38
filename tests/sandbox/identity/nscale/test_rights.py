"""Who gets in and what they may do (N1.3, N3): the order of the checks, roles, tokens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from project_operator.sandbox.identity.nscale.authorization import ROLES, AccessControl
from project_operator.sandbox.identity.nscale.resources import Group, ServiceAccount

if TYPE_CHECKING:
    from tests.sandbox.identity.nscale.conftest import Bench

BODY: dict[str, Any] = {"metadata": {"name": "p"}, "spec": {"groupIDs": []}}
BROKEN: dict[str, Any] = {"metadata": {}, "spec": {}}

MakeBench = Callable[..., "Bench"]


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (None, "authorization header missing"),
        ("Bearer", "authorization header malformed"),
        ("Bearer  two-spaces", "authorization header malformed"),
        ("Basic abc", "authorization scheme not allowed"),
        ("Bearer wrong", "access token is invalid"),
    ],
)
async def test_who_is_not_let_in(bench: Bench, header: str | None, text: str) -> None:  # N1.3-2, N6-13
    response = await bench.client.get(bench.projects, headers={"authorization": header} if header else {})
    assert response.status_code == 401
    assert response.json() == {"error": "access_denied", "error_description": text}


async def test_the_scheme_may_be_written_in_any_case(bench: Bench) -> None:
    assert (
        await bench.client.get(bench.projects, headers={"authorization": f"bEARER {bench.token}"})
    ).status_code == 200


async def test_the_order_of_the_checks(make_bench: MakeBench) -> None:  # N1.3-11
    bench = make_bench(dialect="1.18")
    auditor = bench.robot("auditor").token
    nowhere = f"/api/v1/organizations/no-uuid/projects/{uuid.uuid4()}"
    elsewhere = f"/api/v1/organizations/{uuid.uuid4()}/projects"
    group = str(uuid.uuid4())
    unknown_group = {"metadata": {"name": "p"}, "spec": {"groupIDs": [group]}}
    undecodable = {"metadata": "text", "spec": {"groupIDs": [group]}}
    rows = [
        # method, path, token, body, status: each request has every later fault as well
        ("PATCH", nowhere, "wrong", BROKEN, 405),
        ("PUT", nowhere, "wrong", BROKEN, 400),
        ("POST", bench.projects, "wrong", BROKEN, 401),
        ("POST", elsewhere, auditor, BROKEN, 403),
        ("POST", bench.projects, auditor, BROKEN, 400),
        ("POST", bench.projects, auditor, undecodable, 403),
        ("POST", bench.projects, auditor, unknown_group, 403),
        ("POST", bench.projects, bench.token, undecodable, 500),
        ("POST", bench.projects, bench.token, unknown_group, 400),
    ]
    for method, path, token, document, status in rows:
        assert (await bench.call(method, path, document, token=token)).status_code == status, (method, path, status)


async def test_a_server_without_rights_would_be_noticed(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccessControl, "require", lambda *_, **__: None)
    with pytest.raises(AssertionError):
        await test_the_order_of_the_checks(make_bench)


@pytest.mark.parametrize(
    ("role", "create", "read", "update", "delete", "listed"),
    [
        ("administrator", 202, 200, 200, 202, True),
        ("project-manager", 202, 200, 200, 202, True),
        ("auditor", 403, 200, 403, 403, True),
        ("reader", 403, 403, 403, 403, False),
        ("", 403, 403, 403, 403, False),
    ],
)
async def test_what_a_role_may_do(  # N3.3-1 to N3.3-5, N1-1
    bench: Bench,
    role: str,
    create: int,
    read: int,
    update: int,
    delete: int,
    listed: bool,  # noqa: FBT001 - a column
) -> None:
    project_id = await bench.settled()
    token = bench.robot(role).token
    assert await bench.listed(token=token) == ([project_id] if listed else [])
    assert (await bench.call("POST", bench.projects, BODY, token=token)).status_code == create
    assert (await bench.get(project_id, token=token)).status_code == read
    assert (await bench.put(project_id, BODY, token=token)).status_code == update
    assert (await bench.delete(project_id, token=token)).status_code == delete


async def test_a_reader_sees_the_projects_of_its_group_and_403_for_what_is_gone(bench: Bench) -> None:  # N1.3-3, N3.3-6
    reader = bench.robot("reader")
    other = await bench.settled("other")
    own = await bench.settled("own", groupIDs=[reader.group_id])
    assert await bench.listed(token=reader.token) == [own]
    assert (await bench.get(own, token=reader.token)).status_code == 200
    assert (await bench.get(other, token=reader.token)).status_code == 403
    await bench.delete(own)
    bench.after(21.0)
    assert (await bench.get(own)).status_code == 404
    assert (await bench.get(own, token=reader.token)).status_code == 403


async def test_the_wrong_organization_is_forbidden(bench: Bench) -> None:  # N1.3-3
    for method, path in (
        ("GET", "projects"),
        ("POST", "projects"),
        ("GET", "groups"),
        ("GET", "serviceaccounts"),
        ("GET", "roles"),
    ):
        response = await bench.call(method, f"/api/v1/organizations/{uuid.uuid4()}/{path}", BODY)
        assert response.status_code == 403, path


async def test_a_role_that_is_no_more_breaks_every_call_of_the_members(bench: Bench) -> None:  # N1.3-7
    robot = bench.robot("auditor")
    group = bench.state.store.get(Group, robot.group_id)
    assert group is not None
    bench.write(replace(group, role_ids=(*group.role_ids, str(uuid.uuid4()))))
    bench.after(1.0)
    response = await bench.call("GET", bench.projects, token=robot.token)
    assert response.status_code == 500
    assert response.json()["error"] == "server_error"
    assert (await bench.call("GET", bench.projects)).status_code == 200


async def test_revoked_rights_empty_the_list_and_come_back(bench: Bench) -> None:
    project_id = await bench.settled()
    bench.state.revoked.add(bench.server.service_account_id)
    assert await bench.listed() == []
    assert (await bench.get(project_id)).status_code == 403
    bench.state.revoked.clear()
    assert await bench.listed() == [project_id]


# Service accounts


async def test_an_account_rotates_itself_without_any_role(
    bench: Bench,
) -> None:  # N3.2-1, N3.2-4, N3.2-7, N3.2-9, N3.2-10
    robot = bench.robot("")
    organizations = (await bench.call("GET", "/api/v1/organizations", token=robot.token)).json()
    assert [item["metadata"]["id"] for item in organizations] == [bench.organization]
    accounts = (await bench.call("GET", f"{bench.base}/serviceaccounts", token=robot.token)).json()
    assert [item["metadata"]["id"] for item in accounts] == [robot.service_account_id]
    assert "accessToken" not in accounts[0]["status"]
    response = await bench.call(
        "POST", f"{bench.base}/serviceaccounts/{robot.service_account_id}/rotate", token=robot.token
    )
    assert response.status_code == 200
    renewed = response.json()["status"]["accessToken"]
    assert renewed.startswith("eyJ")
    assert 1000 <= len(renewed) <= 2000
    assert (await bench.call("GET", bench.projects, token=robot.token)).status_code == 401
    assert (
        await bench.call("GET", bench.projects, token=renewed)
    ).status_code == 401  # N3.2-11: not known everywhere yet
    bench.after(1.0)
    assert (await bench.call("GET", bench.projects, token=renewed)).status_code == 200
    other = f"{bench.base}/serviceaccounts/{bench.server.service_account_id}/rotate"
    assert (await bench.call("POST", other, token=renewed)).status_code == 403


async def test_another_replica_may_take_the_old_token_for_a_while(make_bench: MakeBench) -> None:  # N3.2-11
    bench = make_bench(old_token_grace=5.0)
    rotate = f"{bench.base}/serviceaccounts/{bench.server.service_account_id}/rotate"
    await bench.call("POST", rotate)
    bench.after(4.0)
    assert (await bench.call("GET", bench.projects)).status_code == 200
    bench.after(1.0)
    assert (await bench.call("GET", bench.projects)).status_code == 401


async def test_a_token_expires(bench: Bench) -> None:  # N3.2-8
    bench.after(90 * 86400 - 1)
    assert (await bench.call("GET", bench.projects)).status_code == 200
    bench.after(1.0)
    assert (await bench.call("GET", bench.projects)).status_code == 401


async def test_the_life_of_a_service_account(bench: Bench) -> None:  # N3.2-2, N3.2-3, N3.2-5, N3.2-6, N3.2-12
    group_id = bench.group("auditors", role_ids=(ROLES["auditor"].id,))
    path = f"{bench.base}/serviceaccounts"
    document = {"metadata": {"name": "robot"}, "spec": {"groupIDs": [group_id]}}
    created = await bench.call("POST", path, document)
    assert created.status_code == 201
    account = created.json()
    account_id, token = account["metadata"]["id"], account["status"]["accessToken"]
    bench.after(1.0)
    assert await bench.listed(token=token) == []
    assert (await bench.call("POST", bench.projects, BODY, token=token)).status_code == 403
    updated = await bench.call(
        "PUT", f"{path}/{account_id}", {"metadata": {"name": "renamed"}, "spec": {"groupIDs": []}}
    )
    assert updated.status_code == 200
    assert "accessToken" not in updated.json()["status"]
    bench.after(1.0)
    assert (await bench.call("GET", f"{path}/{account_id}")).status_code == 405
    shown = {item["metadata"]["id"]: item for item in (await bench.call("GET", path)).json()}
    assert shown[account_id]["metadata"]["name"] == "renamed"
    assert shown[account_id]["spec"]["groupIDs"] == []
    deleted = await bench.call("DELETE", f"{path}/{account_id}")
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert (await bench.call("GET", bench.projects, token=token)).status_code == 401
    assert bench.state.store.get(ServiceAccount, account_id) is None
    bench.after(1.0)
    assert (await bench.call("DELETE", f"{path}/{account_id}")).status_code == 404


def test_credentials_do_not_show_their_token(bench: Bench) -> None:
    account = bench.state.store.get(ServiceAccount, bench.server.service_account_id)
    assert bench.token not in repr(account)
    assert bench.token not in repr(bench.identity.credential)
