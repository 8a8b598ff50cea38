"""What an operator at work shows at `/metrics` that no simulation can: its requests to the API server, its Events."""

from scenario import Scenario
from scraped import labels_shown

from project_operator.observability.families import EVENTS, KUBE_CALLS, KUBE_SECONDS


def test_requests_and_events_are_counted_with_the_labels_that_are_asked_for(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    scenario.wait_for_event("Succeeded")

    shown = labels_shown(scenario.operator.page("/metrics"))

    assert shown[KUBE_CALLS.name] == {*KUBE_CALLS.label_names}
    assert shown[f"{KUBE_SECONDS.name}_bucket"] == {*KUBE_SECONDS.label_names, "le"}
    assert shown[EVENTS.name] == {*EVENTS.label_names}
