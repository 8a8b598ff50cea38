"""K2: the shapes of errors."""

import httpx
from keystone import Domain
from keystone_caller import NOBODY, Caller, media_type

REQUEST_ID = "x-openstack-request-id"


def test_k2_1_6_what_is_refused_on_purpose_is_a_document(manager: Caller, domain: Domain) -> None:
    for refused, status in (
        (manager("GET", f"/projects/{NOBODY}"), 403),
        (manager.create(domain.id, name=""), 400),
    ):
        assert refused.status_code == status == refused.json()["error"]["code"]
        assert set(refused.json()) == {"error"}
        assert set(refused.json()["error"]) == {"code", "message", "title"}
        assert refused.headers[REQUEST_ID].startswith("req-")


def test_k2_2_a_wrong_method(manager: Caller) -> None:
    refused = manager("PUT", "/projects", {})
    assert (refused.status_code, set(refused.json())) == (405, {"message"})
    assert refused.headers[REQUEST_ID].startswith("req-")


def test_k2_3_4_6_pages_and_only_that_of_an_unknown_route_has_an_id(manager: Caller, domain: Domain) -> None:
    route = manager("GET", "/nothing/there")
    assert (route.status_code, media_type(route)) == (404, "text/html")
    assert route.headers[REQUEST_ID].startswith("req-")
    broken = manager("GET", f"/projects?domain_id={domain.id}&limit=x")
    assert (broken.status_code, media_type(broken), broken.headers.get(REQUEST_ID)) == (500, "text/html", None)
    large = b'{"project": {"name": "' + b"x" * 114_688
    # What is left of such a body stands in the connection, which is of no use after it.
    refused = manager("POST", "/projects", large, headers={"Connection": "close"})
    assert (refused.status_code, media_type(refused), refused.headers.get(REQUEST_ID)) == (413, "text/html", None)
    just = b'{"project": {"domain_id": "' + domain.id.encode() + b'", "name": "", "description": "'
    fitting = manager("POST", "/projects", just + b"x" * (114_688 - len(just) - 3) + b'"}}')
    assert fitting.status_code == 400, "it was read"


def test_k2_7_who_is_not_known_is_told_the_place_to_sign_in(client: httpx.Client, domain: Domain) -> None:
    for headers in ({}, {"X-Auth-Token": "nothing"}):
        refused = client.get("/projects", headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == f'Keystone uri="{domain.url}"'
        assert set(refused.json()["error"]) == {"code", "message", "title"}


def test_k2_8_what_stands_above_the_api(client: httpx.Client, domain: Domain) -> None:
    versions = client.get(domain.url.removesuffix("/v3"))
    assert (versions.status_code, set(versions.json())) == (300, {"versions"})
    assert client.get(domain.url).json()["version"]["status"] == "stable"
    twice = client.get(f"{domain.url}//projects")
    assert (twice.status_code, twice.headers["location"]) == (308, f"{domain.url}/projects")
