"""Deletion, which takes its time and everything inside; rows are of docs/backends/otc.md."""

import pytest
from candidates import Purpose
from candidates.otc import OTCCandidate
from middlebox import Middlebox
from otc_facts import OURS
from scripted_server import say
from troubles import failing

from project_operator.backends.base import Backend
from project_operator.errors import (
    PermissionDenied,
    ProjectNotFound,
)
from project_operator.sandbox.identity.otc.admin_models import MakeProjects


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
