"""The plan in status is what is then sent, call by call, and a plan sends nothing."""

from plans import a_life_is_as_planned, planned
from scenario import Scenario
from waiting import wait_until

from project_operator.api.names import MARK_TAG
from project_operator.kube.resources import IDENTITY_BACKENDS


def _sent(scenario: Scenario) -> list[str]:
    places = {"organizationID": scenario.identity.organization_id}
    return [
        f"{call.method} {call.template.format_map(places | {'projectID': call.project_id})}"
        for call in scenario.calls()
    ]


def test_what_is_planned_is_what_is_sent(scenario: Scenario) -> None:
    group = scenario.identity.admin.make_group("team")
    made = a_life_is_as_planned(
        scenario,
        lambda: _sent(scenario),
        {"groups": [{"name": "team"}], "tags": [{"name": "a", "value": "b"}]},
        {"name": "renamed", "description": "new"},
        {"groups": [], "tags": []},
    )
    assert [[step.split()[0] for step in steps] for steps in made] == [["POST"], ["PUT"], ["PUT"]]
    assert group not in scenario.remote().group_ids


def test_a_deletion_that_is_planned_is_what_is_sent(scenario: Scenario) -> None:
    """The one deletion that is planned is that of a duplicate."""
    scenario.objects.patch(IDENTITY_BACKENDS, "default", {"spec": {"removeDuplicates": True}})
    scenario.apply_project()
    scenario.wait_ready()
    scenario.edit({"managementPolicy": "Plan"})
    scenario.wait_for("True", "Planned")
    ours = scenario.get("default", "IdentityBackend")["status"]["principal"]
    mark = scenario.remote().tag(MARK_TAG)
    (extra,) = scenario.identity.admin.make_projects(name_prefix="team", tags={MARK_TAG: mark}, created_by=ours)
    before = _sent(scenario)
    plan = planned(scenario)
    assert [step.split()[0] for step in plan] == ["DELETE"]
    assert plan[0].endswith(f"/{extra}")
    assert _sent(scenario) == before
    scenario.edit({"managementPolicy": "Manage"})
    wait_until(lambda: _sent(scenario)[len(before) :] == plan, "the deletion that was planned")
    assert scenario.wait_ready()["status"]["id"] != extra
