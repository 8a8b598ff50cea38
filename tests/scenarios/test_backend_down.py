"""While the identity server is away settled Projects stay as they are and new ones wait; nothing is done twice."""

from scenario import Scenario, condition

from project_operator.sandbox.identity.faults import Fault, FaultAction


def test_what_is_settled_stays_and_what_is_new_waits(scenario: Scenario) -> None:
    scenario.apply_project("settled")
    settled = scenario.wait_ready("settled")
    before = len(scenario.writes())

    scenario.identity.stop()
    scenario.apply_project("new")
    backend = scenario.wait_for("False", "BackendUnavailable", "default", kind="IdentityBackend")
    assert condition(backend, "Reconciling")["reason"] == "ProgressingWithRetry"
    waiting = scenario.wait_for("False", "BackendNotReady", "new")
    assert "IdentityBackend 'default' is not Ready (BackendUnavailable)" in condition(waiting, "Ready")["message"]

    scenario.identity.start()
    scenario.wait_ready("new")
    scenario.wait_ready("default", kind="IdentityBackend")
    assert scenario.get("settled") == settled
    assert [write for write in scenario.writes()[before:] if write.name == "settled"] == []
    assert sorted(one.name for one in scenario.identity.admin.projects()) == ["new", "settled"]
    assert len(scenario.calls("createProject")) == 2


def test_an_outage_that_answers_in_html_is_one_too(bare_scenario: Scenario) -> None:
    admin = bare_scenario.identity.admin
    fault = admin.add_fault(Fault(action=FaultAction.BAD_GATEWAY, count=None))

    bare_scenario.apply(bare_scenario.secret(), bare_scenario.backend())

    backend = bare_scenario.wait_for("False", "BackendUnavailable", "default", kind="IdentityBackend")
    # A page of somebody's proxy is not quoted.
    assert "HTTP 502" in condition(backend, "Ready")["message"]
    assert "<" not in condition(backend, "Ready")["message"]

    admin.remove_fault(fault)
    bare_scenario.wait_ready("default", kind="IdentityBackend")
