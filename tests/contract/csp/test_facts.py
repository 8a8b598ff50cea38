"""What the platform documents and leaves open, against the embedded server; rows are of docs/backends/csp.md."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from candidates import Connecting, Purpose
from candidates.csp import CSPCandidate, CSPConnecting
from middlebox import Middlebox
from scripted_server import say
from troubles import failing, marked, refusing

from project_operator.api.v1alpha1.csp import CSPAuthHeader, CSPRoleKind
from project_operator.backends.base import Backend, ProjectContent, RoleAssignment
from project_operator.backends.csp.credentials import ApiToken
from project_operator.backends.csp.roles import GrantableRole
from project_operator.errors import (
    BackendUnavailable,
    CredentialsRejected,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
)
from project_operator.sandbox.identity.csp.admin_models import MakeProjects, RoleSnapshot
from project_operator.sandbox.identity.csp.resources import ORG_DEFAULT, SYSTEM
from project_operator.sandbox.identity.csp.state import MEMBER, PROJECT_ADMIN
from project_operator.sandbox.identity.faults import Fault, FaultAction

ADMIN = GrantableRole("csp:project_admin", CSPRoleKind.CUSTOM)
VIEWER = GrantableRole("viewer", CSPRoleKind.SERVICE, "svc-1")
BOTH = (ADMIN, VIEWER)


def operations(platform: CSPCandidate) -> list[str]:
    return [record.operation for record in platform.server.admin.requests()]


class TestSigningIn:
    async def test_an_api_token_is_in_the_form_and_never_in_the_query(
        self, platform: CSPCandidate, box: Middlebox
    ) -> None:
        backend = platform.open(CSPConnecting(url=box.url, config={"credential": ApiToken(platform.api_token)}))
        facts = await backend.connect()
        assert facts.principal == platform.server.state.user
        (request,) = box.sign_ins
        assert request.target == "/csp/gateway/am/api/auth/api-tokens/authorize"  # V3-1
        assert request.body == f"api_token={platform.api_token}".encode()
        assert "authorization" not in request.headers
        await backend.aclose()

    async def test_a_client_shows_its_id_as_the_author(self, backend: Backend, platform: CSPCandidate) -> None:
        facts = await backend.connect()
        created = await backend.create_project(marked(), before_send=lambda: None)
        assert (await backend.get_project(created.id)).created_by == facts.principal == platform.client_id  # V2-18

    async def test_a_bad_api_token_is_400_and_a_credential(self, platform: CSPCandidate) -> None:
        backend = platform.open(CSPConnecting(config={"credential": ApiToken("eyJ-another")}))
        error = await failing(backend.connect(), CredentialsRejected, {"eyJ-another"})
        assert error.status == 400  # V3-4
        await backend.aclose()

    async def test_a_token_that_dies_early_is_replaced_once(
        self, backend: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        platform.server.admin.end_sessions()  # V3-7
        created = await backend.create_project(marked(), before_send=lambda: None)
        assert set(platform.truth()) == {created.id}
        assert len(box.sign_ins) == 1
        assert [platform.purpose(request) for request in box.requests] == [Purpose.CREATE, Purpose.CREATE]

    async def test_a_server_that_refuses_good_tokens_makes_no_storm(
        self, backend: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        box.spoil(say(401))
        for _ in range(5):
            await failing(backend.list_projects(), CredentialsRejected, platform.secrets)
        assert len(box.sign_ins) == 1

    async def test_a_token_without_an_end_is_used(self, platform: CSPCandidate) -> None:
        platform.server.admin.configure(tells_life=False)  # V3-3
        backend = platform.open()
        await backend.connect()
        assert await backend.list_projects() == ()
        await backend.aclose()

    async def test_a_token_without_an_organization_is_used_and_told_once(
        self, platform: CSPCandidate, caplog: pytest.LogCaptureFixture
    ) -> None:
        platform.server.admin.configure(tells_organization=False)  # V3-8
        backend = platform.open()
        await backend.connect()
        platform.server.admin.end_sessions()
        await backend.list_projects()
        warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warnings) == 1
        assert "does not say which organization" in warnings[0].getMessage()
        await backend.aclose()

    async def test_an_organization_that_is_not_known_is_the_field(self, platform: CSPCandidate) -> None:
        platform.server.admin.configure(tells_organization=False)
        backend = platform.open(Connecting(organization_id=platform.unused_id()))
        await refusing(backend.connect(), "spec.vmwareCSP.organization", platform.secrets)
        await backend.aclose()

    async def test_the_older_header_is_sent_where_it_is_asked_for(self, platform: CSPCandidate, box: Middlebox) -> None:
        backend = platform.open(CSPConnecting(url=box.url, config={"auth_header": CSPAuthHeader.CSP_AUTH_TOKEN}))
        await backend.connect()
        connecting = [request.headers for request in box.requests]
        assert all("csp-auth-token" in headers and "authorization" not in headers for headers in connecting)  # V1-3
        await backend.aclose()


class TestCreation:
    async def test_what_is_sent(self, backend: Backend, box: Middlebox, platform: CSPCandidate) -> None:
        parent = platform.make(ProjectContent("above"))
        content = ProjectContent(
            "web",
            "Sells things",
            mark="iproj1:x",
            parent_id=parent,
            particulars={"csp.vrn": "vrn/a", "csp.subResourceServiceScopes": "s1,s2"},
        )
        project = await backend.create_project(content, before_send=lambda: None)
        (request,) = box.writes
        assert request.target == f"/csp/gateway/resource/api/v2/orgs/{platform.organization_id}/projects"  # V2-1
        assert request.headers["content-type"] == "application/json"
        assert request.headers["authorization"].startswith("Bearer ")
        assert json.loads(request.body) == {
            "displayName": "web",
            "description": "Sells things iproj1:x",
            "parentProjectId": parent,
            "subResourceServiceScopes": ["s1", "s2"],
            "type": "CUSTOM",
            "vrn": "vrn/a",
        }
        assert (await backend.get_project(project.id)).content == content

    async def test_the_answer_shows_the_id_alone_so_the_rest_is_pending(self, backend: Backend, box: Middlebox) -> None:
        project = await backend.create_project(marked(), before_send=lambda: None)
        assert [request.method for request in box.requests] == ["POST"], "the link beside the id is not followed"
        assert (project.provisioning_status, project.health_status) == ("pending", "unknown")  # V9-10
        read = await backend.get_project(project.id)
        assert (read.provisioning_status, read.health_status) == ("provisioned", "healthy")

    async def test_asked_twice_it_makes_two_of_one_name(self, backend: Backend, platform: CSPCandidate) -> None:
        for _ in range(2):
            await backend.create_project(ProjectContent("same"), before_send=lambda: None)
        assert [one.name for one in platform.truth().values()] == ["same", "same"]  # V5-1

    async def test_a_description_without_room_for_the_mark_is_refused_unsent(
        self, backend: Backend, box: Middlebox
    ) -> None:
        content = replace(marked(), description="x" * 247, mark="iproj1:")
        await backend.create_project(content, before_send=lambda: None)
        box.forget()
        with pytest.raises(RequestRefused, match="shorten it by 1"):
            await backend.create_project(replace(content, description="x" * 248), before_send=lambda: None)
        assert not box.requests

    async def test_a_parent_that_is_not_there_is_no_absence_of_the_project(self, backend: Backend) -> None:
        with pytest.raises(RequestRefused, match="the parent"):
            await backend.create_project(marked(parent_id="none"), before_send=lambda: None)  # V6-2

    async def test_a_member_may_not_and_hears_who_may(self, backend: Backend, platform: CSPCandidate) -> None:
        platform.server.admin.set_role(MEMBER)
        who = "project administrator, organization administrator or organization owner"
        with pytest.raises(PermissionDenied, match=who):
            await backend.create_project(marked(), before_send=lambda: None)


class TestWhatIsThePlatforms:
    @pytest.mark.parametrize("kind", [SYSTEM, ORG_DEFAULT])
    async def test_its_own_projects_are_neither_listed_nor_read_nor_deleted(
        self, backend: Backend, platform: CSPCandidate, kind: str
    ) -> None:
        (project_id,) = platform.server.admin.make_projects(MakeProjects(display_name="theirs", type=kind))
        platform.catch_up()
        assert await backend.list_projects() == ()
        with pytest.raises(RequestRefused, match=kind):
            await backend.get_project(project_id)
        with pytest.raises(RequestRefused, match=f"its type is {kind}"):
            await backend.delete_project(project_id, before_send=lambda: None)

    @pytest.mark.parametrize("project_id", ["default", "DEFAULT", "Default"])
    async def test_default_is_nobodys_id(self, backend: Backend, box: Middlebox, project_id: str) -> None:
        current = await backend.create_project(marked(), before_send=lambda: None)
        box.forget()
        with pytest.raises(RequestRefused, match="no id of a project"):
            await backend.get_project(project_id)
        with pytest.raises(RequestRefused, match="no id of a project"):
            await backend.delete_project(project_id, before_send=lambda: None)
        with pytest.raises(RequestRefused, match="no id of a project"):
            await backend.update_project(replace(current, id=project_id), ProjectContent("x"), before_send=lambda: None)
        assert not box.requests  # V2-20


class TestLists:
    @pytest.mark.parametrize(
        "settings", [{"links": False}, {"tells_total": False}, {"links": True}], ids=["no links", "no total", "both"]
    )
    async def test_they_are_whole_however_pages_hang_together(
        self, backend: Backend, platform: CSPCandidate, settings: dict[str, Any]
    ) -> None:
        platform.server.admin.configure(**settings)  # V4-1 to V4-3
        ids = platform.make_many(2100)
        assert {project.id for project in await backend.list_projects()} == ids

    async def test_one_that_says_it_has_more_than_it_shows_is_no_list(
        self, backend: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        box.spoil(say(200, b'{"results": [], "totalResults": 7}'))
        error = await failing(backend.list_projects(), BackendUnavailable, platform.secrets)
        assert "has 7 items and shows 0" in str(error)

    async def test_one_that_is_partial_is_no_list(self, backend: Backend, box: Middlebox) -> None:
        box.spoil(say(200, b'{"results": [], "totalResults": 0, "errors": [{"message": "x"}]}'))
        with pytest.raises(BackendUnavailable):
            await backend.list_projects()

    @pytest.mark.parametrize(
        "link",
        [
            "https://elsewhere.example.com/csp/gateway/resource/api/v1/orgs/o/projects?pageStart=2",
            "//elsewhere.example.com/x?pageStart=2",
            "/csp/gateway/am/api/orgs/o/groups?pageStart=2",
            "?pageStart=2",
            "PATH",
            "PATH?pageStart=1",
            "PATH?pageStart=0",
            "PATH?pageStart=two",
            "PATH?pageStart=2&pageStart=3",
        ],
    )
    async def test_a_link_that_leads_elsewhere_or_in_a_circle_is_not_followed(
        self, backend: Backend, box: Middlebox, platform: CSPCandidate, link: str
    ) -> None:
        path = f"/csp/gateway/resource/api/v1/orgs/{platform.organization_id}/projects"
        body = {"results": [], "nextLink": link.replace("PATH", path)}
        box.spoil(say(200, json.dumps(body).encode()))
        await failing(backend.list_projects(), BackendUnavailable, platform.secrets)
        assert len(box.requests) == 1

    async def test_what_is_made_shows_late_and_is_found_by_its_mark(
        self, backend: Backend, platform: CSPCandidate
    ) -> None:
        platform.server.admin.configure(list_lag=3600.0)  # V5-2
        await backend.create_project(marked(7, description="text"), before_send=lambda: None)
        assert await backend.list_projects() == ()
        platform.catch_up()
        (found,) = await backend.list_projects()
        assert found.content.mark == "iproj1:7"
        assert found.content.description == "text"

    async def test_they_show_the_scopes(self, backend: Backend, platform: CSPCandidate) -> None:
        platform.server.admin.make_projects(MakeProjects(display_name="a", scopes=("two", "one")))
        platform.catch_up()
        (listed,) = await backend.list_projects()
        assert listed.content.particulars["csp.subResourceServiceScopes"] == "one,two"  # V4-5
        assert listed == await backend.get_project(listed.id)

    async def test_where_nothing_is_shown_the_default_project_must_be(
        self, backend: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        empty = say(200, b'{"results": [], "totalResults": 0}')
        box.spoil(empty, count=1)
        await backend.verify_read_access()
        platform.server.admin.add_fault(Fault(action=FaultAction.SERVER_ERROR, operation="getProject"))
        box.spoil(empty, count=1)
        await failing(backend.verify_read_access(), BackendUnavailable, platform.secrets)

    async def test_a_default_project_that_is_not_shown_is_a_missing_right(
        self, backend: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        async def nothing(exchange: Any) -> None:
            if "?" in exchange.request.target:
                await exchange.answer(200, b'{"results": [], "totalResults": 0}')
            else:
                await exchange.answer(404, b'{"statusCode": 404, "requestId": "a"}')

        box.spoil(nothing)
        error = await failing(backend.verify_read_access(), PermissionDenied, platform.secrets)
        assert "role" in str(error)

    async def test_a_project_administrator_may_not_list_groups(self, backend: Backend, platform: CSPCandidate) -> None:
        platform.server.admin.set_role(PROJECT_ADMIN)
        assert await backend.list_projects() == ()
        with pytest.raises(PermissionDenied, match="organization administrator or organization owner"):
            await backend.list_groups()  # V7-1


class TestUpdate:
    async def test_only_what_differs_is_sent(self, backend: Backend, box: Middlebox, platform: CSPCandidate) -> None:
        project = await backend.get_project(platform.make(ProjectContent("a", "text", mark="iproj1:x")))
        box.forget()
        for change, body in (
            ({"name": "b"}, {"displayName": "b"}),
            ({"description": None}, {"description": "iproj1:x"}),
            ({"description": None, "mark": ""}, {"description": ""}),
            ({"mark": "orphaned"}, {"description": "text iproj1:orphaned"}),
        ):
            await backend.update_project(project, replace(project.content, **change), before_send=lambda: None)
            assert json.loads(box.writes[-1].body) == body  # V2-15, V2-19
        assert {request.target for request in box.writes} == {
            f"/csp/gateway/resource/api/v1/orgs/{platform.organization_id}/projects/{project.id}"
        }

    async def test_the_parent_changes_only_where_that_is_switched_on(
        self, backend: Backend, opened: Any, platform: CSPCandidate
    ) -> None:
        parent, child = platform.make(ProjectContent("above")), platform.make(ProjectContent("below"))
        project = await backend.get_project(child)
        wanted = replace(project.content, parent_id=parent)
        assert backend.plan_update(project, wanted) == ()
        moving = await opened(reparent=True)
        await moving.update_project(project, wanted, before_send=lambda: None)
        assert platform.look(child).parent_id == parent
        with pytest.raises(RequestRefused, match="its own parent"):
            await moving.update_project(
                project, replace(project.content, parent_id=project.id), before_send=lambda: None
            )


class TestDeletion:
    async def test_it_is_off_unless_switched_on(self, opened: Any, box: Middlebox, platform: CSPCandidate) -> None:
        careful = await opened(delete=False)
        project_id = platform.make(ProjectContent("a"))
        with pytest.raises(RequestRefused, match=r"vmwareCSP\.capabilities\.delete is off"):
            await careful.delete_project(project_id, before_send=lambda: None)
        assert not box.requests

    async def test_what_has_services_is_not_deleted(
        self, backend: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        (project_id,) = platform.server.admin.make_projects(MakeProjects(services=("s1", "s2")))
        await backend.get_project(project_id)
        with pytest.raises(RequestRefused, match=r"services are enabled in it \(s1, s2\)"):
            await backend.delete_project(project_id, before_send=lambda: None)
        assert not box.writes  # V8-1, V9-3

    async def test_what_has_children_is_not_deleted(
        self, backend: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        parent = platform.make(ProjectContent("above"))
        platform.server.admin.make_projects(MakeProjects(display_name="below", parent_id=parent))
        await backend.get_project(parent)
        with pytest.raises(RequestRefused, match="it has children"):
            await backend.delete_project(parent, before_send=lambda: None)
        assert not box.writes

    async def test_what_the_platform_holds_back_is_explained_in_its_words(
        self, backend: Backend, platform: CSPCandidate
    ) -> None:
        project_id = platform.make(ProjectContent("a"))
        project = await backend.get_project(project_id)
        vrn = project.content.particulars["csp.vrn"]
        role = RoleSnapshot(kind="customRoles", name="x", resource=vrn, service="", membership="DIRECT")
        platform.server.admin.make_group("those who may", role)
        with pytest.raises(RequestRefused, match=r"has to go first.*users or groups have access"):
            await backend.delete_project(project_id, before_send=lambda: None)  # V8-1, V8-3
        assert set(platform.truth()) == {project_id}

    @pytest.mark.parametrize("status", [405, 501])
    async def test_a_server_without_it_is_asked_once(
        self, backend: Backend, box: Middlebox, platform: CSPCandidate, status: int
    ) -> None:
        ids = [platform.make(ProjectContent(name)) for name in ("a", "b")]
        box.spoil(say(status), frozenset({Purpose.DELETE}))
        for project_id in ids:
            with pytest.raises(RequestRefused, match="has no such call"):
                await backend.delete_project(project_id, before_send=lambda: None)  # V9-11
        assert len(box.writes) == 1

    async def test_so_does_one_that_says_so_itself(self, backend: Backend, platform: CSPCandidate) -> None:
        platform.server.admin.configure(deletes=False)
        project_id = platform.make(ProjectContent("a"))
        with pytest.raises(RequestRefused, match="has no such call"):
            await backend.delete_project(project_id, before_send=lambda: None)  # V2-7
        assert set(platform.truth()) == {project_id}

    async def test_absence_is_proved_by_the_list_of_deleted_ones_where_that_is_asked_for(
        self, opened: Any, platform: CSPCandidate
    ) -> None:
        strict = await opened(verify_soft_delete=True)
        project_id = platform.make(ProjectContent("a"))
        platform.vanish(project_id)
        with pytest.raises(ProjectNotFound):
            await strict.get_project(project_id)  # V2-5, V8-2
        with pytest.raises(BackendUnavailable, match="a right may have been lost"):
            await strict.get_project(platform.unused_id())  # V9-8


class TestRoles:
    @pytest.fixture
    async def granting(self, opened: Any) -> Backend:
        connected: Backend = await opened(group_roles=BOTH)
        return connected

    async def test_those_that_the_backend_object_names_are_listed(self, granting: Backend) -> None:
        assert [(role.id, role.name) for role in await granting.list_roles()] == [
            ("custom:csp:project_admin", "csp:project_admin"),
            ("service:svc-1:viewer", "viewer"),
        ]

    async def test_they_are_given_on_the_project_alone_and_taken_again(
        self, granting: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        group_id = platform.make_group("those who may")
        here, elsewhere = platform.make(ProjectContent("here")), platform.make(ProjectContent("elsewhere"))
        groups = frozenset({group_id})
        wanted = tuple(sorted(RoleAssignment(group_id, role.id) for role in BOTH))
        project = await granting.get_project(here, group_ids=groups)
        assert project.content.role_assignments == ()
        box.forget()
        await granting.update_project(
            project, replace(project.content, role_assignments=wanted), before_send=lambda: None
        )
        (request,) = box.writes
        vrn = project.content.particulars["csp.vrn"]
        assert json.loads(request.body) == {
            "notifyUsersInGroups": False,
            "customRoles": {"rolesToAdd": [{"name": ADMIN.name, "resource": vrn}]},
            "serviceRoles": [{"serviceDefinitionId": "svc-1", "rolesToAdd": [{"name": VIEWER.name, "resource": vrn}]}],
        }  # V7-3
        given = await granting.get_project(here, group_ids=groups)
        assert given.content.role_assignments == wanted
        assert (await granting.get_project(elsewhere, group_ids=groups)).content.role_assignments == ()
        await granting.update_project(given, replace(given.content, role_assignments=()), before_send=lambda: None)
        state = platform.server.admin.state()
        assert [group.roles for group in state.groups] == [()]
        assert state.mails == 0  # V7-8

    async def test_foreign_and_inherited_ones_are_neither_shown_nor_taken(
        self, granting: Backend, platform: CSPCandidate
    ) -> None:
        project_id = platform.make(ProjectContent("here"))
        vrn = (await granting.get_project(project_id)).content.particulars["csp.vrn"]

        def role(resource: str, membership: str = "DIRECT") -> RoleSnapshot:
            return RoleSnapshot(
                kind="customRoles", name=ADMIN.name, resource=resource, service="", membership=membership
            )

        kept = (role("", "DIRECT"), role(vrn, "NESTED"), role(vrn, "GROUP"), role("vrn/another"))
        group_id = platform.server.admin.make_group("those who may", *kept)
        groups = frozenset({group_id})
        project = await granting.get_project(project_id, group_ids=groups)
        assert project.content.role_assignments == ()  # V7-4, V7-6
        for wanted in ((RoleAssignment(group_id, ADMIN.id),), ()):
            project = await granting.get_project(project_id, group_ids=groups)
            await granting.update_project(
                project, replace(project.content, role_assignments=wanted), before_send=lambda: None
            )
        ((group),) = platform.server.admin.state().groups
        assert sorted(group.roles, key=str) == sorted(kept, key=str)

    async def test_without_a_vrn_none_is_given(self, granting: Backend, box: Middlebox, platform: CSPCandidate) -> None:
        platform.server.admin.configure(sends_vrn=False)
        group_id = platform.make_group("those who may")
        created = await granting.create_project(marked(), before_send=lambda: None)
        project = await granting.get_project(created.id, group_ids=frozenset({group_id}))
        wanted = replace(project.content, role_assignments=(RoleAssignment(group_id, ADMIN.id),))
        box.forget()
        with pytest.raises(RequestRefused, match="no VRN"):
            await granting.update_project(project, wanted, before_send=lambda: None)  # V7-4, V9-9
        assert not box.requests

    async def test_none_is_given_on_a_vrn_that_is_somebody_elses_too(
        self, granting: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        group_id = platform.make_group("those who may")
        ids = [platform.make(ProjectContent("same")) for _ in range(2)]
        await granting.list_projects()
        project = await granting.get_project(ids[0], group_ids=frozenset({group_id}))
        wanted = replace(project.content, role_assignments=(RoleAssignment(group_id, ADMIN.id),))
        box.forget()
        with pytest.raises(RequestRefused, match=f"project {ids[1]} has the same VRN"):
            await granting.update_project(project, wanted, before_send=lambda: None)
        assert not box.requests

    async def test_the_vrn_does_not_change_under_them(
        self, granting: Backend, box: Middlebox, platform: CSPCandidate
    ) -> None:
        group_id = platform.make_group("those who may")
        project = await granting.get_project(platform.make(ProjectContent("a")), group_ids=frozenset({group_id}))
        held = replace(project.content, role_assignments=(RoleAssignment(group_id, ADMIN.id),))
        await granting.update_project(project, held, before_send=lambda: None)
        current = await granting.get_project(project.id, group_ids=frozenset({group_id}))
        box.forget()
        moved = replace(current.content, particulars={"csp.vrn": "vrn/b"})
        with pytest.raises(RequestRefused, match="take them away before"):
            await granting.update_project(current, moved, before_send=lambda: None)
        assert not box.requests

    async def test_a_group_that_is_gone_has_none(self, granting: Backend, platform: CSPCandidate) -> None:
        project_id = platform.make(ProjectContent("a"))
        project = await granting.get_project(project_id, group_ids=frozenset({platform.unused_id()}))
        assert project.content.role_assignments == ()

    async def test_plans_name_the_groups(self, granting: Backend) -> None:
        content = marked(role_assignments=(RoleAssignment("g", ADMIN.id),))
        create, roles = granting.plan_create(content)
        assert (create.verb, roles.verb) == ("POST", "PATCH")
        assert roles.target.endswith("/groups/g/roles")
        assert roles.summary == "group g: give csp:project_admin on the project"
