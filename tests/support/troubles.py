"""All that can come instead of an answer, and what no failure may show."""

import traceback
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import pytest
from scripted_server import Exchange, Script, hang_up, reset, say, silence

from project_operator.backends.base import ProjectContent
from project_operator.errors import BackendError, ConnectionRefused

PAGE: Final = b"<!DOCTYPE html><html><head><title>nginx</title></head><body>a page of somebody else</body></html>"


async def cut_off(exchange: Exchange) -> None:
    """Announce more than is sent."""
    await exchange.send(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n[{"metadata":'
    )
    exchange.close()


async def babble(exchange: Exchange) -> None:
    """Speak another protocol."""
    await exchange.send(b"220 mail.example.com ESMTP ready\r\n\r\n")
    exchange.close()


async def pour(exchange: Exchange) -> None:
    """Never stop talking."""
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[")
    while True:
        await exchange.send(b'{"a": "' + b"x" * 1_000_000 + b'"},')


async def echo(exchange: Exchange) -> None:
    """Give the credential back in a page."""
    await exchange.answer(502, f"<p>{exchange.request.headers}</p>".encode(), kind="text/html")


TROUBLES: Final[dict[str, Script]] = {
    "connection closed": hang_up,
    "connection reset": reset,
    "cut off": cut_off,
    "no HTTP": babble,
    "a page, 200": say(200, PAGE, kind="text/html"),
    "a page, 502": say(502, PAGE, kind="text/html"),
    "a page, 503": say(503, PAGE, "Retry-After: 3", kind="text/html"),
    "credential echoed": echo,
    "nothing, 500": say(500),
    "broken JSON": say(200, b'[{"metadata": {"id": "a14'),
    "other JSON": say(200, b'"hello"'),
    "a part": say(206, b"[]", "Content-Range: items 0-0/5"),
    "redirect": say(307, b"", "Location: http://127.0.0.1:1/elsewhere"),
}
"""After none of these does anybody know more than before."""

PATIENCE: Final = 30.0
"""Seconds that a call is given where a test does not say otherwise."""

TOO_LATE: Final[dict[str, Script]] = {"never": silence(PATIENCE + 1)}
"""Apart, as it is the call's deadline that ends it."""

LONG: Final[dict[str, Script]] = {"too long": pour}
"""Apart, as reading up to the limit takes a moment."""

MUTE: Final[dict[str, Script]] = {"nothing, 202": say(202), "nothing, 200": say(200)}
"""Where the answer has to say something."""


def each(argument: str, scripts: Mapping[str, Script]) -> pytest.MarkDecorator:
    """The test runs once with each script, named as it is named."""
    return pytest.mark.parametrize(argument, list(scripts.values()), ids=list(scripts))


@contextmanager
def told(name: str) -> Iterator[None]:
    """One of many that a test goes through on one connection: what fails in here says which it was."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"with: {name}")
        raise


async def failing(call: Awaitable[Any], kind: type[BackendError], secrets: Collection[str]) -> BackendError:
    """The error that ``call`` ends with: of exactly that class, and without a secret or a chain that could hold one."""
    with pytest.raises(BackendError) as raised:
        await call
    error = raised.value
    assert type(error) is kind, f"{type(error).__name__}: {error}"
    links: list[BaseException] = [error]
    while (before := links[-1].__cause__ or links[-1].__context__) is not None:
        links.append(before)
    strangers = [link for link in links if not isinstance(link, BackendError)]
    assert not strangers, "what is no error of ours may hold on to the request, and so to the credential in it"
    shown = "".join(
        text for link in links for text in (str(link), repr(link), repr(vars(link)), *traceback.format_exception(link))
    )
    assert secrets, "there is always a credential"
    assert not [secret for secret in secrets if secret in shown]
    assert "a page of somebody else" not in shown
    assert len(str(error)) <= 256
    return error


async def refusing(call: Awaitable[Any], field: str, secrets: Collection[str]) -> ConnectionRefused:
    """The `ConnectionRefused` that ``call`` ends with; it names that field of the backend object."""
    error = await failing(call, ConnectionRefused, secrets)
    assert isinstance(error, ConnectionRefused)
    assert error.field == field
    return error


def noticed() -> AbstractContextManager[object]:
    """Where a check is given a backend that does it wrong: the check must fail."""
    return pytest.raises((AssertionError, pytest.fail.Exception))


def sent() -> tuple[list[None], Callable[[], None]]:
    """A ``before_send`` and how often it was called."""
    calls: list[None] = []
    return calls, lambda: calls.append(None)


def marked(number: int = 0, **content: Any) -> ProjectContent:
    """Something to create."""
    return ProjectContent(content.pop("name", f"project-{number}"), mark=f"iproj1:{number}", **content)
