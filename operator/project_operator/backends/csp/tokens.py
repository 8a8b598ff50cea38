"""What an access token says of itself."""

from dataclasses import dataclass

from project_operator.backends.tokens import AccessToken


@dataclass(frozen=True, slots=True, eq=False)
class Token(AccessToken):
    """What a sign-in gave."""

    organization_id: str = ""
    """The organization that it is for; "" where it does not say."""
    principal: str = ""
    """Who it is of, as ``createdBy`` would say it."""
