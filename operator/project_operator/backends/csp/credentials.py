"""What a connection signs in with, and the request that does (V3-1, V3-2)."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote_plus, urlencode

FORM: Final = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class SignIn:
    """A request that asks for an access token."""

    path: str
    """Below ``/csp/gateway/am/api``."""
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A person's API token."""

    token: str = field(repr=False)
    path: str = "/auth/api-tokens/authorize"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be shown nowhere."""
        return (self.token, quote_plus(self.token))

    @property
    def principal(self) -> str:
        """Who it is, where the access token does not say."""
        return ""

    def sign_in(self) -> SignIn:
        """The request; the token is in the form and never in the query."""
        return SignIn(self.path, dict(FORM), urlencode({"api_token": self.token}).encode("ascii"))


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """An OAuth app's id and secret."""

    client_id: str
    client_secret: str = field(repr=False)
    path: str = "/auth/token"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be shown nowhere."""
        return (self.client_secret, quote_plus(self.client_secret), self._basic)

    @property
    def principal(self) -> str:
        """``createdBy`` shows the id of a client (V2-18)."""
        return self.client_id

    def sign_in(self) -> SignIn:
        """The request. Id and secret are not encoded as RFC 6749, 2.3.1 asks for: no client of the platform does."""
        headers = FORM | {"Authorization": f"Basic {self._basic}"}
        return SignIn(self.path, headers, urlencode({"grant_type": "client_credentials"}).encode("ascii"))

    @property
    def _basic(self) -> str:
        return b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode("ascii")


Credential = ApiToken | ClientCredentials
