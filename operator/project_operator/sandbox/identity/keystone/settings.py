"""What can be set of the real Keystone, in its own words."""

from pydantic import BaseModel, ConfigDict, Field


class KeystoneSettings(BaseModel):
    """Options of keystone.conf that change what a client sees."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token_expiration: int = Field(default=3600, gt=0)
    """Seconds that a token lives: ``[token] expiration``."""
    max_db_limit: int = Field(default=1000, gt=0)
    """Rows of a page at most, whatever a client asks for: ``[DEFAULT] max_db_limit``."""
    max_project_tree_depth: int = Field(default=5, gt=0)
    """Levels of projects below a domain: ``[DEFAULT] max_project_tree_depth``."""
    public_endpoint: str = ""
    """Where links in answers lead, without ``/v3``: ``[DEFAULT] public_endpoint``; "": to the address asked."""
