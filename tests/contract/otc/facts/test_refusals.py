"""Limits, and answers that refuse; rows are of docs/backends/otc.md."""

import json
from dataclasses import replace

import pytest
from candidates import WRITES
from candidates.otc import OTCCandidate
from middlebox import Middlebox
from otc_facts import OURS, made
from scripted_server import Exchange, say
from troubles import failing

from project_operator.backends.base import Backend, ProjectContent
from project_operator.backends.otc.errors import THROTTLED_FOR
from project_operator.errors import (
    BackendUnavailable,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    Throttled,
)


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
