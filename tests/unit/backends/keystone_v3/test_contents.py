"""What would go with a domain, in words."""

from collections.abc import Mapping
from typing import Any

import pytest
from scripted_keystone import (
    CONFIG,
    ID,
    IDENTITY_PROVIDERS,
    NO_CONFIG,
    OTHER_DOMAIN,
    Outcome,
    ScriptedKeystone,
    answer,
    client,
    page,
    signed_in,
)

from project_operator.backends.keystone_v3.contents import SHOWN, Contents
from project_operator.errors import BackendUnavailable


def provider(name: str, domain_id: str = ID) -> dict[str, str]:
    return {"id": name, "domain_id": domain_id}


def providers(*items: Any, **more: Any) -> Mapping[str, Outcome]:
    return {f"GET {IDENTITY_PROVIDERS}": page("identity_providers", *items, **more)}


def configuration(config: Any) -> Mapping[str, Outcome]:
    return {f"GET {CONFIG}": answer(200, {"config": config})}


def looking(script: Mapping[str, Outcome] | None = None) -> tuple[Contents, ScriptedKeystone]:
    """At a domain with nothing in it, but for ``script``."""
    server = ScriptedKeystone()
    empty = {f"GET /v3/{kind}": page(kind) for kind in ("projects", "groups", "users")}
    known = {"POST /v3/auth/tokens": signed_in(), f"GET {CONFIG}": NO_CONFIG, **empty, **providers(), **(script or {})}
    for request, outcome in known.items():
        server.say(request, outcome)
    return Contents(client(server)), server


async def found(script: Mapping[str, Outcome] | None = None) -> str:
    contents, _ = looking(script)
    return await contents.of_domain(ID)


async def test_nothing_is_no_words_and_one_token() -> None:
    """The absence of a configuration does not look like that of the token (K3-20, K8-11)."""
    contents, server = looking()
    assert await contents.of_domain(ID) == ""
    assert (len(server.requests), server.sign_ins) == (5, 1)


async def test_identity_providers_of_other_domains_do_not_count() -> None:
    """K5-15: the list is of all domains, whatever is asked."""
    assert await found(providers(provider("acme", OTHER_DOMAIN))) == ""
    both = providers(provider("acme", OTHER_DOMAIN), provider("umbrella"))
    assert await found(both) == "1 identity provider ('umbrella')"


async def test_no_page_of_them_is_asked_for() -> None:
    """K5-15: their pages do not end."""
    contents, server = looking()
    await contents.of_domain(ID)
    assert f"GET {IDENTITY_PROVIDERS}" in server.requests


async def test_many_are_counted_and_a_few_named() -> None:
    many = [provider(f"idp-{number}") for number in range(SHOWN + 1)]
    assert await found(providers(*many)) == "4 identity providers ('idp-0', 'idp-1', 'idp-2', …)"
    assert await found(providers(*many[:SHOWN])) == "3 identity providers ('idp-0', 'idp-1', 'idp-2')"


async def test_names_are_fit_for_a_message() -> None:
    assert await found(providers(provider("x" * 64 + "\n"))) == "1 identity provider ('xxxxxxxxxxxxxxx…')"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"ldap": {"url": "ldap://acme"}, "identity": {"driver": "ldap"}}, "its configuration ('identity', 'ldap')"),
        ({name: {} for name in "dcba"}, "its configuration ('a', 'b', 'c', …)"),
        ({}, ""),
    ],
)
async def test_a_configuration_is_named_by_its_groups(config: dict[str, Any], words: str) -> None:
    assert await found(configuration(config)) == words


@pytest.mark.parametrize(
    "script",
    [
        providers({"id": "acme"}),
        providers(provider("acme"), truncated=True),
        providers(provider("acme"), marker="acme"),
        {f"GET {IDENTITY_PROVIDERS}": answer(200, {})},
        configuration(["ldap"]),
        {f"GET {CONFIG}": answer(200, {})},
        {"GET /v3/users": page("users", truncated=True)},
        {"GET /v3/users": page("users", marker="somebody")},
    ],
)
async def test_what_does_not_prove_that_there_is_nothing_is_an_error(script: Mapping[str, Outcome]) -> None:
    with pytest.raises(BackendUnavailable):
        await found(script)
