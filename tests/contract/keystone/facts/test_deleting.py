"""K8: deleting."""

from collections.abc import Callable

from keystone import Domain
from keystone_caller import NOBODY, Caller, make_identity_provider, message, unused_name


def test_k8_1_2_a_leaf_at_once_and_a_parent_not(manager: Caller, admin: Caller, domain: Domain) -> None:
    parent = manager.make(domain.id)
    child = manager.make(domain.id, parent_id=parent)
    refused = manager("DELETE", f"/projects/{parent}?cascade=true")
    assert refused.status_code == 403
    assert "not a leaf" in message(refused)
    assert "cascade" in message(refused)
    assert [admin("DELETE", f"/projects/{child}").status_code for _ in range(2)] == [204, 404]
    manager.change(parent, enabled=False)
    assert manager("DELETE", f"/projects/{parent}").status_code == 204


def test_k8_3_4_a_domain_is_disabled_before(admin: Caller) -> None:
    made = admin.create(name=unused_name(), is_domain=True).json()["project"]
    assert (made["domain_id"], made["parent_id"]) == (None, None)
    path = f"/projects/{made['id']}"
    assert admin("DELETE", path).status_code == 403
    assert admin.change(made["id"], enabled=False).status_code == 200
    assert admin("DELETE", path).status_code == 204


def test_k8_7_with_a_domain_goes_all_that_is_in_it(admin: Caller, domain: Domain) -> None:
    made = admin.create(name=unused_name(), is_domain=True).json()["project"]["id"]
    project_id, group = admin.make(made), domain.admin.make_group("in it", made)
    user = domain.admin.make_user("in-it", "correct-horse-battery-staple", made)
    provider = make_identity_provider(admin, made)
    mapping, protocol = f"/OS-FEDERATION/mappings/{unused_name()}", f"{provider}/protocols/saml2"
    rule = {"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "name"}]}
    assert admin("PUT", mapping, {"mapping": {"rules": [rule]}}).status_code == 201
    assert admin("PUT", protocol, {"protocol": {"mapping_id": mapping.rpartition("/")[2]}}).status_code == 201
    configure(admin, made, ldap={"url": "ldap://acme"})
    delete_domain(admin, made)
    gone = (f"/projects/{project_id}", f"/groups/{group}", f"/users/{user.id}", provider, protocol, configuration(made))
    for path in gone:
        assert admin("GET", path).status_code == 404, path
    assert admin("GET", mapping).status_code == 200


def test_k8_8_a_locked_project_stops_the_deletion_of_its_domain_half_way(admin: Caller) -> None:
    made = admin.create(name=unused_name(), is_domain=True).json()["project"]["id"]
    gone, locked = admin.make(made, name="a"), admin.make(made, name="b", options={"immutable": True})
    admin.change(made, enabled=False)
    refused = admin("DELETE", f"/projects/{made}")
    assert (refused.status_code, locked in message(refused)) == (403, True)
    assert [admin("GET", f"/projects/{one}").status_code for one in (gone, locked)] == [404, 200]
    assert admin.project(made)["enabled"] is False


def test_k8_9_what_is_on_a_domain_goes_with_it(admin: Caller, domain: Domain) -> None:
    made, reader = domain.make_domain(), domain.admin.role_id("reader")
    user, group = domain.make_user(), domain.make_group(unused_name())
    domain.admin.grant(reader, f"domains/{made}", user=user.id)
    domain.admin.grant(reader, f"domains/{made}", group=group, inherited=True)
    domain.admin.grant(reader, f"projects/{made}", group=group)
    body = {"credential": {"type": "cert", "blob": "x", "user_id": user.id, "project_id": made}}
    credential = admin("POST", "/credentials", body).json()["credential"]["id"]
    assert len(domain.admin.assignments(f"domains/{made}")) == 2
    assert len(domain.admin.assignments(f"projects/{made}")) == 1
    delete_domain(admin, made)
    assert domain.admin.assignments(f"domains/{made}") == domain.admin.assignments(f"projects/{made}") == frozenset()
    assert admin("GET", f"/credentials/{credential}").status_code == 404
    assert [admin("GET", path).status_code for path in (f"/users/{user.id}", f"/groups/{group}")] == [200, 200]


def test_k8_10_roles_and_limits_of_a_domain_are_left_behind(admin: Caller, domain: Domain) -> None:
    made = domain.make_domain()
    role = domain.admin.make_role(unused_name(), made)
    service = admin("POST", "/services", {"service": {"type": "compute"}}).json()["service"]["id"]
    what = {"service_id": service, "resource_name": "cores"}
    registered = {"registered_limits": [what | {"default_limit": 9}]}
    assert admin("POST", "/registered_limits", registered).status_code == 201
    of_domain = {"limits": [what | {"resource_limit": 5, "domain_id": made}]}
    limit = admin("POST", "/limits", of_domain).json()["limits"][0]["id"]
    delete_domain(admin, made)
    assert admin("GET", f"/roles/{role}").json()["role"]["domain_id"] == made
    assert admin("GET", f"/limits/{limit}").json()["limit"]["domain_id"] == made


def test_k8_11_the_configuration_of_a_domain(admin: Caller, domain: Domain) -> None:
    made = domain.make_domain()
    for none in (made, NOBODY):
        absent = admin("GET", configuration(none))
        assert (absent.status_code, message(absent)) == (
            404,
            f"Could not find any options in domain configuration for domain {none}.",
        )
    configure(admin, made, ldap={"password": "correct-horse"})
    assert admin("GET", configuration(made)).status_code == 404, "there is one, of which nothing is shown"
    options = {"identity": {"driver": "ldap"}, "ldap": {"url": "ldap://acme"}}
    configure(admin, made, **(options | {"ldap": {"url": "ldap://acme", "password": "correct-horse"}}))
    assert admin("GET", configuration(made)).json() == {"config": options}


def test_k8_12_what_the_manager_of_a_domain_may_not_see(
    admin: Caller, manager: Caller, domain: Domain, sign_in: Callable[..., Caller]
) -> None:
    user = domain.make_user()
    domain.admin.grant(domain.admin.role_id("reader"), "system", user=user.id)
    reader = sign_in(user, {"system": {"all": True}})
    configure(admin, domain.id, ldap={"url": "ldap://acme"})
    try:
        for path in ("/OS-FEDERATION/identity_providers", configuration(domain.id)):
            refused = manager("GET", path)
            assert (refused.status_code, "not authorized" in message(refused)) == (403, True)
            assert reader("GET", path).status_code == 200
    finally:
        admin("DELETE", configuration(domain.id))


def configuration(domain_id: str) -> str:
    """Path of what a domain has of its own."""
    return f"/domains/{domain_id}/config"


def configure(admin: Caller, domain_id: str, **options: dict[str, str]) -> None:
    """Give a domain a configuration of its own."""
    assert admin("PUT", configuration(domain_id), {"config": options}).is_success


def delete_domain(admin: Caller, domain_id: str) -> None:
    """As anybody would who does not look."""
    admin.change(domain_id, enabled=False)
    assert admin("DELETE", f"/projects/{domain_id}").status_code == 204
