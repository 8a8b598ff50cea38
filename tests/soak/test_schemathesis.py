"""Requests to the embedded nscale server generated from the OpenAPI document, valid and not; each answer is held
against the document. What the server takes and answers is held against it each time by tests/sandbox/identity/nscale.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hosting import KEPT
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, CheckFunction, GenerationMode
from schemathesis.checks import response_headers_conformance
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from project_operator.sandbox.identity.nscale import readings, views
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.openapi import openapi_document
from project_operator.sandbox.identity.nscale.settings import NscaleSettings

OPERATIONS = ("listProjects", "createProject", "getProject", "updateProject", "deleteProject")
EXAMPLES = 200
"""Of each operation and dialect; others in each run."""
CONFORMANCE = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module", params=["documented", "1.18"])
def server(request: pytest.FixtureRequest) -> Iterator[EmbeddedIdentityServer]:
    paces = NscaleSettings(dialect=request.param, read_lag=0.0, provision_delay=0.0, deprovision_delay=0.05)
    with EmbeddedIdentityServer(paces, keep_alive=KEPT) as running:
        yield running


def run(server: EmbeddedIdentityServer, operation_id: str, mode: GenerationMode, *more: CheckFunction) -> int:
    """Send generated requests of one operation, every other to a project that exists; how many were sent."""
    schema = schemathesis.openapi.from_dict(openapi_document(server.identity.state.dialect))
    operation = schema.find_operation_by_id(operation_id)
    sent = 0
    with requests.Session() as session:
        session.trust_env = False
        session.headers["authorization"] = f"Bearer {server.token}"

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Case[Any]) -> None:
            nonlocal sent
            sent += 1
            case.path_parameters["organizationID"] = server.organization_id
            if "projectID" in case.path_parameters and sent % 2:
                case.path_parameters["projectID"] = server.admin.make_projects()[0]
            response = case.call(base_url=server.url, session=session)
            case.validate_response(response, checks=[*CONFORMANCE, *more])

        one()
    return sent


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_answers_to_valid_requests_conform(server: EmbeddedIdentityServer, operation_id: str) -> None:
    assert run(server, operation_id, GenerationMode.POSITIVE) >= 1


@pytest.mark.parametrize("operation_id", ["createProject", "updateProject"])
def test_invalid_bodies_are_refused_in_the_document_s_words(server: EmbeddedIdentityServer, operation_id: str) -> None:
    assert run(server, operation_id, GenerationMode.NEGATIVE, negative_data_rejection) >= 1


def test_an_answer_that_does_not_conform_would_be_noticed(
    server: EmbeddedIdentityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "fits", lambda *_: True)
    monkeypatch.setattr(views, "_PROVISIONING", {"Provisioned": "ready"})
    with pytest.raises(FailureGroup):
        run(server, "getProject", GenerationMode.POSITIVE)
