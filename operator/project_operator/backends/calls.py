"""What goes into a call over HTTP and what comes out of it: the request, the answer, or why there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from project_operator.backends.addresses import AddressRules
from project_operator.backends.trust import ClientCertificate, Lost

MEBIBYTE: Final = 1024 * 1024


def _open() -> None:
    """A gate that lets everything pass."""


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """What this installation allows of every backend."""

    allow_http: bool = False
    """Plain http, which shows the credential to everybody on the way."""
    addresses: AddressRules = field(default_factory=AddressRules)
    """Where backends may be."""
    gate: Callable[[], None] = _open
    """Asked immediately before the first byte of every request leaves, signing in included; what it raises is raised as
    it is, and nothing was sent. A process that may not be in charge of this backend any more closes it."""
    trust_env: bool = False
    """Use ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``. Off, because what a pod finds in its environment was
    seldom meant to receive these credentials, because a proxy looks names up itself (so the rule on addresses cannot
    hold), and because one more hop that may hold a request back makes the in-flight bound a guess."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and within which bounds."""

    url: str
    """Base URL, without a slash at its end."""
    spec_path: str = "spec"
    """Where in the backend object ``url`` and ``caBundle`` stand, for messages."""
    ca_bundle: str = field(default="", repr=False)
    """PEM; trusted instead of the system's certificates. "": the system's."""
    timeout: float = 15.0
    """Seconds from admission to the end of the answer."""
    connections: int = 8
    """At most so many at once; more calls wait for one."""
    client_certificate: ClientCertificate | None = None
    """Shown where the server asks for one."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    path: str
    """Percent-encoded, beginning with a slash; appended to the base URL."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    longest_answer: int = MEBIBYTE
    """Bytes; a longer answer is not read to its end."""
    before_send: Callable[[], None] | None = None
    repeatable: bool = False
    """Sending it again is harmless, whatever the method: two sign-ins give two tokens."""

    @property
    def safe(self) -> bool:
        """Whether it may be sent again: it changes nothing (RFC 9110, 9.2.1), or nothing that matters."""
        return self.repeatable or self.method in {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, complete. Whether it is of any use is the vendor's business."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Case-insensitive."""
    body: bytes = field(repr=False)
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """There is none."""

    why: Lost
    sent: bool
    """Whether a byte of the request may have left."""
    words: str
    """Why, for people; holds neither a secret nor text of the other side."""
    trace_id: str = ""
