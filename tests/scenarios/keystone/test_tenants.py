"""Tenants on the real Keystone: in its terms one role too many is the whole cloud."""

import pytest
from keystone_scenario import KeystoneScenario
from scenario import condition

from project_operator.sandbox.identity.keystone.admin_client import Assignment


@pytest.fixture
def shared(bare_stage: KeystoneScenario) -> KeystoneScenario:
    """A namespace with a ClusterIdentityBackend that selects it, Ready."""
    bare_stage.apply(bare_stage.secret(), bare_stage.for_tenants(bare_stage.backend()))
    bare_stage.wait_ready(bare_stage.namespace, kind="ClusterIdentityBackend")
    return bare_stage


def _refusal(stage: KeystoneScenario) -> str:
    stalled = stage.wait_for("False", "NotPermitted")
    assert condition(stalled, "Stalled")["reason"] == "NotPermitted"
    return str(condition(stalled, "Ready")["message"])


@pytest.mark.parametrize("by", ["name", "id"])
def test_the_cloud_s_admin_is_not_to_be_had(shared: KeystoneScenario, by: str) -> None:
    shared.domain.make_group("ours")
    admin = shared.admin.role_id("admin") if by == "id" else "admin"

    start = shared.asked()
    shared.apply(shared.tenant(groups=[{"name": "ours", "roles": [{"name": "member"}, {by: admin}]}]))

    assert _refusal(shared) == (
        f"`spec.groups[0].roles[1].{by}` is not permitted by ClusterIdentityBackend '{shared.namespace}': the role "
        "'admin' is not among `tenancy.allowedRoles` (member, reader)"
    )
    assert shared.calls(after=start) == []


def test_nor_by_an_edit(shared: KeystoneScenario) -> None:
    group = shared.domain.make_group("ours")
    member = Assignment(shared.admin.role_id("member"), group=group)
    shared.apply(shared.tenant(groups=[{"id": group, "roles": [{"name": "member"}]}]))
    shared.wait_ready()
    assert shared.assignments() == {member}
    start = shared.asked()

    shared.edit({"groups": [{"id": group, "roles": [{"id": shared.admin.role_id("admin")}]}]})

    assert "the role 'admin' is not among" in _refusal(shared)
    assert shared.assignments() == {member}
    assert shared.calls(after=start) == []


def test_nor_by_an_id_that_looks_like_the_name_of_another(shared: KeystoneScenario) -> None:
    group = shared.domain.make_group("ours")
    start = shared.asked()
    shared.apply(shared.tenant(groups=[{"id": group, "roles": [{"id": "member"}]}]))
    assert "no role of the backend has the id 'member'" in _refusal(shared)
    assert shared.calls(after=start) == []


@pytest.mark.parametrize("whose", ["a neighbour's project", "another domain"])
def test_another_s_parent_is_out_of_reach(shared: KeystoneScenario, whose: str) -> None:
    theirs = shared.admin.make_project("theirs", shared.domain.id) if whose == "a neighbour's project" else "default"
    start = shared.asked()
    shared.apply(shared.tenant(parentID=theirs))
    assert _refusal(shared) == (
        f"`spec.parentID` is not permitted by ClusterIdentityBackend '{shared.namespace}': '{theirs}' is not among "
        "`tenancy.allowedParents`"
    )
    assert shared.calls(after=start) == []


def test_the_project_of_one_s_own_project_is_a_parent_like_any(shared: KeystoneScenario) -> None:
    shared.apply(shared.tenant("top"))
    top = shared.wait_ready("top")["status"]["id"]
    shared.apply(shared.tenant(parentRef={"name": "top"}))
    shared.wait_ready()
    assert shared.remote().parent_id == top
