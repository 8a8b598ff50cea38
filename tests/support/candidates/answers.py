"""Answers that are errors, and what each means for each call: the form of the rows, and those that know no vendor."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from scripted_server import Exchange, Script, say
from troubles import PAGE, cut_off, pour

from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionRefused,
    CredentialsRejected,
    OutcomeUnknown,
    RequestRefused,
    Throttled,
)

READS: Final = ("list_projects", "get_project", "verify_read_access", "list_groups", "list_roles")
WRITES: Final = ("create_project", "update_project", "delete_project")
CALLS: Final = ("connect", *READS, *WRITES)
"""The methods of `Backend` that ask the server something."""

Meaning = Mapping[str, type[BackendError] | None]
"""The error by the name of the method; None: the call succeeds."""


@dataclass(frozen=True)
class ErrorRow:
    """An answer, and what it means."""

    name: str
    answer: Script
    means: Meaning
    basis: str
    """The row of the vendor's page in docs/backends/ (or the API page, or the RFC), with its evidence mark."""
    remembered: bool = False
    """Whether a connection asks no more for what was answered so."""


def means(
    *,
    connect: type[BackendError] = ConnectionRefused,
    reads: type[BackendError] = BackendUnavailable,
    writes: type[BackendError] = OutcomeUnknown,
    **single: type[BackendError] | None,
) -> Meaning:
    """By kind of call, with exceptions by the name of the method."""
    kinds = {"connect": connect} | dict.fromkeys(READS, reads) | dict.fromkeys(WRITES, writes)
    unknown = set(single) - set(kinds)
    if unknown:
        raise AssertionError(f"no such calls: {unknown}")
    return MappingProxyType({**kinds, **single})


def always(kind: type[BackendError]) -> Meaning:
    """The same for every call."""
    return means(connect=kind, reads=kind, writes=kind)


def html(status: int, *headers: str) -> Script:
    """A page, as what stands in front of a server answers."""
    return say(status, PAGE, *headers, kind="text/html")


async def _endless_page(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 500 Whatever\r\nContent-Type: text/html\r\nContent-Length: 999999999\r\n\r\n")
    while True:
        await exchange.send(b"<p>" + b"x" * 1_000_000)


_BROKEN: Final = means(connect=BackendUnavailable)
_DEEP: Final = b"[" * 100_000 + b"]" * 100_000


def in_front(page: str) -> tuple[ErrorRow, ...]:
    """What proxies, ingresses, load balancers and firewalls say, whatever they stand in front of.

    ``page``: the vendor's row which says that answers need not be its own, with the evidence mark.
    """

    def row(name: str, answer: Script, meaning: Meaning, basis: str = "") -> ErrorRow:
        return ErrorRow(name, answer, meaning, f"{basis}; {page}" if basis else page)

    refused = means(writes=BackendUnavailable)
    return (
        row("400, a page", html(400), means()),
        row("401, a page", html(401), always(CredentialsRejected), "RFC 9110, 15.5.2"),
        row("401, nothing", say(401), always(CredentialsRejected), "RFC 9110, 15.5.2"),
        row("403, a page", html(403), means()),
        row("403, nothing", say(403), means()),
        row("404, a page", html(404), refused),
        row("404, nothing", say(404), refused),
        row("404, other JSON", say(404, b'{"message": "no Route matched with those values"}'), refused),
        row("405, a page", html(405), refused),
        row("407, a page", html(407), means(), "RFC 9110, 15.5.8"),
        row("408, a page", html(408), _BROKEN, "RFC 9110, 15.5.9"),
        row("409, a page", html(409), means()),
        row("410, nothing", say(410), means(), "RFC 9110, 15.5.11"),
        row("413, a page", html(413), means(writes=RequestRefused), "RFC 9110, 15.5.14"),
        row("418, a page", html(418), means()),
        row("421, a page", html(421), refused, "RFC 9110, 15.5.20"),
        row("429, a page", html(429, "Retry-After: 7"), always(Throttled), "RFC 6585, 4"),
        row("429, nothing", say(429), always(Throttled), "RFC 6585, 4"),
        row("431, a page", html(431), refused, "RFC 6585, 5"),
        row("451, a page", html(451), means(), "RFC 7725, 3"),
        row("500, a page", html(500), _BROKEN, "RFC 9110, 15.6.1"),
        row("500, nothing", say(500), _BROKEN, "RFC 9110, 15.6.1"),
        row("500, a page without end", _endless_page, _BROKEN, "RFC 9110, 15.6.1"),
        row("502, a page", html(502), _BROKEN, "RFC 9110, 15.6.3"),
        row("503, a page", html(503, "Retry-After: 3"), _BROKEN, "RFC 9110, 15.6.4"),
        row("504, a page", html(504), _BROKEN, "RFC 9110, 15.6.5"),
        row("511, a page", html(511), _BROKEN, "RFC 6585, 6"),
        row("300, a page", html(300), means(), "RFC 9110, 15.4.1"),
        row("301, nothing", say(301, b"", "Location: https://elsewhere.example.com/"), means(), "RFC 9110, 15.4.2"),
        row("302, a page", html(302, "Location: /login"), means(), "RFC 9110, 15.4.3"),
        row("303, nothing", say(303, b"", "Location: //elsewhere.example.com"), means(), "RFC 9110, 15.4.4"),
        row("307, no location", say(307), means(), "RFC 9110, 15.4.8"),
        row("308, to itself", say(308, b"", "Location: #"), means(), "RFC 9110, 15.4.9"),
        row("200, a page", html(200), means()),
        row("200, a page called JSON", say(200, PAGE), means()),
        row("200, another kind of JSON", say(200, b'"hello"'), means()),
        row("200, JSON that stops", say(200, b'{"projects": [{"id": "a14'), means()),
        row("200, nested too deep", say(200, _DEEP), means()),
        row("200, no text", say(200, b'{"a": "\xff\xfe"}'), means()),
        row("206, a part", say(206, b"[]", "Content-Range: items 0-0/5"), _BROKEN, "RFC 9110, 15.3.7"),
        row("200, cut off", cut_off, _BROKEN, "RFC 9112, 8"),
        row("200, without end", pour, _BROKEN, "RFC 9112, 8"),
    )
