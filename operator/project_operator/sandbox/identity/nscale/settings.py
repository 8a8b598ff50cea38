"""How fast the embedded nscale server is and how far its reads lag; all of it can be changed while it runs."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class NscaleSettings(BaseModel):
    """Times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    dialect: str = "documented"
    """Which version of the server to be: see the table of dialects."""
    read_lag: float = Field(default=0.05, ge=0)
    """GET, LIST, the read inside PUT, and group checks see a state that is this old (N0-2)."""
    pickup_delay: float = Field(default=0.02, ge=0)
    """From POST until the controller's finalizer is on; a DELETE before that ends the project at once (N1.5-8)."""
    provision_delay: float = Field(default=0.5, ge=0)
    """From POST until ``provisioned`` and ``healthy`` (N2-11)."""
    deprovision_delay: float = Field(default=0.5, ge=0)
    """From DELETE until the project is gone, if nothing refers to it (N1.5-6)."""
    controller_retry: float = Field(default=10.0, gt=0)
    """The controller's pause after an error (N2-13), and while references block a deletion (N1.5-3)."""
    failing_provisions: int = Field(default=0, ge=0)
    """So many attempts of the controller to provision fail, each leaving ``error``, before it works again (N2-13)."""
    token_lag: float | None = Field(default=None, ge=0)
    """How long a new or rotated token is refused; null: as long as reads lag (N3.2-11, N3.1-10)."""
    old_token_grace: float = Field(default=0.0, ge=0)
    """How long a token is still accepted after its successor was made, as by another replica (N3.2-11, N3.1-10)."""
    token_lifetime: float = Field(default=90 * 86400.0, gt=0)
    """Lifetime of service account tokens (N3.2-8)."""
    access_token_lifetime: float = Field(default=3600.0, gt=0)
    """Lifetime of the access tokens of people (N3.1-5)."""
    refresh_token_lifetime: float = Field(default=90 * 86400.0, gt=0)
    """Lifetime of their refresh tokens (N3.1-5)."""
    reuse_ends_session: bool = False
    """Whether using a refresh token twice ends the session, as RFC 9700, 4.14.2 advises; the server only refuses the
    second use (N3.1-9)."""
    certificate_required: bool = False
    """Whether what is in front of the server asks for a client certificate, and says 400 without (N6-16)."""
    system_accounts: tuple[str, ...] = ()
    """Common names of the certificates that are platform services, which may do everything (N5-2)."""
    acl_cache: float | None = Field(default=None, ge=0)
    """How long rights are remembered; null: as the dialect has it (N3.3-7)."""
    unique_names: bool = False
    """POST answers the 409 that the API page documents but the server never sends (N1.3-10)."""
