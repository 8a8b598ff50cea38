"""The real engine in the simulated world: one promise a test."""

from simulation.loop import run_virtually
from simulation.world import World


def test_a_project_becomes_ready_with_three_writes_and_one_call() -> None:
    async def story() -> None:
        async with World() as world:
            world.install()
            world.start()
            await world.until(lambda: world.backend.count("connect"))
            world.apply(description="shop")
            await world.ready()
            assert world.backend.count("create") == 1
            assert [write for write in world.kube.writes if write[1] == "web"] == [
                ("projects", "web", ""),
                ("projects", "web", "status"),
                ("projects", "web", "status"),
            ]
            assert world.remote().content.description == "shop"

    run_virtually(story())
