"""What hangs at one endpoint takes nothing from another: neither connections nor time."""

import asyncio

from calling import Open, get, lost
from scripted_server import ScriptedServer, never, say
from waiting import WITHIN

from project_operator.backends.calls import Answer
from project_operator.backends.trust import Lost

MANY = 100
"""Far more calls than one endpoint has connections, or the event loop threads."""


async def test_calls_that_hang_at_one_endpoint_hold_up_none_to_another(open_transport: Open) -> None:
    async with ScriptedServer(never) as silent, ScriptedServer(say(200, b"[]")) as alive:
        hanging = open_transport(silent.url, timeout=10 * WITHIN)
        calls = [asyncio.ensure_future(hanging.exchange(get())) for _ in range(MANY)]
        await silent.until(lambda server: len(server.requests) >= 1)
        other = open_transport(alive.url, timeout=10 * WITHIN)
        async with asyncio.timeout(WITHIN):
            answers = await asyncio.gather(*(other.exchange(get()) for _ in range(MANY)))
        assert all(isinstance(one, Answer) for one in answers)
        assert not any(call.done() for call in calls)
        await hanging.aclose()
        assert {lost(await call)[0] for call in calls} == {Lost.CLOSED}
