"""A proxy sends a creation twice to backends that let two projects have one name: past the promise, and reported."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from chaos.evidence import CREATE, Wish
from chaos.faults import ask_twice
from chaos.oracles import judge
from chaos.rules import Rule, asks
from chaos.stage import Stage
from scenario import condition
from waiting import wait_until

from project_operator.api.events import EventReason
from project_operator.kube.resources import EVENTS


@pytest.mark.whole
def test_the_second_project_is_reported_and_nothing_is_deleted(stage_of: Callable[..., Stage]) -> None:
    with stage_of("chaos-repeated", sites=("nscale", "csp")) as stage:
        stage.start_operator().wait_ready()
        wishes = [stage.wish(site, CREATE, 1) for site in stage.sites]
        for wish in wishes:
            creation = asks("POST", stage.servers[wish.place].listing, subject=wish.name)
            stage.proxies[wish.place].rules.add(Rule("the request twice", creation, ask_twice))
        stage.begin(wishes)
        wait_until(lambda: all(reported(stage, wish) for wish in wishes), "both duplicates to be reported", within=60.0)
        evidence = stage.evidence(quiet=stage.quiet_writes())
        events = [one["reason"] for one in stage.objects.list(EVENTS)]
        for wish in wishes:
            held = {one.id for one in evidence.remotes[wish.place] if one.name == wish.name}
            status = state(stage, wish)["status"]
            assert len(held) == 2
            assert {status["id"], *status["condemned"]} == held
    assert events.count(EventReason.DUPLICATE_FOUND) == len(wishes)
    # The oracles see it too, and nothing else.
    assert {violation.promise for violation in judge(evidence)} == {"I1"}


def state(stage: Stage, wish: Wish) -> Mapping[str, Any]:
    """The Project as it is."""
    return next((one for one in stage.history.present() if one["metadata"]["name"] == wish.name), {})


def reported(stage: Stage, wish: Wish) -> bool:
    """Whether it is Ready, and says what else there is."""
    found = state(stage, wish)
    ready = condition(found, "Ready") if found else {}
    return ready.get("status") == "True" and bool(found["status"].get("condemned"))
