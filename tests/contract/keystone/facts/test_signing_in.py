"""K3: signing in, and how tokens end."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from keystone import PASSWORD, Domain
from keystone_caller import NOBODY, Caller, message, unused_name
from waiting import wait_until

from project_operator.sandbox.identity.keystone.admin_client import ApplicationCredential, User
from project_operator.sandbox.identity.keystone.configuration import DATABASE


def asking(client: httpx.Client, identity: Mapping[str, Any], scope: Any = None, query: str = "") -> httpx.Response:
    """What signing in gives."""
    return client.post(
        f"/auth/tokens{query}", json={"auth": {"identity": identity} | ({"scope": scope} if scope else {})}
    )


def by_password(user: Mapping[str, Any]) -> dict[str, Any]:
    return {"methods": ["password"], "password": {"user": dict(user)}}


def of(user: User, password: str = PASSWORD) -> dict[str, Any]:
    return by_password({"id": user.id, "password": password})


def by_credential(credential: ApplicationCredential, **changed: str) -> dict[str, Any]:
    known = {"id": credential.id, "secret": credential.secret}
    return {"methods": ["application_credential"], "application_credential": known | changed}


def listing(caller: Caller, domain: Domain) -> httpx.Response:
    """Something that every token of these tests may ask."""
    return caller("GET", f"/projects?domain_id={domain.id}&limit=1")


def robot(domain: Domain) -> tuple[User, str]:
    """An administrator by a project, and that project."""
    user, project = domain.make_user(), domain.admin.make_project(unused_name(), domain.id)
    domain.admin.grant(domain.admin.role_id("admin"), f"projects/{project}", user=user.id)
    return user, project


def test_k3_1_what_a_token_tells(client: httpx.Client, domain: Domain) -> None:
    scope = {"domain": {"id": domain.id}}
    answer = asking(client, of(domain.manager), scope)
    token = answer.json()["token"]
    assert (answer.status_code, len(answer.headers["x-subject-token"]) > 100) == (201, True)
    assert token["domain"] == {"id": domain.id, "name": domain.name}
    assert token["user"]["id"] == domain.manager.id
    begin, end = (datetime.strptime(token[name], "%Y-%m-%dT%H:%M:%S.%f%z") for name in ("issued_at", "expires_at"))
    assert timedelta(seconds=3590) < end - begin <= timedelta(seconds=3600)
    assert "catalog" in token
    assert "catalog" not in asking(client, of(domain.manager), scope, "?nocatalog").json()["token"]


def test_k3_2_every_name_and_every_scope(client: httpx.Client, domain: Domain) -> None:
    user, project = robot(domain)
    admin = domain.admin.role_id("admin")
    domain.admin.grant(admin, "system", user=user.id)
    domain.admin.grant(admin, f"domains/{domain.id}", user=user.id)
    name = domain.admin.project(project).name  # type: ignore[union-attr]  # it was made a moment ago
    for person in (
        {"id": user.id},
        {"name": user.name, "domain": {"id": domain.id}},
        {"name": user.name, "domain": {"name": domain.name}},
    ):
        assert asking(client, by_password(person | {"password": PASSWORD})).status_code == 201
    for scope in (
        {"domain": {"id": domain.id}},
        {"domain": {"name": domain.name}},
        {"project": {"id": project}},
        {"project": {"name": name, "domain": {"id": domain.id}}},
        {"system": {"all": True}},
    ):
        answer = asking(client, of(user), scope)
        assert (answer.status_code, set(scope) <= set(answer.json()["token"])) == (201, True)


def test_k3_2_k4_2_without_a_scope_nothing_can_be_managed(sign_in: Any, domain: Domain) -> None:
    unscoped = sign_in(domain.manager, None)
    for refused in (listing(unscoped, domain), unscoped.create(domain.id)):
        assert refused.status_code == 403
        assert message(refused).startswith("You are not authorized to perform the requested action: identity:")


def test_k3_3_7_13_application_credentials(client: httpx.Client, manager: Caller, domain: Domain) -> None:
    user, project = robot(domain)
    made = domain.admin.make_application_credential(user, project, "robot", unrestricted=True)
    answer = asking(client, by_credential(made))
    assert answer.json()["token"]["project"]["id"] == project
    scoped = asking(client, by_credential(made), {"project": {"id": project}})
    assert scoped.status_code == 401
    assert "Application credentials cannot request a scope" in message(scoped)
    assert scoped.json()["error"]["identity"] == {}, "which other errors do not have"
    assert asking(client, by_credential(made, secret="wrong")).status_code == 401
    unknown = asking(client, by_credential(made, id=NOBODY))
    assert (unknown.status_code, message(unknown)) == (404, f"Could not find Application Credential: {NOBODY}.")
    body = {"application_credential": {"name": "of a manager"}}
    assert manager("POST", f"/users/{domain.manager.id}/application_credentials", body).status_code == 403


def test_k3_4_a_password_that_ends_says_so(client: httpx.Client, domain: Domain) -> None:
    user = domain.make_user()
    assert asking(client, of(user)).json()["token"]["user"]["password_expires_at"] is None
    # What a site's `password_expires_days` does to every password that is set.
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    local = "SELECT id FROM local_user WHERE user_id = ?"
    with closing(sqlite3.connect(domain.server.folder / DATABASE, timeout=30)) as database, database:
        change = f"UPDATE password SET expires_at_int = ? WHERE local_user_id = ({local})"  # noqa: S608 - literals
        database.execute(change, (int(end.timestamp() * 1_000_000), user.id))
    domain.admin.edit_user(user.id, description="which the cache notices")
    told = asking(client, of(user)).json()["token"]["user"]["password_expires_at"]
    assert datetime.strptime(told, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC) == end


def test_k3_5_an_older_token_lives_on(sign_in: Any, domain: Domain) -> None:
    older, newer = (sign_in(domain.manager, {"domain": {"id": domain.id}}) for _ in range(2))
    assert older.token != newer.token
    assert [listing(caller, domain).status_code for caller in (newer, older)] == [200, 200]


@pytest.mark.parametrize("end", ["revoked", "password", "disabled", "role"])
def test_k3_6_what_ends_a_token_with_401(sign_in: Any, domain: Domain, end: str) -> None:
    user = domain.make_user("", "manager")
    caller = sign_in(user, {"domain": {"id": domain.id}})
    assert listing(caller, domain).status_code == 200
    ends = {
        "revoked": lambda: domain.admin.revoke(caller.token),
        "password": lambda: domain.admin.edit_user(user.id, password="another-good-password"),
        "disabled": lambda: domain.admin.edit_user(user.id, enabled=False),
        "role": lambda: domain.admin.take(domain.admin.role_id("manager"), f"domains/{domain.id}", user=user.id),
    }
    ends[end]()
    assert listing(caller, domain).status_code == 401


def test_k3_6_14_an_application_credential_ends_with_its_tokens(client: httpx.Client, domain: Domain) -> None:
    """A second is the least that can be asked for, and it takes up to two."""
    user, project = robot(domain)
    owner = Caller(client, domain.admin.token(user, {"project": {"id": project}}))
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    wanted = {"name": "short", "unrestricted": True, "expires_at": end.strftime("%Y-%m-%dT%H:%M:%S.500000")}
    made = owner("POST", f"/users/{user.id}/application_credentials", {"application_credential": wanted}).json()
    raw = made["application_credential"]
    credential = ApplicationCredential(raw["id"], raw["name"], raw["secret"])
    answer = asking(client, by_credential(credential))
    assert answer.json()["token"]["expires_at"] == end.strftime("%Y-%m-%dT%H:%M:%S.000000Z"), "cut to whole seconds"
    caller = Caller(client, answer.headers["x-subject-token"])
    assert listing(caller, domain).status_code == 200
    wait_until(lambda: listing(caller, domain).status_code == 401, "the end of the token")
    wait_until(lambda: asking(client, by_credential(credential)).status_code == 401, "the end of the credential")


def test_k3_10_whatever_is_wrong_the_text_is_one(client: httpx.Client, domain: Domain) -> None:
    home = {"domain": {"id": domain.id}}
    wrong = [
        asking(client, of(domain.manager, "wrong"), home),
        asking(client, by_password({"id": NOBODY, "password": PASSWORD}), home),
        asking(client, of(domain.manager), {"domain": {"id": NOBODY}}),
        asking(client, of(domain.manager), {"project": {"id": NOBODY}}),
        asking(client, of(domain.manager), {"system": {"all": True}}),
    ]
    assert {(one.status_code, message(one)) for one in wrong} == {
        (401, "The request you have made requires authentication.")
    }


def test_k3_11_what_a_manager_may_list_and_grant(manager: Caller, domain: Domain) -> None:
    project_id, group = manager.make(domain.id), domain.make_group("ours")
    theirs = domain.admin.make_group("theirs", domain.make_domain())
    special = domain.admin.make_role("special", domain.id)
    for path in (
        f"/domains/{domain.id}",
        f"/projects?domain_id={domain.id}",
        f"/groups?domain_id={domain.id}",
        f"/role_assignments?scope.project.id={project_id}",
        f"/projects/{project_id}/groups/{group}/roles",
        "/roles",
    ):
        assert manager("GET", path).status_code == 200, path
    assert manager("GET", f"/roles?domain_id={domain.id}").status_code == 403
    for role, status in (("reader", 204), ("member", 204), ("manager", 204), ("admin", 403), ("service", 403)):
        path = f"/projects/{project_id}/groups/{group}/roles/{domain.admin.role_id(role)}"
        assert manager("PUT", path).status_code == status, role
    assert manager("PUT", f"/projects/{project_id}/groups/{group}/roles/{special}").status_code == 403
    member = domain.admin.role_id("member")
    assert manager("PUT", f"/projects/{project_id}/groups/{theirs}/roles/{member}").status_code == 403


def test_k3_12_content_types(manager: Caller, domain: Domain) -> None:
    for kind, status in (("text/plain", 400), ("application/json;charset=utf8", 201), ("", 201)):
        body = f'{{"project": {{"name": "{unused_name()}", "domain_id": "{domain.id}"}}}}'.encode()
        headers = {"Content-Type": kind} if kind else {}
        assert manager("POST", "/projects", body, headers=headers).status_code == status, kind


def test_k3_15_bootstrap_gives_its_administrator_no_role_on_a_domain(client: httpx.Client, domain: Domain) -> None:
    admin = {"name": "admin", "domain": {"id": "default"}, "password": domain.server.admin_password}
    in_default: dict[str, Any] = {"name": "admin", "domain": {"id": "default"}}
    for scope, status in (
        ({"project": in_default}, 201),
        ({"system": {"all": True}}, 201),
        ({"domain": {"id": "default"}}, 401),
    ):
        assert asking(client, by_password(admin), scope).status_code == status, scope


class TestADeadToken:
    """It looks like a missing project."""

    def test_k3_20_whose_user_is_gone(self, sign_in: Any, manager: Caller, domain: Domain) -> None:
        user, project_id = domain.make_user("", "manager"), manager.make(domain.id)
        caller = sign_in(user, {"domain": {"id": domain.id}})
        domain.admin.remove_user(user.id)
        self.all_is_missing(caller, project_id, domain, f"Could not find user: {user.id}.")

    def test_k3_20_whose_application_credential_is_gone(
        self, client: httpx.Client, manager: Caller, domain: Domain
    ) -> None:
        user, scope = robot(domain)
        made = domain.admin.make_application_credential(user, scope, "robot", unrestricted=True)
        caller = Caller(client, asking(client, by_credential(made)).headers["x-subject-token"])
        domain.admin.remove_application_credential(user, made.id)
        words = f"Could not find Application Credential: {made.id}."
        self.all_is_missing(caller, manager.make(domain.id), domain, words)

    def test_k3_20_whose_scope_is_gone(self, sign_in: Any, manager: Caller, domain: Domain) -> None:
        user, scope = robot(domain)
        caller = sign_in(user, {"project": {"id": scope}})
        domain.admin.remove_project(scope)
        self.all_is_missing(caller, manager.make(domain.id), domain, f"Could not find project: {scope}.")

    def all_is_missing(self, caller: Caller, project_id: str, domain: Domain, words: str) -> None:
        for answer in (
            caller("GET", f"/projects/{project_id}"),
            caller.change(project_id, description="x"),
            caller("DELETE", f"/projects/{project_id}"),
            caller.create(domain.id),
            listing(caller, domain),
        ):
            assert (answer.status_code, message(answer)) == (404, words)
        assert domain.admin.project(project_id) is not None
