"""What tenants ask for and may not have: no call is made for it, neither at first nor after an edit."""

from typing import Any

import pytest
import yaml
from scenario import Scenario, condition

from project_operator.api.marks import ORPHANED
from project_operator.api.names import MARK_TAG
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS


def _refusal(scenario: Scenario, name: str = "team") -> str:
    stalled = scenario.wait_for("False", "NotPermitted", name)
    assert condition(stalled, "Stalled")["reason"] == "NotPermitted"
    return str(condition(stalled, "Ready")["message"])


def _rules(scenario: Scenario, **tenancy: Any) -> None:
    scenario.objects.patch(CLUSTER_IDENTITY_BACKENDS, scenario.namespace, {"spec": {"tenancy": tenancy}})
    scenario.wait_ready(scenario.namespace, kind="ClusterIdentityBackend")


@pytest.mark.parametrize("wish", [{"id": None}, {"byName": "Required"}, {"byName": "IfPresent"}])
@pytest.mark.parametrize("policy", ["Manage", pytest.param("Observe", marks=pytest.mark.whole)])
def test_a_neighbour_s_project_is_not_imported(shared: Scenario, wish: dict[str, Any], policy: str) -> None:
    (project_id,) = shared.identity.admin.make_projects(name_prefix="neighbour", description="private")
    shared.identity.admin.catch_up()
    asked = {"id": project_id} if "id" in wish else wish

    shared.apply(shared.tenant(import_=asked, name="neighbour", managementPolicy=policy))

    assert _refusal(shared) == (
        f"`spec.import` is not permitted by ClusterIdentityBackend '{shared.namespace}': "
        "`tenancy.import` is 'Forbidden'"
    )
    assert "private" not in shared.kubectl("get", "iproj", "team", "--output=yaml")
    assert shared.calls() == []


def test_it_is_imported_where_that_is_allowed(shared: Scenario) -> None:
    """The broken twin of the refusal: the same Project, without the rule."""
    (project_id,) = shared.identity.admin.make_projects(name_prefix="team")
    _rules(shared, **{"import": "Allowed"})
    shared.apply(shared.tenant(import_={"id": project_id}))
    assert shared.wait_ready()["status"]["id"] == project_id


def test_what_was_imported_while_that_was_allowed_is_let_be_when_it_no_longer_is(shared: Scenario) -> None:
    (project_id,) = shared.identity.admin.make_projects(name_prefix="team")
    _rules(shared, **{"import": "Allowed"})
    shared.apply(shared.tenant(import_={"id": project_id}, deletionPolicy="Orphan"))
    shared.wait_ready()
    written = len(shared.calls())

    _rules(shared, **{"import": None})
    rule = "`spec.import` is not permitted by ClusterIdentityBackend"
    assert _refusal(shared).startswith(rule)
    shared.edit({"import": None, "description": "mine"})
    assert _refusal(shared).startswith(rule), "what is in the spec does not matter"
    shared.identity.admin.edit_project(project_id, description="private")
    shared.wait_for_listings()
    assert "private" not in shared.kubectl("get", "iproj", "team", "--output=yaml")
    assert len(shared.calls()) == written

    shared.delete()
    shared.wait_gone()
    assert shared.remote().tag(MARK_TAG) == ORPHANED


def test_a_name_outside_the_prefix_is_refused_at_first_and_later(shared: Scenario) -> None:
    _rules(shared, namePrefix="{namespace}.")
    shared.apply(shared.tenant())
    assert f"'team' does not begin with '{shared.namespace}.' (`tenancy.namePrefix`)" in _refusal(shared)
    assert shared.calls() == []

    shared.edit({"name": f"{shared.namespace}.team"})
    shared.wait_ready()
    shared.edit({"name": "somebody.else"})
    assert "'somebody.else' does not begin with" in _refusal(shared)
    shared.wait_for_listings()
    assert shared.remote().name == f"{shared.namespace}.team"


def test_a_project_is_neither_left_behind_nor_deleted_where_that_is_not_allowed(shared: Scenario) -> None:
    _rules(shared, allowedDeletionPolicies=["Delete"])
    shared.apply(shared.tenant(deletionPolicy="Orphan"))
    assert "'Orphan' is not among `tenancy.allowedDeletionPolicies` (Delete)" in _refusal(shared)
    assert shared.calls() == []

    shared.edit({"deletionPolicy": "Delete"})
    shared.wait_ready()
    shared.edit({"deletionPolicy": "Orphan"})
    shared.delete()
    assert _refusal(shared).startswith("the deletion waits: `spec.deletionPolicy` is not permitted by")
    assert [call.operation for call in shared.calls()] == ["createProject"]

    shared.edit({"deletionPolicy": None})
    shared.wait_gone()
    assert shared.identity.admin.projects() == []


MARK = "iproj1:" + "0" * 16 + ":" + "0" * 16 + ":" + "0" * 8 + ":00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"description": f"mine {MARK}"}, "spec.description"),
        ({"name": MARK}, "spec.name"),
        ({"tags": [{"name": "mark", "value": MARK}]}, "spec.tags[0].value"),
        ({"tags": [{"name": MARK, "value": ""}]}, "spec.tags[0].name"),
        ({"tags": [{"name": "identity.project-operator.dev/mark", "value": "x"}]}, "spec.tags[0].name"),
    ],
)
def test_a_mark_cannot_be_forged(shared: Scenario, spec: dict[str, Any], field: str) -> None:
    document = shared.tenant(**spec)
    said = shared.refused("apply", "-f", "-", stdin=yaml.safe_dump(document))
    assert field in said
    assert "reserved" in said
