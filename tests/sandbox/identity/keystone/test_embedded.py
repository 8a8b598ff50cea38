"""The real Keystone, started, stopped, ended with its owner, and seen by its administrator."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from keystone import Domain
from waiting import wait_until

from project_operator.errors import SandboxError
from project_operator.sandbox.identity.keystone.admin_client import DEFAULT_DOMAIN, Assignment
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone
from project_operator.sandbox.identity.keystone.settings import KeystoneSettings
from project_operator.sandbox.identity.tls import TLSFiles

pytestmark = pytest.mark.xdist_group("keystone")  # one worker starts the server that they share


def test_it_is_the_real_one_in_the_version_that_the_facts_are_of(keystone_server: EmbeddedKeystone) -> None:
    version = httpx.get(keystone_server.url, trust_env=False).json()["version"]
    assert (version["id"], version["status"]) == ("v3.14", "stable")
    assert version["links"] == [{"rel": "self", "href": f"{keystone_server.url}/"}]


def test_links_name_the_host_that_was_asked_for_so_that_a_proxy_can_stand_in_front(
    keystone_server: EmbeddedKeystone,
) -> None:
    asked = httpx.get(keystone_server.url, headers={"host": "proxy.example:1234"}, trust_env=False)
    assert asked.json()["version"]["links"][0]["href"] == "http://proxy.example:1234/v3/"


@pytest.mark.whole
def test_a_stop_and_a_start_keep_port_and_state(tmp_path: Path) -> None:
    with EmbeddedKeystone(folder=tmp_path / "keystone") as server:
        url = server.url
        project = server.admin.make_project("kept", DEFAULT_DOMAIN)
        server.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)
        server.start()
        assert server.url == url
        kept = server.admin.project(project)
        assert kept is not None
        assert kept.name == "kept"
    assert (tmp_path / "keystone" / "keystone.db").exists()


def test_settings_are_those_of_the_server(tmp_path: Path) -> None:
    files = TLSFiles.make(tmp_path)
    settings = KeystoneSettings(token_expiration=2, max_db_limit=3, max_project_tree_depth=2)
    with EmbeddedKeystone(settings, tls=files) as server:
        assert server.url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cadata=server.ca_bundle)
        with httpx.Client(verify=context, trust_env=False) as stranger:
            assert stranger.get(server.url).status_code == 200
        first = server.admin.make_project("first", DEFAULT_DOMAIN)
        for number in range(4):
            server.admin.make_project(f"p{number}", DEFAULT_DOMAIN)
        page = server.admin.call("GET", "/projects", query={"domain_id": DEFAULT_DOMAIN, "limit": "1000"})
        assert len(page["projects"]) == 3
        assert page["links"]["next"].startswith(server.url)
        assert len(server.admin.projects(DEFAULT_DOMAIN)) == 6  # with the administrator's own
        with pytest.raises(SandboxError, match="403"):  # a project is on the first level, a child on the second
            server.admin.make_project("too deep", DEFAULT_DOMAIN, parent_id=_child(server, _child(server, first)))
        token = server.admin.token(server.admin.make_user("u", "pw"))
        headers = {"x-auth-token": token, "x-subject-token": token}

        def ended() -> bool:
            with httpx.Client(verify=context, trust_env=False) as stranger:
                return stranger.get(f"{server.url}/auth/tokens", headers=headers).status_code == 401

        wait_until(ended, "the token to end")
        assert server.admin.project(first) is not None  # the administrator signs in again


def _child(server: EmbeddedKeystone, parent: str) -> str:
    return server.admin.make_project(f"below-{parent}", DEFAULT_DOMAIN, parent_id=parent)


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.whole), signal.SIGKILL])
def test_it_ends_with_its_owner_however_that_ends(tmp_path: Path, number: signal.Signals) -> None:
    script = (
        "import sys, time, pathlib\n"
        "from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone\n"
        "server = EmbeddedKeystone(folder=pathlib.Path(sys.argv[1])).start()\n"
        "print(server.url, server.process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "keystone")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as owner:
        assert owner.stdout is not None
        url, pid = owner.stdout.readline().split()
        assert httpx.get(url, trust_env=False).status_code == 200
        owner.send_signal(number)
        owner.wait(20)
    wait_until(lambda: _gone(int(pid)), "the server to be gone")
    with pytest.raises(httpx.TransportError):
        httpx.get(url, trust_env=False)


def _gone(pid: int) -> bool:
    found = subprocess.run(["ps", "-o", "stat=", "-g", str(pid)], check=False, capture_output=True, text=True)
    return not [line for line in found.stdout.splitlines() if not line.startswith("Z")]


def test_a_server_that_cannot_start_says_why(tmp_path: Path, keystone_server: EmbeddedKeystone) -> None:
    port = int(keystone_server.url.split(":")[2].split("/")[0])
    with pytest.raises(SandboxError, match="in use"), EmbeddedKeystone(port=port, folder=tmp_path / "keystone"):
        pass


def test_before_the_start_there_is_nothing_to_ask_for() -> None:
    server = EmbeddedKeystone()
    for name in ("process", "folder", "admin_password"):
        with pytest.raises(SandboxError, match="was not started"):
            getattr(server, name)


def test_the_administrator_sees_what_was_made(keystone_domain: Domain) -> None:
    admin = keystone_domain.admin
    group = keystone_domain.make_group("developers")
    project = admin.make_project(
        "payments", keystone_domain.id, tags=["team=payments", "plain"], description="d", options={"immutable": True}
    )
    admin.edit_project(project, options={"immutable": False})
    child = admin.make_project("below", keystone_domain.id, parent_id=project, enabled=False)
    member, reader = admin.role_id("member"), admin.role_id("reader")
    admin.grant(member, f"projects/{project}", group=group)
    admin.grant(reader, f"projects/{project}", group=group, inherited=True)
    admin.grant(reader, f"projects/{project}", user=keystone_domain.manager.id)

    assert [one.name for one in admin.projects(keystone_domain.id)] == ["below", "payments"]
    (below,) = admin.projects(keystone_domain.id, "below")
    assert (below.id, below.parent_id, below.enabled) == (child, project, False)
    seen = admin.project(project)
    assert seen is not None
    assert seen.tags == frozenset({"team=payments", "plain"})
    assert (seen.description, seen.immutable) == ("d", False)
    assert admin.assignments(f"projects/{project}") == {
        Assignment(member, group=group),
        Assignment(reader, group=group, inherited=True),
        Assignment(reader, user=keystone_domain.manager.id),
    }
    admin.take(member, f"projects/{project}", group=group)
    assert Assignment(member, group=group) not in admin.assignments(f"projects/{project}")
    admin.remove_project(child)
    admin.remove_project(project)
    assert admin.project(project) is None


def test_a_manager_may_only_what_his_role_says(keystone_domain: Domain) -> None:
    admin = keystone_domain.admin
    token = admin.token(keystone_domain.manager, {"domain": {"id": keystone_domain.id}})
    made = admin.call(
        "POST",
        "/projects",
        {"project": {"name": "p", "domain_id": keystone_domain.id}},
        headers={"x-auth-token": token},
    )
    assert made["project"]["domain_id"] == keystone_domain.id
    with pytest.raises(SandboxError, match="403"):
        admin.call("GET", "/projects/0123456789abcdef0123456789abcdef", headers={"x-auth-token": token})
    admin.revoke(token)
    with pytest.raises(SandboxError, match="401"):
        admin.call("GET", "/projects", headers={"x-auth-token": token})


def test_what_it_answered_is_on_record(keystone_domain: Domain) -> None:
    server = keystone_domain.server
    before = len(server.requests())
    url = f"{server.url}/projects?limit=1&name=a%20b"
    httpx.get(url, headers={"user-agent": "somebody/1 (with a space)"}, trust_env=False)
    (record,) = wait_until(lambda: server.requests("somebody/", after=before), "the record")
    assert (record.method, record.path, record.status) == ("GET", "/v3/projects", 401)
    assert record.query == "limit=1&name=a%20b"


def test_an_application_credential_is_of_its_project(keystone_domain: Domain) -> None:
    admin = keystone_domain.admin
    credential, project = keystone_domain.make_application_credential()
    identity = {
        "methods": ["application_credential"],
        "application_credential": {"id": credential.id, "secret": credential.secret},
    }
    token = admin.call("POST", "/auth/tokens", {"auth": {"identity": identity}})["token"]
    assert token["project"]["id"] == project
    assert credential.secret not in repr(credential)
    assert keystone_domain.manager.password not in repr(keystone_domain)


def test_what_keystone_refuses_is_said(keystone_domain: Domain) -> None:
    keystone_domain.admin.make_project("taken", keystone_domain.id)
    with pytest.raises(SandboxError, match=r"Keystone refused POST /v3/projects: 409 .*Conflict"):
        keystone_domain.admin.make_project("taken", keystone_domain.id)
