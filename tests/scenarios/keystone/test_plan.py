"""The plan in status is what the real Keystone is then sent, roles included."""

import pytest
from keystone_scenario import KeystoneScenario
from plans import a_life_is_as_planned


@pytest.mark.whole
def test_what_is_planned_is_what_is_sent(stage: KeystoneScenario) -> None:
    stage.domain.make_group("ours")
    start = stage.asked()
    both = [{"name": "ours", "roles": [{"name": "member"}, {"name": "reader"}]}]
    made = a_life_is_as_planned(
        stage,
        lambda: [f"{call.method} {call.path}" for call in stage.calls(after=start)],
        {"groups": both, "tags": [{"name": "a", "value": "b"}], "deletionPolicy": "Delete"},
        {"name": "renamed", "enabled": False, "keystone": {"immutable": True}},
        {"description": "locked", "groups": [{"name": "ours", "roles": [{"name": "reader"}]}]},
        {"keystone": {"immutable": False}, "groups": []},
    )
    assert [[step.split()[0] for step in steps] for steps in made] == [
        ["POST", "PUT", "PUT"],
        ["PATCH"],
        ["PATCH", "PATCH", "DELETE"],
        ["PATCH", "DELETE"],
    ]
