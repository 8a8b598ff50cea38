"""Stories of more to do than can be done: a right to create runs out before its turn has come.

The real engine, virtual time, one promise a test.
"""

from typing import Any

import pytest
from simulation.loop import run_virtually
from simulation.views import NOW, a_backend, a_project, a_view
from simulation.world import World
from sound_decisions import decide

from project_operator.api.conditions import Reason
from project_operator.api.names import BACKEND_ANNOTATION, FINALIZER
from project_operator.backends.load import Load
from project_operator.kube.resources import Resource
from project_operator.reconcile.actions import Rest
from project_operator.reconcile.memory import Failure, Refusal
from project_operator.reconcile.policies import backend_annotation

MANY = 12
TOLD = "it is tried again at"


def test_who_waits_long_for_the_next_right_is_told_why_and_until_when_once_for_each_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[tuple[str, dict[str, Any]]] = []

    async def story() -> None:
        async with World(7) as world:
            patch = world.kube.patch

            async def noted(resource: Resource, obj: Any, changes: Any, *, subresource: str = "") -> dict[str, Any]:
                answer = await patch(resource, obj, changes, subresource=subresource)
                written.append((obj["metadata"]["name"], changes.get("status", {})))
                return answer

            monkeypatch.setattr(world.kube, "patch", noted)
            world.load = Load(requests_per_second=1, burst=1, max_in_flight=1)
            world.install()
            world.start()
            await world.until(lambda: world.backend.count("connect"))
            names = [f"web-{number}" for number in range(MANY)]
            for name in names:
                world.apply(name)
            await world.until(lambda: any(TOLD in said(world, name) for name in names))
            await world.until(lambda: all(world.is_ready(name) for name in names), within=3600)
            assert world.backend.count("create") == MANY, "each was sent once"
            for name in names:
                statuses = [status for one, status in written if one == name]
                # The finalizer is a right, too; each further one is an attempt.
                assert sum(TOLD in str(status) for status in statuses) <= 1 + sum("attempt" in one for one in statuses)

    run_virtually(story())


def said(world: World, name: str) -> str:
    found = world.condition(name)
    return str(found["message"]) if found else ""


def waiting(seconds: float, **facts: Any) -> Rest:
    """What is done while the next right is so far away."""
    spec = facts.pop("spec", {})
    memory = {"failure": Failure(Reason.PROGRESSING_WITH_RETRY, "", NOW + seconds), "failures": 6} | facts
    backend = a_backend()
    intent = {"finalizers": [FINALIZER], "annotations": {BACKEND_ANNOTATION: backend_annotation(backend)}}
    action = decide(a_view(a_project(spec=spec, **intent), backend, memory=memory))
    assert isinstance(action, Rest)
    assert action.wake_in == pytest.approx(seconds)
    return action


def test_a_long_wait_says_why_and_that_work_goes_on() -> None:
    status = waiting(40.0).status
    assert status is not None
    assert {(one.type, one.status, one.reason) for one in status.conditions} == {
        ("Ready", "Unknown", "Progressing"),
        ("Reconciling", "True", "Progressing"),
    }
    assert status.conditions[0].message.startswith("the creation was not sent, because its turn had not come 5 s after")


@pytest.mark.parametrize(
    ("seconds", "facts"),
    [(5.0, {}), (40.0, {"spec": {"managementPolicy": "Plan"}})],
    ids=["short", "nothing is written"],
)
def test_where_it_is_not_worth_a_word_or_not_true_status_stays(seconds: float, facts: dict[str, Any]) -> None:
    assert waiting(seconds, **facts).status is None


def test_what_was_refused_before_goes_on_saying_so() -> None:
    refusal = Refusal(1, a_backend().revision, Reason.REQUEST_REFUSED, "the name is too long", at=NOW)
    status = waiting(40.0, refusal=refusal).status
    assert status is not None
    assert status.conditions[0].message == "the name is too long"
