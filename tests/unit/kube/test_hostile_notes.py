"""No text makes an Event that the API server refuses, or that shows something else on a terminal."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hostile import TEXTS

from project_operator.api.events import EventReason
from project_operator.kube.events import NOTE_LIMIT, EventWriter
from project_operator.kube.resources import Resource


class Api:
    """Keeps what is created."""

    def __init__(self) -> None:
        self.created: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def create(self, _resource: Resource, _namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        self.created.put_nowait(dict(body))
        return dict(body)

    async def patch(
        self, _resource: Resource, obj: Mapping[str, Any], _changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        raise AssertionError(f"{obj} {subresource} is said once")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_a_note_is_one_line_within_the_limit(text: str) -> None:
    api = Api()
    writer = EventWriter(api, instance="pod")
    obj = {"apiVersion": "v1", "kind": "Project", "metadata": {"name": "a", "namespace": "ns", "uid": "u"}}
    writer.publish(obj, EventReason.LEFT_OVER, "Sweep", f"project '{text}' is left over")
    task = asyncio.create_task(writer.run())
    note = (await api.created.get())["note"]
    task.cancel()
    assert note.isprintable()
    assert len(note.encode()) <= NOTE_LIMIT
