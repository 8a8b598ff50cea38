"""Reads that do not show yet what was written; rows are of docs/backends/otc.md."""

import json
from dataclasses import replace

from candidates.otc import OTCCandidate
from middlebox import Middlebox
from otc_facts import OURS
from scripted_server import say
from troubles import failing

from project_operator.backends.base import Backend
from project_operator.errors import (
    BackendUnavailable,
    ProjectNotFound,
)


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
