"""One request and what becomes of it, free of any web framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived, with the body read to its end."""

    method: str
    path: str
    """As it was on the wire: percent-encoded, without the query."""
    query: str = ""
    """What followed the question mark, likewise."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; of repeated headers the last."""
    body: bytes = field(default=b"", repr=False)
    client_certificate: str = ""
    """Common name of the certificate that the client showed; "" where it showed none."""

    @property
    def parameters(self) -> dict[str, str]:
        """Of the query; of repeated ones the first."""
        return {name: values[0] for name, values in parse_qs(self.query, keep_blank_values=True).items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP response."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def with_body(self, body: bytes) -> Self:
        """The same answer saying something else."""
        return replace(self, body=body)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes, found from its method and path alone."""

    operation: str
    """Name of the operation, such as ``createProject``; ``unmatched`` where there is none."""
    template: str
    """Path with the names of its parameters in braces; the path itself where there is no operation."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Decoded path parameters."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What handling a request led to."""

    answer: Answer | None
    """None: the server closes the connection without a word."""
    committed: bool = False
    """Whether the handling changed the server's state."""
    caller: str = ""
    """Identity of the authenticated caller; empty where authentication failed or was not reached."""
    project_id: str = ""
    """The project acted on, also where the request created it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the body of a write says it is about, for the request log."""

    name: str = ""
    tags: tuple[tuple[str, str], ...] = ()


class IdentityService(Protocol):
    """A vendor's server without its sockets. Calls are synchronous: each is one atomic step of the state machine."""

    def route(self, method: str, path: str) -> Route:
        """Where a request for ``path`` goes. Never raises."""

    def handle(self, route: Route, request: Request) -> Outcome:
        """Do what ``request`` asks. Never raises."""

    def subject(self, request: Request) -> Subject:
        """What the body is about, as far as it can be read. Never raises."""

    def error_body(self, status: int) -> bytes:
        """The vendor's error document for a status code that a fault answers with."""

    def without(self, answer: Answer, ids: frozenset[str]) -> Answer:
        """A listing that lacks the items with these ids; other answers as they are."""
