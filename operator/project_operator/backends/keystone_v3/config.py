"""What a connection to Keystone needs to know, whichever vendor it is."""

from dataclasses import dataclass, field

from project_operator.backends.keystone_v3.credentials import Credential, Reference


@dataclass(frozen=True, slots=True)
class KeystoneConfig:
    """What a connection to Keystone needs to know."""

    url: str
    """URL of the identity service, without ``/v3``."""
    domain: Reference
    """Where projects are kept that name no other domain."""
    credential: Credential
    additional_domains: tuple[str, ...] = ()
    """Ids of further domains."""
    manage_domains: bool = False
    """Whether there may be projects that are domains."""
    ca_bundle: str = field(default="", repr=False)
    """PEM. "": the certificates that the system trusts."""
    timeout: float = 15.0
    """Seconds; the deadline of one request."""
    connections: int = 8
