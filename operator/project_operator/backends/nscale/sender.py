"""One request to nscale Identity, and its answer: usable, or an error of our tree. Knows nothing of credentials."""

from collections.abc import Callable, Iterable
from datetime import datetime

from project_operator.backends.calls import Answer, Call
from project_operator.backends.nscale.errors import ANSWERS, Operation
from project_operator.backends.transport import Transport


class Sender:
    """What all requests of a connection go through."""

    def __init__(self, transport: Transport, now: Callable[[], datetime]) -> None:
        self.transport = transport
        self.now = now

    async def send(self, operation: Operation, call: Call, *, secrets: Iterable[str]) -> Answer:
        """The answer, where it is a success; ``secrets`` are kept out of what is quoted of one that is not.

        Raises:
            BackendError: what the answer, or its absence, means.
        """
        outcome = await self.transport.exchange(call)
        return ANSWERS.usable(operation, outcome, now=self.now(), secrets=secrets)
