"""Suspended and normal, which no list shows; rows are of docs/backends/otc.md."""

import json
from dataclasses import replace

import pytest
from candidates.otc import OTCCandidate
from middlebox import Middlebox
from otc_facts import OURS, made, really, sent
from scripted_server import Script, say
from troubles import failing, marked

from project_operator.backends.base import Backend, ProjectContent
from project_operator.backends.otc import sightings
from project_operator.backends.otc.backend import OTCBackend
from project_operator.backends.otc.reader import AT_ONCE
from project_operator.errors import (
    BackendUnavailable,
)


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

    async def test_where_too_many_were_asked_for_the_connection_rests(
        self, backend: OTCBackend, box: Middlebox, iam: OTCCandidate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """T5-3, T8-6: the list succeeds, and what the backend asked for is told all the same."""
        await backend.get_project(iam.make(OURS))
        pauses: list[float] = []
        monkeypatch.setattr(backend._reader, "_pause", pauses.append)
        monkeypatch.setattr(sightings, "_RENEWED_WITHIN", 1e-6)
        box.spoil(say(429, b"{}", "Retry-After: 77"), skip=1)
        assert len(await backend.list_projects()) == 1
        assert pauses == [77.0]

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
