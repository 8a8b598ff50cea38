"""The parts of a table of answers: what was asked, who speaks in the answer, and the rows that tell what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from project_operator.errors import BackendError, BackendUnavailable, ConnectionRefused, OutcomeUnknown


class Operation(StrEnum):
    """What was asked; each vendor's own has the members. They are named as the methods of `Backend` are."""

    @property
    def words(self) -> str:
        """For messages: ``create project``."""
        return self.replace("_", " ")


Asked = TypeVar("Asked", bound=Operation)


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """What a vendor's own error document says, whatever form it has."""

    message: str
    code: str = ""
    """The vendor's name or number for the error; "": it gives none."""
    request_id: str = ""
    """The id under which the vendor logged the request, where it is fit to be shown; "": the document has none."""
    retry_after: float | None = None
    """Seconds to wait before the next request, where the document itself says so."""


Speaks = Callable[[ErrorDocument | None, frozenset[str]], bool]
"""Whether such a body came: the vendor's error document (None: it is something else), and the ids whose absence would
be an answer to what was asked."""


@dataclass(frozen=True, slots=True)
class Body:
    """Who speaks in an answer, and of what."""

    words: str
    """For the page."""
    fits: Speaks


ANY_BODY: Final = Body("any", lambda _document, _named: True)
FOREIGN_BODY: Final = Body("anything else", lambda document, _named: document is None)
"""It is not the vendor's error document: an ingress, a gateway, anything."""


def own_body(words: str) -> Body:
    """The vendor's error document, whatever it says; ``words``: what people call it."""
    return Body(words, lambda document, _named: document is not None)


def coded_body(words: str, code: str) -> Body:
    """The vendor's error document with that ``code``."""
    return Body(f"{words} `{code}`", lambda document, _named: document is not None and document.code == code)


@dataclass(frozen=True, slots=True)
class Row(Generic[Asked]):
    """A line of the table: the answers that it is about, what they mean, and why we think so."""

    operations: frozenset[Asked]
    statuses: range
    body: Body
    outcome: type[BackendError] | None
    """None: no error; what was asked for is so, or the caller knows what follows."""
    says: str
    """What happened and what to do; ``{right}`` stands for the right that the operation takes."""
    basis: str
    """The rows of the page about the vendor, each with its mark of evidence, or the other ground it stands on."""
    quotes: bool = False
    """Whether the vendor's own words help."""

    def fits(self, operation: Asked, status: int, document: ErrorDocument | None, named: frozenset[str]) -> bool:
        """Whether this row is about such an answer; ``named`` are the ids whose absence would be an answer."""
        return operation in self.operations and status in self.statuses and self.body.fits(document, named)


def only(status: int) -> range:
    """The range of one status."""
    return range(status, status + 1)


ANY_STATUS: Final = range(100, 1000)
REDIRECTS: Final = range(300, 400)
CLIENT_ERRORS: Final = range(400, 500)

TOO_MANY: Final = "too many requests"
"""What a row about 429 says."""

_MOVED: Final = "redirected to elsewhere, which is not followed"
_FINAL: Final = "the URL must be the final one"
_LOST: Final = "failed, and may have been done all the same"


def in_front_of(vendor: str) -> str:
    """What rows say of answers that something before the vendor gives."""
    return f"something in front of {vendor} refuses to pass the request on"


def wrong_url_rows(connect: frozenset[Asked], says: str, basis: str) -> tuple[Row[Asked], ...]:
    """A URL that does not lead to the vendor, found out by what `connect` asks first."""
    return (
        Row(connect, REDIRECTS, ANY_BODY, ConnectionRefused, f"{_MOVED}; {_FINAL}", "RFC 9110, 15.4"),
        Row(connect, only(408), ANY_BODY, BackendUnavailable, "took too long", "RFC 9110, 15.5.9"),
        Row(connect, CLIENT_ERRORS, ANY_BODY, ConnectionRefused, says, basis),
    )


def last_rows(
    writes: frozenset[Asked], everything: frozenset[Asked], vendor: str, basis: str
) -> tuple[Row[Asked], ...]:
    """What no other row is about: a write may have been done, unless who answers cannot have passed it on."""
    in_front = in_front_of(vendor)
    return (
        Row(writes, only(421), FOREIGN_BODY, BackendUnavailable, in_front, "RFC 9110, 15.5.20"),
        Row(writes, only(431), FOREIGN_BODY, BackendUnavailable, in_front, "RFC 6585, 5"),
        Row(writes, REDIRECTS, ANY_BODY, OutcomeUnknown, _MOVED, "RFC 9110, 15.4: 303 may mean that it was done"),
        Row(writes, ANY_STATUS, ANY_BODY, OutcomeUnknown, _LOST, basis, quotes=True),
        Row(everything, REDIRECTS, ANY_BODY, BackendUnavailable, _MOVED, "RFC 9110, 15.4"),
        Row(everything, ANY_STATUS, ANY_BODY, BackendUnavailable, "failed", basis, quotes=True),
    )
