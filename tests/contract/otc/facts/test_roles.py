"""Roles, by the name that people see; rows are of docs/backends/otc.md."""

from dataclasses import replace

from candidates import Purpose
from candidates.otc import OTCCandidate
from middlebox import Middlebox
from otc_facts import OURS
from troubles import failing

from project_operator.backends.base import Backend, RoleAssignment
from project_operator.errors import (
    RequestRefused,
)


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
