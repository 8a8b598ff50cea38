"""Where a credential that replaces itself is kept: the port between a backend, which knows how, and the runtime.

Some credentials end by being used or when they are replaced, and their successor is shown once: a service account's
token that rotates itself, an OAuth 2 refresh token that works a single time. Whoever asks for a successor must be able
to keep it, and must keep it before using it. That order is the keeper's, in one place for every backend.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from project_operator.errors import CredentialNotKept


@dataclass(frozen=True, slots=True)
class Replacement:
    """A successor, as its one showing gave it."""

    value: bytes = field(repr=False)
    """What the key of the Secret (`Vendor.replaces`) is to hold from now on."""
    expires_at: datetime | None = None
    """When it expires; aware, None where the backend does not tell."""


Ask = Callable[[], Awaitable[Replacement]]
"""Sends the one request that makes the present credential the former one. `OutcomeUnknown`: it may be so already."""


class Keeper(Protocol):
    """Keeps the successors of one credential, for one connection at a time."""

    async def replace(self, ask: Ask) -> Replacement:
        """Make sure that a successor can be kept, ask for it, keep it, and only then return it.

        A caller that is cancelled changes nothing about that: what was asked for is kept.

        Raises:
            CredentialNotKept: nothing was asked for.
            BackendError: what ``ask`` raised. After `OutcomeUnknown` the next attempt has to wait until the request can
                take effect no more.
        """

    async def aclose(self) -> None:
        """Wait for what was asked for to be kept, for as long as it is reasonable to; then give it up, and say so."""


class NoKeeper:
    """For connections without an object that could own a Secret."""

    async def replace(self, ask: Ask) -> Replacement:  # noqa: ARG002 - it is never asked
        """See `Keeper.replace`."""
        raise CredentialNotKept("there is nowhere to keep a new credential")

    async def aclose(self) -> None:
        """Nothing is under way."""
