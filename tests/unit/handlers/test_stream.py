"""A stream needs nothing of the machine that a container may lack."""

import getpass

import pytest
from watching import Cluster, Start


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
