"""Signing in, and whose projects are whose; rows are of docs/backends/otc.md."""

import json

import pytest
from candidates import Connecting
from candidates.otc import OTCCandidate, OTCConnecting
from middlebox import Middlebox
from otc_facts import built_in, made, really
from scripted_server import say
from troubles import failing

from project_operator.backends.base import Backend
from project_operator.errors import (
    ConnectionRefused,
    CredentialsRejected,
    PermissionDenied,
    RequestRefused,
)
from project_operator.sandbox.identity.otc.resources import BUILT_IN, REGIONS
from project_operator.sandbox.identity.otc.state import ACCOUNT_NAME


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
