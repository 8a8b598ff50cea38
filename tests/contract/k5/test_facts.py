"""What Fujitsu K5 documents, and what follows from it, against the embedded server; rows are of docs/backends/k5.md."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest
from candidates import Connecting, Purpose
from candidates.k5 import K5Candidate, K5Connecting
from middlebox import Middlebox
from scripted_server import say
from troubles import failing, marked, refusing

from project_operator.api.marks import Mark
from project_operator.backends.base import Backend, ProjectContent, RoleAssignment
from project_operator.backends.keystone_v3.credentials import Reference
from project_operator.errors import CredentialsRejected, NameTaken, OutcomeUnknown, PermissionDenied, RequestRefused
from project_operator.sandbox.identity.faults import Fault, FaultAction
from project_operator.sandbox.identity.k5.admin_models import EditProject


class TestSigningIn:
    async def test_f3_1_f3_4_with_a_password_and_without_a_scope(self, region: K5Candidate, box: Middlebox) -> None:
        backend = region.open(Connecting(url=box.url))
        facts = await backend.connect()
        assert (facts.principal, facts.organization_id) == (region.user, region.organization_id)
        (request,) = box.sign_ins
        user = {"name": region.user, "domain": {"id": region.organization_id}, "password": region.credential}
        assert json.loads(request.body) == {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
        await backend.aclose()

    async def test_f3_3_a_token_of_the_global_service_is_told_what_is_wrong_with_it(self, region: K5Candidate) -> None:
        region.server.admin.configure(regional=False)
        backend = region.open()
        error = await failing(backend.connect(), PermissionDenied, region.secrets)
        assert "the token must be one of the region" in str(error)
        await backend.aclose()

    async def test_f3_6_a_wrong_password_does_not_lock_the_user(self, region: K5Candidate, box: Middlebox) -> None:
        backend = region.open(Connecting(url=box.url, credential="wrong"))
        for _ in range(20):
            error = await failing(backend.connect(), CredentialsRejected, {"wrong"})
            assert error.retry_after == 240.0, "nor do further connections"
        assert len(box.sign_ins) == 1, "four are allowed in 15 minutes"
        right = region.open()
        await right.connect()
        await right.aclose()
        await backend.aclose()

    async def test_f4_3_another_domain_is_not_looked_for(self, region: K5Candidate, box: Middlebox) -> None:
        backend = region.open(Connecting(url=box.url, organization_name="of-somebody-else"))
        error = await refusing(backend.connect(), "spec.fujitsuK5.domain", region.secrets)
        assert region.organization_name in str(error)
        assert ([request.target for request in box.requests], len(box.sign_ins)) == (["/v3"], 1)
        await backend.aclose()


class TestOwnProject:
    async def test_f6_2_f8_3_that_of_the_token_is_left_alone(
        self, backend: Backend, box: Middlebox, region: K5Candidate
    ) -> None:
        there = await backend.get_project(region.make(ProjectContent("there")))
        assert [project.id for project in await backend.list_projects()] == [there.id]
        box.forget()
        own = replace(there, id=region.home_id)
        for call in (
            backend.get_project(region.home_id),
            backend.update_project(own, replace(own.content, enabled=False), before_send=lambda: None),
        ):
            error = await failing(call, RequestRefused, region.secrets)
            assert "the credential's own token" in str(error)
            assert "spec.fujitsuK5.auth.password.project" in str(error), "and what to do"
        assert not box.writes

    async def test_f8_3_one_that_a_project_is_about_is_shown_all_the_same(
        self, region: K5Candidate, box: Middlebox
    ) -> None:
        """A user's default project may be changed in the portal to any: what is missing from a list would be missed."""
        mark = Mark.of(cluster_id="c", namespace="ns", name="scope", namespace_uid="n", uid=str(UUID(int=1)))
        scope = region.make(ProjectContent("scope", mark=str(mark)))
        backend = region.open(K5Connecting(url=box.url, project=Reference(scope)))
        await backend.connect()
        listed = await backend.get_project(scope)
        assert listed in await backend.list_projects()
        switched_off = backend.update_project(listed, replace(listed.content, enabled=False), before_send=lambda: None)
        error = await failing(switched_off, RequestRefused, region.secrets)
        assert "the credential's own token" in str(error)
        assert not box.writes
        await backend.aclose()

    async def test_f8_3_a_scope_that_was_disabled_is_a_credential_that_is_refused(self, region: K5Candidate) -> None:
        scope = region.make(ProjectContent("scope"))
        backend = region.open(K5Connecting(project=Reference(scope)))
        await backend.connect()
        region.server.admin.edit_project(scope, EditProject(enabled=False))
        await failing(backend.list_projects(), CredentialsRejected, region.secrets)
        await backend.aclose()

    async def test_f6_2_a_list_that_is_empty_needs_the_domain_to_be_believed(
        self, backend: Backend, box: Middlebox, region: K5Candidate
    ) -> None:
        empty = say(200, b'{"projects": [], "links": {"next": null}}')
        box.spoil(empty, count=1)
        await backend.verify_read_access()
        region.server.admin.add_fault(Fault(action=FaultAction.FORBIDDEN, operation="getDomain"))
        box.spoil(empty, count=1)
        await failing(backend.verify_read_access(), PermissionDenied, region.secrets)


