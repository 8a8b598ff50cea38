"""What is left over in the backend stays, whatever is switched on: it may be what a person still needs."""

import pytest
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.backends.base import ProjectContent
from project_operator.reconcile.actions import Notice

HOUR = 3600.0


def left_over(notices: list[tuple[str, Notice]]) -> list[str]:
    return [notice.note for _, notice in notices if notice.reason == "LeftOver"]


def test_a_predecessors_project_is_reported_and_never_removed() -> None:
    async def story() -> None:
        async with World() as world:
            world.install(removeDuplicates=True)
            former = world.mark("00000000-0000-4000-8000-0000000000aa")
            left = world.backend._create(ProjectContent("web", mark=former), ours=True)
            world.apply()
            world.start()
            await world.until(lambda: left_over(world.notices), within=HOUR)
            assert world.reason() == "Conflict"
            assert left.id in world.condition()["message"]
            assert [one.id for one in world.backend.living()] == [left.id]
            assert world.backend.count("delete") == 0

    run_virtually(story())


def test_what_a_terminating_definition_let_go_is_reported_and_never_removed() -> None:
    async def story() -> None:
        async with World() as world:
            world.install(removeDuplicates=True)
            world.apply()
            world.start()
            await world.ready()
            project_id = world.status()["id"]
            world.kube.definition()["metadata"]["deletionTimestamp"] = "2026-11-01T00:00:00Z"
            world.kube.delete("web")
            await world.until(lambda: world.kube.look("web") is None, within=HOUR)
            await world.until(lambda: left_over(world.notices), within=HOUR)
            assert [one.id for one in world.backend.living()] == [project_id]
            assert world.backend.count("delete") == 0

    run_virtually(story())


def test_what_was_disabled_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def story() -> None:
        async with World(keystone=True) as world:
            world.install()
            world.apply(deletionPolicy="Disable")
            world.start()
            await world.ready()
            world.kube.delete("web")
            await world.until(lambda: "is left over, switched off" in caplog.text, within=HOUR)
            assert left_over(world.notices) == []

    run_virtually(story())
