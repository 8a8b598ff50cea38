"""Projects in further domains, and projects that are domains, where the backend object allows them."""

from typing import Any, Final

import pytest
from keystone_scenario import KeystoneScenario
from scenario import SECRET, condition

from project_operator.api.conditions import Reason
from project_operator.api.names import RECONCILE_ANNOTATION

CLOUD: Final[dict[str, Any]] = {"auth": {"applicationCredential": {"secretRef": {"name": SECRET}}}}
"""A member with the credential of an admin."""


def _as_admin(stage: KeystoneScenario) -> dict[str, str]:
    """What a Secret holds of an application credential of an admin."""
    credential, _ = stage.domain.make_application_credential()
    return {"id": credential.id, "secret": credential.secret}


@pytest.mark.whole
def test_a_further_domain_holds_what_asks_for_it(bare_stage: KeystoneScenario) -> None:
    further = bare_stage.domain.make_domain()
    member = CLOUD | {"additionalDomains": [further]}
    bare_stage.connect(bare_stage.secret(**_as_admin(bare_stage)), bare_stage.backend(keystone=member))

    bare_stage.apply_project("far", keystone={"domainID": further})
    bare_stage.apply_project("near")

    far, near = bare_stage.wait_ready("far")["status"], bare_stage.wait_ready("near")["status"]
    (project,) = bare_stage.admin.projects(further)
    assert (far["id"], far["organizationID"]) == (project.id, further)
    assert near["organizationID"] == bare_stage.remote("near").domain_id == bare_stage.domain.id
    bare_stage.assert_quiet()


@pytest.mark.whole
@pytest.mark.parametrize("wish", ["domainID", "isDomain"])
def test_what_the_backend_object_is_not_set_up_for_is_refused_unasked(stage: KeystoneScenario, wish: str) -> None:
    keystone = {"isDomain": True} if wish == "isDomain" else {"domainID": stage.domain.make_domain()}
    before = stage.asked()
    stage.apply_project(keystone=keystone)
    stalled = stage.wait_for("False", Reason.UNSUPPORTED)
    assert f"`spec.keystone.{wish}`" in condition(stalled, "Ready")["message"]
    assert "id" not in stalled["status"]
    assert stage.calls(after=before) == []


@pytest.mark.parametrize("wish", ["domainID", "isDomain"])
def test_what_tenants_are_not_allowed_is_refused_unasked(bare_stage: KeystoneScenario, wish: str) -> None:
    further = bare_stage.domain.make_domain()
    backend = bare_stage.backend(keystone=CLOUD | {"manageDomains": True, "additionalDomains": [further]})
    bare_stage.apply(bare_stage.secret(**_as_admin(bare_stage)), bare_stage.for_tenants(backend))
    bare_stage.wait_ready(bare_stage.namespace, kind="ClusterIdentityBackend")
    before = bare_stage.asked()
    keystone = {"isDomain": True} if wish == "isDomain" else {"domainID": further}
    bare_stage.apply(bare_stage.tenant(keystone=keystone))
    stalled = bare_stage.wait_for("False", Reason.NOT_PERMITTED)
    assert f"`spec.keystone.{wish}` is not permitted" in condition(stalled, "Ready")["message"]
    assert bare_stage.calls(after=before) == []


def test_a_domain_and_what_is_in_it_come_and_go_in_order(bare_stage: KeystoneScenario) -> None:
    """Nobody names the domain but its child, by reference."""
    bare_stage.connect(
        bare_stage.secret(**_as_admin(bare_stage)), bare_stage.backend(keystone=CLOUD | {"manageDomains": True})
    )
    bare_stage.apply_project("home", name=f"made-in-{bare_stage.namespace}", keystone={"isDomain": True})
    bare_stage.apply_project("team", parentRef={"name": "home"})
    team, home = bare_stage.wait_ready("team")["status"], bare_stage.wait_ready("home")["status"]
    assert team["organizationID"] == team["observed"]["parentID"] == home["id"]
    made = bare_stage.admin.project(home["id"])
    assert made is not None
    assert made.is_domain

    bare_stage.delete("home")
    held = bare_stage.wait_for("False", Reason.DEPENDENCY_NOT_READY, "home")
    assert "delete Project team" in condition(held, "Ready")["message"]
    user = bare_stage.admin.make_user("theirs", "a password", home["id"])
    provider = f"/OS-FEDERATION/identity_providers/{bare_stage.namespace}"
    bare_stage.admin.call("PUT", provider, {"identity_provider": {"domain_id": home["id"]}})

    bare_stage.delete("team")
    bare_stage.wait_gone("team")
    blocked = bare_stage.wait_for("False", Reason.DELETION_BLOCKED, "home")
    assert "1 user ('theirs'), 1 identity provider ('" in condition(blocked, "Ready")["message"]
    left = bare_stage.admin.project(home["id"])
    assert left is not None
    assert left.enabled
    assert [call.method for call in bare_stage.calls() if home["id"] in call.path] == []

    bare_stage.admin.remove_user(user.id)
    bare_stage.admin.call("DELETE", provider)
    bare_stage.kubectl("annotate", "iproj", "home", f"{RECONCILE_ANNOTATION}=now")
    bare_stage.wait_gone("home")
    assert bare_stage.admin.project(home["id"]) is None
