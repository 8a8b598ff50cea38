"""Too many projects gone at once are not believed gone; none is touched until a person says that it is so."""

from scenario import Scenario, condition

from project_operator.api.names import ACCEPT_ABSENCE_ANNOTATION

NAMES = [f"team-{number}" for number in range(5)]


def test_nothing_is_touched_until_a_person_says_so(scenario: Scenario) -> None:
    scenario.apply(*(scenario.project(name, missingPolicy="Recreate") for name in NAMES))
    for name in NAMES:
        scenario.wait_ready(name)
    # Whoever was named within the read lag before a listing is not missed by that one.
    scenario.wait_for_listings()
    before = {name: scenario.get(name) for name in NAMES}

    scenario.identity.admin.remove_all_projects()

    backend = scenario.wait_for("False", "SuspiciousAbsence", "default", kind="IdentityBackend")
    message = condition(backend, "Ready")["message"]
    assert "5 projects vanished from the organization at once" in message
    assert f"annotate this object with {ACCEPT_ABSENCE_ANNOTATION}=5" in message
    assert condition(backend, "Stalled")["reason"] == "SuspiciousAbsence"
    scenario.assert_quiet()
    assert {name: scenario.get(name) for name in NAMES} == before
    assert scenario.identity.admin.projects() == []

    # The way out that the message names.
    scenario.kubectl("annotate", "ibackend", "default", f"{ACCEPT_ABSENCE_ANNOTATION}=5")
    scenario.wait_ready("default", kind="IdentityBackend")
    for name in NAMES:
        scenario.wait_for_other_id(name, before[name]["status"]["id"])
    assert sorted(one.name for one in scenario.identity.admin.projects()) == NAMES
