"""What a token says of itself."""

from dataclasses import dataclass
from datetime import datetime

from project_operator.backends.tokens import AccessToken


@dataclass(frozen=True, slots=True, eq=False)
class Token(AccessToken):
    """What a sign-in gave."""

    user: str = ""
    """Name of who signed in."""
    domain_id: str = ""
    """The domain that it is for; "" where it is for a project, or for the whole cloud."""
    domain_name: str = ""
    project_id: str = ""
    """The project that it is for, likewise."""
    project_domain_id: str = ""
    project_domain_name: str = ""
    """That project's domain."""
    credential_expires_at: datetime | None = None
    """When the password behind it ends, where it does; aware."""
