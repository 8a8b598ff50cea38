"""A plan in status, and the calls that are made once somebody says so."""

from collections.abc import Callable
from typing import Any

from scenario import Scene, condition

Sent = Callable[[], list[str]]
"""The requests so far that change anything, each as "VERB path"."""


def planned(scene: Scene, **known: str) -> list[str]:
    """What `status.plan` has once it is there, each as "VERB path"; ``known``: the ids that were not known yet."""
    status = scene.wait_for("False", "Planned")["status"]
    assert all(step["summary"] for step in status["plan"])
    return [f"{step['verb']} {step['target'].format_map(known)}" for step in status["plan"]]


def a_life_is_as_planned(scene: Scene, sent: Sent, spec: dict[str, Any], *edits: dict[str, Any]) -> list[list[str]]:
    """Plan a creation, have it made, and likewise each edit; the requests of each, which were those of its plan."""
    made: list[list[str]] = []
    scene.apply_project(managementPolicy="Plan", **spec)
    creation = planned(scene, id="{id}")
    assert sent() == []
    scene.edit({"managementPolicy": "Manage"})
    project_id = scene.wait_ready()["status"]["id"]
    made.append(sent())
    assert made[0] == [step.format(id=project_id) for step in creation]
    for edit in edits:
        before = sent()
        scene.edit(edit | {"managementPolicy": "Plan"})
        update = planned(scene)
        assert sent() == before, "a plan sends nothing"
        scene.edit({"managementPolicy": "Manage"})
        status = scene.wait_ready()["status"]
        assert "plan" not in status
        made.append(sent()[len(before) :])
        assert made[-1] == update
    before = sent()
    scene.edit({"managementPolicy": "Plan"})
    done = scene.wait_for("True", "Planned")
    assert "nothing is to be done" in condition(done, "Ready")["message"]
    scene.delete()
    scene.wait_gone()
    assert sent() == before, "nor does the end of one"
    return made
