"""The plan in status is what the platform is then sent, roles included."""

import pytest
from csp_scenario import WRITES, CSPScenario
from plans import a_life_is_as_planned


def _sent(stage: CSPScenario) -> list[str]:
    (group,) = stage.platform.admin.state().groups
    places = {"organizationID": stage.platform.organization_id, "groupID": group.id}
    return [
        f"{one.method} {one.template.format_map(places | {'projectID': one.project_id})}"
        for one in stage.platform.admin.requests()
        if one.operation in WRITES
    ]


@pytest.mark.whole
def test_what_is_planned_is_what_is_sent(stage: CSPScenario) -> None:
    stage.platform.admin.make_group("admins")
    stage.connect(groupRoles=[{"name": "csp:project_admin", "kind": "Custom"}])
    made = a_life_is_as_planned(
        stage,
        lambda: _sent(stage),
        {"groups": [{"name": "admins", "roles": [{"name": "csp:project_admin"}]}], "description": "before"},
        {"name": "renamed", "description": "after"},
        {"groups": []},
    )
    assert [len(steps) for steps in made] == [2, 1, 1]