class TestProjects:
    async def test_f2_1_f2_5_f8_5_what_is_sent(self, backend: Backend, box: Middlebox, region: K5Candidate) -> None:
        content = ProjectContent("Shop", "Sells things", mark="iproj1:x", enabled=False)
        project = await backend.create_project(content, before_send=lambda: None)
        (request,) = box.writes
        assert (request.method, request.target) == ("POST", "/v3/projects")
        assert json.loads(request.body) == {
            "project": {
                "name": "Shop",
                "domain_id": region.organization_id,
                "description": "Sells things iproj1:x",
                "enabled": False,
            }
        }
        assert (project.provisioning_status, project.health_status) == ("provisioned", "healthy")
        assert project.content == replace(content, particulars={})

    async def test_f2_8_a_change_names_nothing_but_what_changes(
        self, backend: Backend, box: Middlebox, region: K5Candidate
    ) -> None:
        project = await backend.get_project(region.make(ProjectContent("Shop", "text", mark="iproj1:x")))
        for change, body in (
            ({"name": "Store"}, {"name": "Store"}),
            ({"description": None}, {"description": "iproj1:x"}),
            ({"description": None, "mark": ""}, {"description": ""}),
            ({"mark": "orphaned"}, {"description": "text iproj1:orphaned"}),
            ({"enabled": False}, {"enabled": False}),
        ):
            await backend.update_project(project, replace(project.content, **change), before_send=lambda: None)
            assert json.loads(box.writes[-1].body) == {"project": body}

    @pytest.mark.parametrize("shown", [True, False])
    async def test_f2_7_f2_9_with_and_without_a_parent(
        self, backend: Backend, region: K5Candidate, *, shown: bool
    ) -> None:
        region.server.admin.configure(shows_parent=shown)
        project = await backend.create_project(marked(), before_send=lambda: None)
        assert project.content.parent_id is None
        assert (await backend.list_projects()) == (project,)


class TestNames:
    async def test_f2_2_f2_3_a_name_is_taken_in_any_case(self, backend: Backend, region: K5Candidate) -> None:
        there = region.make(ProjectContent("SHOP"))
        await failing(backend.create_project(marked(name="shop"), before_send=lambda: None), NameTaken, region.secrets)
        assert set(region.truth()) == {there}

    async def test_f2_3_a_name_in_another_case_is_no_change(
        self, backend: Backend, box: Middlebox, region: K5Candidate
    ) -> None:
        project = await backend.get_project(region.make(ProjectContent("SHOP")))
        box.forget()
        wanted = replace(project.content, name="shop")
        assert backend.plan_update(project, wanted) == ()
        await backend.update_project(project, wanted, before_send=lambda: None)
        assert not box.requests

    async def test_f2_11_an_answer_in_another_case_is_of_that_project(
        self, backend: Backend, box: Middlebox, region: K5Candidate
    ) -> None:
        document = {"id": region.unused_id(), "name": "SHOP", "domain_id": region.organization_id, "enabled": True}
        box.spoil(say(201, json.dumps({"project": document}).encode()), frozenset({Purpose.CREATE}))
        project = await backend.create_project(marked(name="shop"), before_send=lambda: None)
        assert project.content.name == "SHOP"

    async def test_an_answer_about_another_name_is_none(
        self, backend: Backend, box: Middlebox, region: K5Candidate
    ) -> None:
        document = {"id": region.unused_id(), "name": "store", "domain_id": region.organization_id, "enabled": True}
        box.spoil(say(201, json.dumps({"project": document}).encode()), frozenset({Purpose.CREATE}))
        await failing(
            backend.create_project(marked(name="shop"), before_send=lambda: None), OutcomeUnknown, region.secrets
        )

    @pytest.mark.parametrize(("taken", "kind"), [("STORE", NameTaken), ("elsewhere", OutcomeUnknown)])
    async def test_f2_3_a_500_to_a_rename_is_a_name_that_is_taken_where_one_has_it_in_any_case(
        self,
        backend: Backend,
        box: Middlebox,
        region: K5Candidate,
        taken: str,
        kind: type[NameTaken | OutcomeUnknown],
    ) -> None:
        project = await backend.get_project(region.make(ProjectContent("Shop")))
        region.make(ProjectContent(taken))
        box.spoil(say(500), frozenset({Purpose.UPDATE}))
        await failing(
            backend.update_project(project, replace(project.content, name="store"), before_send=lambda: None),
            kind,
            region.secrets,
        )


