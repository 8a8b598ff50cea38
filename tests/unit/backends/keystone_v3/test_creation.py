"""Where a project is made."""

from typing import Any

import pytest
from scripted_keystone import (
    DOMAIN,
    DOMAIN_PROJECT,
    HTML,
    OTHER_DOMAIN,
    PROJECT,
    ScriptedKeystone,
    answer,
    cloud,
    connected,
    forbidden,
    never_asked,
    not_found,
    remote,
    unchecked,
)

from project_operator.backends.base import ProjectContent
from project_operator.backends.calls import Answer
from project_operator.errors import OutcomeUnknown, RequestRefused

MARK = "iproj1:0123456789abcdef:0123456789abcdef:01234567:00000000-0000-0000-0000-000000000000"
MADE = DOMAIN_PROJECT | {"id": "made", "tags": [MARK]}
CREATED = {"POST /v3/projects": answer(201, {"project": PROJECT})}


class TestCreate:
    async def test_one_request(self) -> None:
        backend, server = await connected({"POST /v3/projects": answer(201, {"project": PROJECT})})
        assert await backend.create_project(ProjectContent("a"), before_send=unchecked) == remote()
        assert server.requests == ["POST /v3/projects"]

    @pytest.mark.parametrize(
        ("particulars", "words"),
        [
            ({"keystone.isDomain": "true"}, "spec.keystone.manageDomains"),
            ({"keystone.domainID": OTHER_DOMAIN}, "spec.keystone.additionalDomains"),
        ],
    )
    async def test_what_the_backend_object_does_not_allow_is_refused_unsent(
        self, particulars: dict[str, str], words: str
    ) -> None:
        backend, server = await connected()
        with pytest.raises(RequestRefused, match=words):
            await backend.create_project(ProjectContent("a", particulars=particulars), before_send=never_asked)
        assert not server.asked

    @pytest.mark.parametrize("body", [b"", HTML, {"project": {}}, {"project": PROJECT | {"name": "another"}}])
    async def test_a_success_that_shows_no_project_is_unknown(self, body: Any) -> None:
        backend, _ = await connected({"POST /v3/projects": answer(201, body)})
        with pytest.raises(OutcomeUnknown):
            await backend.create_project(ProjectContent("a"), before_send=unchecked)


class TestBelowAParent:
    """Keystone wants to be told the parent's domain (K4-4)."""

    @staticmethod
    async def made_in(parent: Answer, *, manages_domains: bool = True) -> tuple[str, ScriptedKeystone]:
        script = cloud() | CREATED | {"GET /v3/projects/above": parent}
        script[f"GET /v3/domains/{OTHER_DOMAIN}"] = answer(200, {"domain": {"id": OTHER_DOMAIN, "name": "b"}})
        script["GET /v3/projects/made"] = answer(200, {"project": MADE})
        domains: dict[str, Any] = {"manage_domains": True} if manages_domains else {}
        backend, server = await connected(script, additional_domains=(OTHER_DOMAIN,), **domains)
        await backend.create_project(ProjectContent("a", parent_id="above"), before_send=unchecked)
        (body,) = server.bodies("POST")
        return str(body["project"]["domain_id"]), server

    @pytest.mark.parametrize("domain_id", [DOMAIN, OTHER_DOMAIN, "made"])
    async def test_it_is_in_the_domain_of_that(self, domain_id: str) -> None:
        parent = PROJECT | {"id": "above", "domain_id": domain_id}
        assert (await self.made_in(answer(200, {"project": parent})))[0] == domain_id

    async def test_which_may_be_a_domain_that_a_project_made(self) -> None:
        assert (await self.made_in(answer(200, {"project": MADE | {"id": "above"}})))[0] == "above"

    @pytest.mark.parametrize(
        "parent", [PROJECT | {"id": "above", "domain_id": "elsewhere"}, DOMAIN_PROJECT | {"id": "above"}]
    )
    async def test_but_no_other_domain(self, parent: dict[str, Any]) -> None:
        backend, server = await connected(
            cloud()
            | {
                "GET /v3/projects/above": answer(200, {"project": parent}),
                "GET /v3/projects/elsewhere": answer(200, {"project": DOMAIN_PROJECT | {"id": "elsewhere"}}),
            },
            manage_domains=True,
        )
        with pytest.raises(RequestRefused, match="create project: the parent is"):
            await backend.create_project(ProjectContent("a", parent_id="above"), before_send=never_asked)
        assert server.bodies("POST") == []

    @pytest.mark.parametrize("parent", [not_found("project", "above"), forbidden("get_project")])
    async def test_what_is_wrong_with_the_parent_is_for_keystone_to_say(self, parent: Answer) -> None:
        assert (await self.made_in(parent))[0] == DOMAIN

    async def test_where_there_is_one_domain_nobody_is_asked(self) -> None:
        backend, server = await connected(CREATED)
        await backend.create_project(ProjectContent("a", parent_id="above"), before_send=unchecked)
        assert server.requests == ["POST /v3/projects"]

    async def test_nor_where_the_parent_is_one_of_the_domains(self) -> None:
        backend, server = await connected(cloud() | CREATED, manage_domains=True)
        await backend.create_project(ProjectContent("a", parent_id=DOMAIN), before_send=unchecked)
        assert server.requests == ["POST /v3/projects"]
