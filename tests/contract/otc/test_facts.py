"""What Open Telekom Cloud documents and leaves open, against the embedded IAM; rows are of docs/backends/otc.md."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from candidates import WRITES, Connecting, Purpose
from candidates.otc import OTCCandidate, OTCConnecting
from middlebox import Middlebox
from scripted_server import Exchange, Script, say
from troubles import failing, marked

from project_operator.api.v1alpha1.otc import RegionPrefix
from project_operator.backends.base import Backend, ProjectContent, RoleAssignment
from project_operator.backends.otc import sightings
from project_operator.backends.otc.backend import AT_ONCE
from project_operator.backends.otc.errors import THROTTLED_FOR
from project_operator.errors import (
    BackendUnavailable,
    ConnectionRefused,
    CredentialsRejected,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
)
from project_operator.sandbox.identity.otc.admin_models import MakeProjects, ProjectSnapshot
from project_operator.sandbox.identity.otc.resources import BUILT_IN, REGIONS
from project_operator.sandbox.identity.otc.state import ACCOUNT_NAME

Open = Callable[[RegionPrefix], Awaitable[Backend]]

OURS = ProjectContent("ours", mark="iproj1:1")


def sent(box: Middlebox, number: int = -1) -> dict[str, Any]:
    """What a write said of the project."""
    project: dict[str, Any] = json.loads(box.writes[number].body)["project"]
    return project


def really(iam: OTCCandidate, project_id: str) -> ProjectSnapshot:
    return next(one for one in iam.server.admin.state().projects if one.id == project_id)


def built_in(iam: OTCCandidate, name: str) -> str:
    return next(one.id for one in iam.server.admin.state().projects if one.built_in and one.name == name)


async def made(backend: Backend, content: ProjectContent = OURS) -> str:
    return (await backend.create_project(content, before_send=lambda: None)).id


class TestSigningIn:
    async def test_the_account_is_named_and_the_token_is_for_it(self, iam: OTCCandidate, box: Middlebox) -> None:
        """T3-1, T3-2, T3-3."""
        backend = iam.open(Connecting(url=box.url))
        facts = await backend.connect()
        (request,) = box.sign_ins
        auth = json.loads(request.body)["auth"]
        assert request.target == "/v3/auth/tokens?nocatalog"
        assert auth["identity"]["password"]["user"]["domain"] == {"name": ACCOUNT_NAME}
        assert auth["scope"] == {"domain": {"name": ACCOUNT_NAME}}
        assert facts.principal == iam.user
        assert facts.credential_expires_at is None, "T3-8: it is empty where the password does not end"
        await backend.aclose()

    async def test_every_request_says_its_content_type(self, backend: Backend, box: Middlebox) -> None:
        """T3-6."""
        project_id = await made(backend)
        await backend.get_project(project_id)
        await backend.list_projects()
        await backend.delete_project(project_id, before_send=lambda: None)
        assert {request.headers.get("content-type") for request in box.requests} == {"application/json;charset=utf8"}

    async def test_a_token_that_dies_is_replaced_and_the_request_sent_again(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T3-4."""
        iam.server.admin.end_sessions()
        project_id = await made(backend)
        assert set(iam.truth()) == {project_id}
        assert len(box.sign_ins) == 1

    async def test_so_is_one_of_a_place_that_failed_over(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T2-10."""
        iam.server.admin.fail_over()
        project_id = await made(backend)
        assert set(iam.truth()) == {project_id}
        assert len(box.sign_ins) == 1
        box.spoil(say(410, b'{"error_code": "IAM.0020", "error_msg": "Original auth failed."}'))
        await failing(backend.list_projects(), CredentialsRejected, iam.secrets)

    async def test_a_region_that_the_account_does_not_have_is_the_field_to_look_at(self, iam: OTCCandidate) -> None:
        """T1-20, T8-4."""
        backend = iam.open(OTCConnecting(region="eu-xy"))
        with pytest.raises(ConnectionRefused) as raised:
            await backend.connect()
        assert raised.value.field == "spec.openTelekomCloud.region"
        await backend.aclose()

    async def test_missing_rights_name_the_role_and_the_right(self, backend: Backend, iam: OTCCandidate) -> None:
        """T2-4, T3-5."""
        iam.lose_rights()
        error = await failing(made(backend), PermissionDenied, iam.secrets)
        assert "Security Administrator" in str(error)
        assert "iam:projects:createProject" in str(error)


class TestCreation:
    async def test_what_is_sent(self, backend: Backend, box: Middlebox, iam: OTCCandidate) -> None:
        """T1-1, T1-9, T1-14, T1-15, T8-1, T8-3, T8-4."""
        await made(backend, ProjectContent("ours", "what it is for", mark="iproj1:1"))
        assert sent(box) == {
            "name": "eu-de_ours",
            "domain_id": iam.organization_id,
            "parent_id": built_in(iam, "eu-de"),
            "description": "what it is for iproj1:1",
        }

    async def test_a_parent_of_its_own_is_sent_instead(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T1-15."""
        parent_id = iam.make(ProjectContent("above"))
        project = await backend.create_project(replace(OURS, parent_id=parent_id), before_send=lambda: None)
        assert sent(box)["parent_id"] == parent_id
        assert project.content.parent_id == really(iam, project.id).parent_id == parent_id

    async def test_the_regions_project_is_looked_up_once(self, backend: Backend, box: Middlebox) -> None:
        """T8-4."""
        for number in range(3):
            await made(backend, ProjectContent(f"ours-{number}"))
        assert len(box.requests) == 3

    async def test_a_name_that_differs_in_case_alone_may_be_taken(self, backend: Backend, iam: OTCCandidate) -> None:
        """T1-11."""
        iam.make(ProjectContent("Taken"))
        await failing(made(backend, ProjectContent("taken")), NameTaken, iam.secrets)

    async def test_it_is_never_suspended_by_its_creation(self, backend: Backend, iam: OTCCandidate) -> None:
        """T1-6, T8-5: that follows as an update, and the plan says so."""
        content = replace(OURS, enabled=False)
        plan = backend.plan_create(content)
        assert [(step.verb, step.target) for step in plan] == [
            ("POST", "/v3/projects"),
            ("PUT", "/v3-ext/projects/{id}"),
        ]
        project = await backend.create_project(content, before_send=lambda: None)
        assert project.content.enabled
        assert really(iam, project.id).status == "normal"


class TestNames:
    async def test_where_they_are_checked_they_are_sent_and_shown_as_they_are(
        self, opened: Open, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T1-9, T8-3."""
        backend = await opened(RegionPrefix.CHECK)
        project = await backend.create_project(ProjectContent("eu-de_ours"), before_send=lambda: None)
        assert sent(box)["name"] == project.content.name == "eu-de_ours"
        (listed,) = await backend.list_projects()
        assert listed.content.name == "eu-de_ours"
        await failing(made(backend, ProjectContent("ours")), RequestRefused, iam.secrets)

    async def test_the_same_project_has_its_name_in_either_way(self, opened: Open, iam: OTCCandidate) -> None:
        """T8-3."""
        iam.make(ProjectContent("ours"))
        for prefix, name in ((RegionPrefix.CHECK, "eu-de_ours"), (RegionPrefix.PREPEND, "ours")):
            (project,) = await (await opened(prefix)).list_projects()
            assert project.content.name == name

    async def test_the_prefix_stays_through_a_rename(self, backend: Backend, box: Middlebox, iam: OTCCandidate) -> None:
        """T1-5, T1-12."""
        project = await backend.get_project(await made(backend))
        wanted = replace(project.content, name="renamed")
        await backend.update_project(project, wanted, before_send=lambda: None)
        assert box.writes[-1].method == "PATCH"
        assert sent(box) == {"name": "eu-de_renamed"}
        assert really(iam, project.id).name == "eu-de_renamed"

    async def test_another_prefix_is_refused_in_words_that_say_nothing(self, opened: Open, iam: OTCCandidate) -> None:
        """T1-12: why names are checked before any call."""
        backend = await opened(RegionPrefix.CHECK)
        project = await backend.get_project(iam.make(ProjectContent("ours")))
        wanted = replace(project.content, name="eu-nl_ours")
        error = await failing(
            backend.update_project(project, wanted, before_send=lambda: None), RequestRefused, iam.secrets
        )
        assert str(error).endswith("null")


class TestWhatIsTheVendors:
    @pytest.mark.parametrize("name", [*REGIONS, BUILT_IN])
    async def test_its_own_projects_are_neither_listed_nor_read_nor_touched(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate, name: str
    ) -> None:
        """T1-20, T4-5, T7-3, T8-2."""
        project_id = built_in(iam, name)
        assert await backend.list_projects() == ()
        await failing(backend.get_project(project_id), RequestRefused, iam.secrets)
        box.forget()
        await failing(
            backend.delete_project(project_id, before_send=lambda: None),
            RequestRefused if name == "eu-de" else PermissionDenied,
            iam.secrets,
        )
        assert (not box.writes) is (name == "eu-de"), "that of our own region is known, and not even asked about"
        assert not really(iam, project_id).deleting

    async def test_what_is_of_another_region_is_not_ours(self, backend: Backend, iam: OTCCandidate) -> None:
        """T4-5, T8-2."""
        elsewhere = iam.make_elsewhere()
        await failing(backend.get_project(elsewhere), RequestRefused, iam.secrets)


class TestStatus:
    async def test_it_is_read_with_the_project_and_shown_as_enabled(self, backend: Backend, iam: OTCCandidate) -> None:
        """T1-3, T1-16, T1-17, T8-5."""
        project_id = iam.make(ProjectContent("theirs"))
        iam.server.admin.edit_project(project_id, status="suspended")
        project = await backend.get_project(project_id)
        assert project.content.enabled is False
        assert (project.provisioning_status, project.health_status) == ("provisioned", "healthy")
        assert project.raw_status == {"enabled": "true", "status": "suspended", "name": "eu-de_theirs"}

    async def test_it_is_set_by_a_put_and_the_rest_by_a_patch(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T1-5, T1-6."""
        project = await backend.get_project(await made(backend))
        box.forget()
        off = replace(project.content, name="off", enabled=False)
        await backend.update_project(project, off, before_send=lambda: None)
        assert [request.method for request in box.writes] == ["PATCH", "PUT"], "changed before it is suspended"
        assert box.writes[1].target == f"/v3-ext/projects/{project.id}"
        assert sent(box) == {"status": "suspended"}
        project = await backend.get_project(project.id)
        box.forget()
        await backend.update_project(project, replace(off, name="on", enabled=True), before_send=lambda: None)
        assert [request.method for request in box.writes] == ["PUT", "PATCH"], "and after it is normal again"
        assert really(iam, project.id).status == "normal"

    async def test_a_list_shows_it_once_it_was_read(self, backend: Backend, box: Middlebox, iam: OTCCandidate) -> None:
        """T1-4, T8-6: what is suspended is not shown as anything else, but as not told."""
        ours = iam.make(OURS)
        iam.server.admin.edit_project(ours, status="suspended")
        box.forget()
        (listed,) = await backend.list_projects()
        assert (listed.id, listed.content.mark, listed.whole) == (ours, OURS.mark, False)
        assert len(box.requests) == 1
        read = await backend.get_project(ours)
        assert await backend.list_projects() == (read,)
        assert (read.whole, read.content.enabled) == (True, False)

    async def test_what_was_set_is_known_at_once(self, backend: Backend, box: Middlebox) -> None:
        """T8-6: no read is needed, and no list says otherwise."""
        project = await backend.create_project(OURS, before_send=lambda: None)
        off = replace(project.content, enabled=False)
        await backend.update_project(project, off, before_send=lambda: None)
        box.forget()
        (listed,) = await backend.list_projects()
        assert listed.content.enabled is False
        assert len(box.requests) == 1

    async def test_a_list_of_settled_projects_is_one_request(self, backend: Backend, box: Middlebox) -> None:
        """T8-6."""
        for number in range(20):
            await made(backend, marked(number))
        await backend.list_projects()
        box.forget()
        assert len(await backend.list_projects()) == 20
        assert len(box.requests) == 1

    @pytest.mark.parametrize(
        "trouble",
        [say(429, b""), say(503), say(200, b"{}"), say(404, b'{"error_code": "IAM.0004", "error_msg": "not found"}')],
        ids=["a limit", "an outage", "no project", "no project of that kind"],
    )
    async def test_no_list_fails_for_it(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate, trouble: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """T5-3, T8-6: what is old is read again; where that fails, it is as it was, and the rest is not asked for."""
        known = [iam.make(marked(number)) for number in range(12)]
        iam.server.admin.edit_project(known[0], status="suspended")
        shown = {project_id: await backend.get_project(project_id) for project_id in known}
        monkeypatch.setattr(sightings, "_RENEWED_WITHIN", 1e-6)
        box.forget()
        assert {one.id: one for one in await backend.list_projects()} == shown
        assert len(box.requests) == 1 + len(known)
        box.spoil(trouble, skip=1)
        box.forget()
        assert {one.id: one for one in await backend.list_projects()} == shown
        assert len(box.requests) <= 1 + 2 * AT_ONCE, "of those that are under way with the first, each twice at most"

    async def test_a_project_that_is_gone_by_then_is_not_told(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project_id = iam.make(OURS)
        await backend.get_project(project_id)
        monkeypatch.setattr(sightings, "_RENEWED_WITHIN", 1e-6)
        gone = json.dumps({"error_code": "IAM.0004", "error_msg": f"Could not find project: {project_id}."})
        box.spoil(say(404, gone.encode()), skip=1)
        (listed,) = await backend.list_projects()
        assert (listed.id, listed.whole) == (project_id, False)

    async def test_a_word_that_nobody_knows_reads_unknown(self, backend: Backend, iam: OTCCandidate) -> None:
        """T1-17."""
        project_id = iam.make(OURS)
        iam.server.admin.edit_project(project_id, status="frozen")
        project = await backend.get_project(project_id)
        assert (project.provisioning_status, project.health_status) == ("unknown", "unknown")
        assert project.raw_status["status"] == "frozen"

    async def test_an_answer_without_a_status_is_none(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T1-2, T1-3."""
        project_id = iam.make(OURS)
        document = {"id": project_id, "name": "eu-de_ours", "domain_id": iam.organization_id, "enabled": True}
        box.spoil(say(200, json.dumps({"project": document}).encode()))
        await failing(backend.get_project(project_id), BackendUnavailable, iam.secrets)


class TestLateReads:
    async def test_what_was_just_made_is_believed_where_reads_do_not_show_it(
        self, backend: Backend, iam: OTCCandidate
    ) -> None:
        """T5-1, T5-2, T8-7."""
        iam.server.admin.configure(read_lag=3600.0, list_lag=3600.0)
        project = await backend.create_project(OURS, before_send=lambda: None)
        assert await backend.get_project(project.id) == project
        assert await backend.list_projects() == (project,)
        assert (await backend.get_project(project.id, group_ids=frozenset({"g"}))).content.role_assignments == ()

    async def test_nothing_of_it_is_believed_to_be_gone(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T5-1, T8-7: neither an update nor a deletion that hears 404."""
        project = await backend.create_project(OURS, before_send=lambda: None)
        gone = json.dumps({"error": {"code": 404, "message": f"Could not find project: {project.id}."}}).encode()
        box.spoil(say(404, gone))
        for content in (replace(project.content, name="other"), replace(project.content, enabled=False)):
            error = await failing(
                backend.update_project(project, content, before_send=lambda: None), BackendUnavailable, iam.secrets
            )
            assert "just made" in str(error)
        await failing(backend.delete_project(project.id, before_send=lambda: None), BackendUnavailable, iam.secrets)

    async def test_nor_is_a_role_refused_for_good(self, backend: Backend, box: Middlebox, iam: OTCCandidate) -> None:
        """T5-1, T8-7."""
        group_id = iam.make_group("those who may")
        project = await backend.create_project(OURS, before_send=lambda: None)
        wanted = replace(project.content, **iam.access([group_id]))
        gone = json.dumps({"error": {"code": 404, "message": f"Could not find project: {project.id}."}}).encode()
        box.spoil(say(404, gone))
        await failing(
            backend.update_project(project, wanted, before_send=lambda: None), BackendUnavailable, iam.secrets
        )

    async def test_what_was_there_before_us_is_gone_when_it_is(self, backend: Backend, iam: OTCCandidate) -> None:
        project_id = iam.make(OURS)
        await backend.get_project(project_id)
        iam.vanish(project_id)
        await failing(backend.get_project(project_id), ProjectNotFound, iam.secrets)
        assert await backend.list_projects() == ()

    async def test_what_was_changed_meanwhile_is_believed_as_changed(self, backend: Backend, iam: OTCCandidate) -> None:
        """T8-7."""
        iam.server.admin.configure(read_lag=3600.0, list_lag=3600.0)
        project = await backend.create_project(OURS, before_send=lambda: None)
        renamed = replace(project.content, name="renamed")
        await backend.update_project(project, renamed, before_send=lambda: None)
        assert (await backend.get_project(project.id)).content == renamed


class TestDeletion:
    @pytest.mark.parametrize("status", [200, 204])
    async def test_it_goes_on_and_takes_everything_with_it(
        self, backend: Backend, iam: OTCCandidate, status: int
    ) -> None:
        """T1-7, T7-1, T7-2, T8-9."""
        iam.server.admin.configure(delete_answer=status, deletion_delay=3600.0)
        (project_id,) = iam.server.admin.make_projects(MakeProjects(name="eu-de_full", resources=3))
        await backend.delete_project(project_id, before_send=lambda: None)
        project = await backend.get_project(project_id)
        assert project.deleting
        assert project.provisioning_status == "deprovisioning"
        (listed,) = await backend.list_projects()
        assert listed.deletion_time == project.deletion_time
        iam.vanish(project_id)
        await failing(backend.get_project(project_id), ProjectNotFound, iam.secrets)
        assert iam.server.admin.state().destroyed == 3

    async def test_the_plan_says_what_goes_with_it(self, backend: Backend) -> None:
        """T7-1."""
        (step,) = backend.plan_delete("a")
        assert "every resource in it" in step.summary

    async def test_one_that_somebody_else_began_is_seen_by_its_status(
        self, backend: Backend, iam: OTCCandidate
    ) -> None:
        """T1-17, T7-2."""
        project_id = iam.make(OURS)
        iam.server.admin.edit_project(project_id, status="Deleting")
        assert (await backend.get_project(project_id)).deleting

    async def test_one_that_is_forbidden_is_no_success(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T7-4."""
        project_id = iam.make(OURS)
        words = b"Policy doesn't allow iam:projects:deleteProject to be performed."
        box.spoil(say(403, b'{"error": {"code": 403, "message": "' + words + b'"}}'), frozenset({Purpose.DELETE}))
        await failing(backend.delete_project(project_id, before_send=lambda: None), PermissionDenied, iam.secrets)
        assert set(iam.truth()) == {project_id}


class TestRoles:
    async def test_they_are_known_by_the_names_that_people_know(self, backend: Backend, iam: OTCCandidate) -> None:
        """T6-4, T6-6, T6-7, T8-12: not the account's alone, nor those that nobody can be given."""
        own = iam.server.admin.make_role("Our Policy")
        iam.server.admin.make_role("Account Alone", type="AX")
        roles = {role.name: role.id for role in await backend.list_roles()}
        assert roles == {
            "Tenant Administrator": "0a01",
            "Tenant Guest": "0a02",
            "VPC FullAccess": "0a04",
            "Our Policy": own,
        }

    async def test_a_display_name_that_is_there_twice_is_shown_twice(self, backend: Backend, iam: OTCCandidate) -> None:
        """T6-5: who is meant is not for us to say."""
        iam.server.admin.make_role("Tenant Guest")
        assert [role.name for role in await backend.list_roles()].count("Tenant Guest") == 2

    async def test_they_are_read_group_by_group(self, backend: Backend, box: Middlebox, iam: OTCCandidate) -> None:
        """T6-2, T6-3, T8-13."""
        one, two = iam.make_group("one"), iam.make_group("two")
        project_id = iam.make(OURS)
        box.forget()
        project = await backend.get_project(project_id, group_ids=frozenset({one, two, "gone"}))
        assert project.content.role_assignments == ()
        assert not [request for request in box.requests if "role_assignments" in request.target]
        assert sum(request.target.endswith("/roles") for request in box.requests) == 3

    async def test_a_role_that_is_there_is_given_all_the_same(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T6-1: the second time is a conflict, and as good."""
        group_id = iam.make_group("those who may")
        project_id = iam.make(OURS)
        project = await backend.get_project(project_id)
        wanted = replace(project.content, **iam.access([group_id]))
        for _ in range(2):
            await backend.update_project(project, wanted, before_send=lambda: None)
        assert box.asked(Purpose.UPDATE) == 2
        assert iam.truth()[project_id].role_assignments == wanted.role_assignments

    async def test_groups_are_the_accounts(self, backend: Backend, box: Middlebox, iam: OTCCandidate) -> None:
        """T4-4, T6-8."""
        iam.make_group("those who may")
        assert [group.name for group in await backend.list_groups()] == ["those who may"]
        assert [request.target for request in box.requests] == [f"/v3/groups?domain_id={iam.organization_id}"]

    async def test_a_role_that_no_project_can_have_is_refused(self, backend: Backend, iam: OTCCandidate) -> None:
        """T6-6."""
        group_id = iam.make_group("those who may")
        project = await backend.get_project(iam.make(OURS))
        wanted = replace(project.content, role_assignments=(RoleAssignment(group_id, "0a03"),))
        await failing(backend.update_project(project, wanted, before_send=lambda: None), RequestRefused, iam.secrets)


class TestLimits:
    @pytest.mark.parametrize(("shape", "seconds"), [("iam", 45.0), ("gateway", THROTTLED_FOR), ("keystone", None)])
    async def test_how_long_to_wait_is_told_by_the_words_where_no_header_does(
        self, backend: Backend, iam: OTCCandidate, shape: str, seconds: float | None
    ) -> None:
        """T2-8, T2-9, T5-3, T8-11."""
        iam.server.admin.configure(limit=1, window=45.0, throttle_shape=shape)
        await backend.list_projects()
        error = await failing(backend.list_projects(), Throttled, iam.secrets)
        assert error.retry_after == seconds

    async def test_a_header_counts_for_more(self, backend: Backend, box: Middlebox, iam: OTCCandidate) -> None:
        """T5-3, T8-11."""
        words = b'{"error_code": "IAM.0012", "error_msg": "threshold 5 times per 60 seconds"}'
        box.spoil(say(429, words, "Retry-After: 7"))
        error = await failing(backend.list_projects(), Throttled, iam.secrets)
        assert error.retry_after == 7.0

    async def test_a_body_that_is_too_large_is_refused(self, backend: Backend, iam: OTCCandidate) -> None:
        """T2-12."""
        await failing(made(backend, replace(OURS, description="x" * 40_000)), RequestRefused, iam.secrets)


class TestErrors:
    @pytest.mark.parametrize("shape", ["byPath", "keystone", "iam"])
    async def test_whatever_form_they_have(self, backend: Backend, iam: OTCCandidate, shape: str) -> None:
        """T2-1, T2-2, T2-5, T2-6, T2-7."""
        iam.server.admin.configure(error_shape=shape)
        iam.make(ProjectContent("taken"))
        await failing(made(backend, ProjectContent("taken")), NameTaken, iam.secrets)
        await failing(made(backend, ProjectContent("a b")), RequestRefused, iam.secrets)
        await failing(backend.get_project(iam.unused_id()), ProjectNotFound, iam.secrets)
        await backend.delete_project(iam.unused_id(), before_send=lambda: None)
        iam.lose_rights()
        await failing(backend.list_projects(), PermissionDenied, iam.secrets)

    async def test_the_id_under_which_the_vendor_logged_it_is_kept(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T2-14."""
        said = "x-openstack-request-id: req-0af7651916cd43dd8448eb211c80319c"
        box.spoil(say(500, b'{"error_code": "IAM.0006", "error_msg": "oh"}', said))
        error = await failing(backend.list_projects(), BackendUnavailable, iam.secrets)
        assert error.trace_id == "req-0af7651916cd43dd8448eb211c80319c"

    async def test_where_a_project_may_not_be_read_the_list_tells_whether_it_is_there(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """Nobody says whether a missing one is 403; the region's own project proves that the list is whole (T8-4)."""
        project_id = iam.make(OURS)
        forbidden = b'{"error": {"code": 403, "message": "Policy doesn\'t allow iam:projects:listProjects"}}'

        async def alone(exchange: Exchange) -> None:
            await exchange.answer(403, forbidden)

        box.spoil(alone, count=1)
        await failing(backend.get_project(project_id), PermissionDenied, iam.secrets)
        iam.vanish(project_id)
        box.spoil(alone, count=1)
        await failing(backend.get_project(project_id), ProjectNotFound, iam.secrets)

    async def test_a_write_that_is_forbidden_because_nothing_is_there_is_told_apart(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        project = await backend.get_project(iam.make(OURS))
        iam.vanish(project.id)
        forbidden = say(403, b'{"error_code": "IAM.0003", "error_msg": "Policy doesn\'t allow it"}')
        box.spoil(forbidden, WRITES)
        wanted = replace(project.content, name="renamed")
        await failing(backend.update_project(project, wanted, before_send=lambda: None), ProjectNotFound, iam.secrets)
        await backend.delete_project(project.id, before_send=lambda: None)
        assert len(box.writes) == 2

    async def test_a_list_without_the_regions_own_project_proves_nothing(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T1-20, T8-4."""
        box.spoil(say(200, b'{"projects": [], "links": {}}'))
        error = await failing(backend.verify_read_access(), PermissionDenied, iam.secrets)
        assert "role Security Administrator" in str(error)

    async def test_another_project_than_the_one_asked_for_is_no_answer(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T1-1, T1-5: of a creation by its name, of an update by its id."""
        document = {"id": iam.unused_id(), "name": "eu-de_other", "domain_id": iam.organization_id, "enabled": True}
        project = await backend.get_project(iam.make(ProjectContent("theirs")))
        for status in (201, 200):
            box.spoil(say(status, json.dumps({"project": document}).encode()))
            if status == 201:
                await failing(made(backend), OutcomeUnknown, iam.secrets)
            else:
                wanted = replace(project.content, name="renamed")
                await failing(
                    backend.update_project(project, wanted, before_send=lambda: None), OutcomeUnknown, iam.secrets
                )
