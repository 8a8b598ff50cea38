"""What a connection signs in with, and the body of the request that does (``POST /v3/auth/tokens``)."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Reference:
    """A domain, by id or by name: one of the two is ""."""

    id: str = ""
    name: str = ""

    def wire(self) -> dict[str, str]:
        """As Keystone takes it."""
        return {"id": self.id} if self.id else {"name": self.name}


@dataclass(frozen=True, slots=True)
class DomainScope:
    """A token for one domain: what least privilege takes (K3-11)."""

    domain: Reference

    def wire(self) -> dict[str, Any]:
        """As Keystone takes it."""
        return {"domain": self.domain.wire()}


@dataclass(frozen=True, slots=True)
class ProjectScope:
    """A token for one project, by id, or by name in a domain."""

    project: Reference
    domain: Reference | None = None

    def wire(self) -> dict[str, Any]:
        """As Keystone takes it."""
        domain = {} if self.domain is None else {"domain": self.domain.wire()}
        return {"project": self.project.wire() | domain}


@dataclass(frozen=True, slots=True)
class SystemScope:
    """A token for the whole cloud."""

    def wire(self) -> dict[str, Any]:
        """As Keystone takes it."""
        return {"system": {"all": True}}


Scope = DomainScope | ProjectScope | SystemScope


@dataclass(frozen=True, slots=True)
class Password:
    """A user with a password (K3-2)."""

    user: str
    """Name of the user."""
    user_domain: Reference
    password: str = field(repr=False)
    scope: Scope | None
    """None: as the server chooses."""

    @property
    def secret(self) -> str:
        """What must be shown nowhere."""
        return self.password

    def sign_in(self) -> bytes:
        """The body of the request."""
        user = {"name": self.user, "domain": self.user_domain.wire(), "password": self.password}
        return _body(
            {"methods": ["password"], "password": {"user": user}},
            {} if self.scope is None else {"scope": self.scope.wire()},
        )


@dataclass(frozen=True, slots=True)
class ApplicationCredential:
    """An application credential. Its scope is the project that it was made in; naming one is refused (K3-3)."""

    id: str
    secret: str = field(repr=False)

    def sign_in(self) -> bytes:
        """The body of the request."""
        credential = {"id": self.id, "secret": self.secret}
        return _body({"methods": ["application_credential"], "application_credential": credential}, {})


Credential = Password | ApplicationCredential


def _body(identity: dict[str, Any], scope: dict[str, Any]) -> bytes:
    return json.dumps({"auth": {"identity": identity} | scope}).encode("ascii")
