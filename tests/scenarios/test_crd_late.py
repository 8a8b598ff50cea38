"""An operator that starts before the definitions are there waits for them, says so, and needs no restart."""

from scenario import Scenario
from waiting import wait_until

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS


def test_it_waits_and_says_for_what(expendable: Scenario) -> None:
    definitions = [crd_name(kind) for kind in KINDS]
    wait_until(
        lambda: all(name in expendable.operator.readyz() for name in definitions),
        "/readyz to name the definitions that are missing",
    )
    assert "readyz failed" in expendable.operator.readyz()
    assert expendable.operator.running

    expendable.install_definitions()

    expendable.operator.wait_ready()
    expendable.apply(expendable.secret(), expendable.backend())
    expendable.apply_project()
    expendable.wait_ready()
    assert expendable.operator.stop() == 0
