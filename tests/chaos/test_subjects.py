"""Whom a request is about is told by the names and ids in it, in the API server's paths and in every vendor's."""

import json
from typing import Any

import pytest
from chaos.kills import STANDINGS, points
from chaos.reference import Reference
from chaos.subjects import ApiSubjects, BackendSubjects
from chaos.wire import Answer, Request

OURS = "/apis/identity.project-operator.dev/v1alpha1/namespaces/ns"


def request(method: str, target: str, body: Any = None) -> Request:
    return Request(method, target, (), json.dumps(body).encode() if body is not None else b"")


@pytest.mark.parametrize(
    ("method", "target", "body", "subject"),
    [
        ("PATCH", f"{OURS}/projects/web?fieldManager=x", {}, "web"),
        ("PATCH", f"{OURS}/projects/web/status", {}, "web"),
        ("GET", f"{OURS}/projects?limit=500", None, ""),
        ("PATCH", f"{OURS}/identitybackends/nscale", {}, "identitybackends/nscale"),
        ("POST", "/api/v1/namespaces/ns/secrets", {"metadata": {"name": "due-rotated"}}, "secrets/due-rotated"),
        ("GET", "/api/v1/namespaces/ns/secrets/due-rotated", None, "secrets/due-rotated"),
    ],
)
def test_of_the_api_server(method: str, target: str, body: Any, subject: str) -> None:
    assert ApiSubjects().of(request(method, target, body)) == subject


@pytest.mark.parametrize(
    ("creation", "answer", "single"),
    [
        pytest.param(
            request("POST", "/api/v1/organizations/o/projects", {"metadata": {"name": "web"}}),
            {"metadata": {"id": "p-1", "organizationId": "o"}, "spec": {"groupIDs": []}},
            "/api/v1/organizations/o/projects/p-1",
            id="nscale",
        ),
        pytest.param(
            request("POST", "/v3/projects", {"project": {"name": "eu-de_web", "domain_id": "d"}}),
            {"project": {"id": "p-1", "domain_id": "d", "links": {"self": "x"}}},
            "/v3-ext/projects/p-1",
            id="with a prefix",
        ),
        pytest.param(
            request("POST", "/csp/gateway/resource/api/v2/orgs/o/projects", {"displayName": "web"}),
            {"id": "p-1", "refLink": "/orgs/o/projects/p-1"},
            "/csp/gateway/resource/api/v1/orgs/o/projects/p-1?expand=1",
            id="csp",
        ),
    ],
)
def test_of_a_backend_ids_are_learned_from_creations(creation: Request, answer: Any, single: str) -> None:
    subjects = BackendSubjects()
    subjects.expect("web")
    assert subjects.of(request("GET", single)) == ""
    assert subjects.of(creation) == "web"
    subjects.learn(creation, "web", Answer.of(201, answer))
    assert subjects.of(request("GET", single)) == "web"
    assert subjects.of(request("GET", "/v3/projects?domain_id=d")) == ""


def test_what_failed_teaches_nothing_and_what_was_there_is_known() -> None:
    subjects = BackendSubjects()
    subjects.expect("web")
    creation = request("POST", "/v3/projects", {"project": {"name": "web"}})
    subjects.learn(creation, "web", Answer.of(409, {"id": "p-1"}))
    assert subjects.of(request("GET", "/v3/projects/p-1")) == ""
    subjects.expect("shop", "p-2")
    assert subjects.of(request("DELETE", "/v3/projects/p-2")) == "shop"


def test_every_write_is_a_point_in_every_standing() -> None:
    reference = Reference({("nscale", "create"): ("object", "POST to the backend")}, {}, {})
    found = points(reference)
    assert [(point.nth, point.standing) for point in found] == [(nth, one) for nth in (1, 2) for one in STANDINGS]
    assert {point.target for point in found if point.nth == 2} == {"POST to the backend"}