class TestTokensInAnswers:
    async def test_f5_5_one_that_comes_back_is_nowhere(
        self, backend: Backend, box: Middlebox, region: K5Candidate, caplog: pytest.LogCaptureFixture
    ) -> None:
        given = "9f1c0b7e5d3a48c2a6e4f0d1b2c3a495"
        region.secrets.add(given)
        body = {"error": {"code": 400, "message": f"token {given} of MIIIHgYJKoZIhvcNAQcCoIIIDz/+=CC", "title": "Bad"}}
        box.spoil(say(400, json.dumps(body).encode(), f"X-Auth-Token: {given}"))
        for call in (backend.list_projects(), backend.create_project(marked(), before_send=lambda: None)):
            error = await failing(call, RequestRefused, region.secrets)
            assert "token [redacted] of [redacted]" in str(error)
        assert given not in caplog.text
        assert "MIIIHg" not in caplog.text

    async def test_f5_4_f5_5_every_answer_here_has_one(self, backend: Backend, region: K5Candidate) -> None:
        await backend.list_projects()
        assert any(secret.startswith("MII") for secret in region.secrets), "as docs say; the fixture looks at the log"


class TestNotImplemented:
    @pytest.mark.parametrize("operation", ["createProject", "updateProject", "grantRole"])
    async def test_f5_3_a_write_is_asked_for_once_and_never_again(
        self, backend: Backend, box: Middlebox, region: K5Candidate, operation: str
    ) -> None:
        group = region.make_group("those who may")
        project = await backend.get_project(region.make(ProjectContent("there")), group_ids=frozenset({group}))
        region.server.admin.configure(unimplemented=[operation])
        box.forget()
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "createProject": lambda: backend.create_project(marked(), before_send=lambda: None),
            "updateProject": lambda: backend.update_project(
                project, replace(project.content, description="new"), before_send=lambda: None
            ),
            "grantRole": lambda: backend.update_project(
                project, replace(project.content, **region.access([group])), before_send=lambda: None
            ),
        }
        for _ in range(3):
            error = await failing(calls[operation](), RequestRefused, region.secrets)
            assert "has not implemented this" in str(error)
            assert error.status == 501
        assert len(box.writes) == 1

    async def test_f5_3_other_writes_go_on(self, backend: Backend, region: K5Candidate) -> None:
        region.server.admin.configure(unimplemented=["updateProject"])
        project = await backend.create_project(marked(), before_send=lambda: None)
        renamed = replace(project.content, name="renamed")
        with pytest.raises(RequestRefused):
            await backend.update_project(project, renamed, before_send=lambda: None)
        await backend.create_project(marked(1), before_send=lambda: None)
        assert len(region.truth()) == 2

    async def test_f5_3_f7_2_f7_3_roles_are_read_group_by_group_then(
        self, backend: Backend, box: Middlebox, region: K5Candidate
    ) -> None:
        group, other = region.make_group("those who may"), region.make_group("others")
        project = await backend.get_project(region.make(ProjectContent("there")), group_ids=frozenset({group}))
        wanted = replace(project.content, **region.access([group]))
        await backend.update_project(project, wanted, before_send=lambda: None)
        region.server.admin.configure(unimplemented=["listRoleAssignments"])
        box.forget()
        read = await backend.get_project(project.id, group_ids=frozenset({group, other}))
        assert read.content.role_assignments == wanted.role_assignments
        assert len(box.requests) == 4


class TestRoles:
    async def test_f7_1_what_is_not_there_is_taken_away_already(self, backend: Backend, region: K5Candidate) -> None:
        group = region.make_group("those who may")
        project = await backend.get_project(region.make(ProjectContent("there")))
        (role,) = (one.id for one in await backend.list_roles() if one.name == "_member_")
        given = replace(project, content=replace(project.content, role_assignments=(RoleAssignment(group, role),)))
        await backend.update_project(given, replace(given.content, role_assignments=()), before_send=lambda: None)

    async def test_f7_4_f7_5_f6_1_f6_3_nothing_is_asked_for_that_no_page_names(
        self, backend: Backend, box: Middlebox, region: K5Candidate
    ) -> None:
        await backend.list_projects()
        await backend.list_groups()
        roles = await backend.list_roles()
        assert len({role.id for role in roles}) == len(roles)
        domain = f"?domain_id={region.organization_id}"
        assert [one.target for one in box.requests] == [f"/v3/projects{domain}", f"/v3/groups{domain}", "/v3/roles"]
