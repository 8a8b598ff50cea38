"""What all writes have in common."""

from collections.abc import Callable
from copy import copy

from project_operator.backends.answers import clipped
from project_operator.backends.deadlines import apart
from project_operator.backends.documents import read
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import ProjectDocument
from project_operator.backends.keystone_v3.requests import Asked
from project_operator.backends.requests import Request
from project_operator.errors import BackendError


async def acknowledged(client: KeystoneClient, request: Request[Asked], before_send: Callable[[], None]) -> None:
    """Send a write, and raise where a success of it is not Keystone's."""
    answer = await client.send(request, before_send)
    operation = request.asked.operation
    if not client.answers.succeeded(operation, answer):
        return
    whole = read(ProjectDocument, answer.body) if operation is Operation.UPDATE_PROJECT else not answer.body.strip()
    if not whole:
        raise client.answers.unusable(operation, answer)


async def put_right(client: KeystoneClient, request: Request[Asked], before_send: Callable[[], None]) -> None:
    """Likewise, after a failure that may have taken the call all its time: this has time of its own."""
    with apart(), client.one_deadline():
        await acknowledged(client, request, before_send)


def with_more(error: BackendError, words: str) -> BackendError:
    """``error`` that says ``words`` as well, which are kept where it is too long."""
    more = f"; {words}"
    amended = copy(error).with_traceback(None)
    amended.args = (clipped(str(error), 256 - len(more)) + more,)
    return amended
