"""A stream needs nothing of the machine that a container may lack, and keeps nothing of an object."""

import getpass

import pytest
from kopf._core.reactor.inventory import ResourceMemories
from watching import Cluster, Start, until


async def test_a_user_without_a_name_can_watch(cluster: Cluster, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the image the user is a number, of which the system knows no name."""

    def nameless() -> str:
        raise OSError("No username set in the environment")

    monkeypatch.setattr(getpass, "getuser", nameless)
    await cluster.define()
    await cluster.project("alpha")
    layer = start()
    await layer.becomes_ready()
    assert layer.sink.events == [("projects", None, "alpha")]


async def test_kopf_remembers_nothing_of_what_it_was_shown(
    cluster: Cluster, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ResourceMemories] = []
    begin = ResourceMemories.__init__

    def note(self: ResourceMemories) -> None:
        begin(self)
        made.append(self)

    monkeypatch.setattr(ResourceMemories, "__init__", note)
    await cluster.define()
    layer = start()
    await layer.becomes_ready()
    await cluster.project("alpha")
    await until(lambda: layer.sink.saw("ADDED", "alpha"), "alpha")
    (memories,) = made
    assert list(memories.iter_all_memories()) == []
