"""How the embedded IAM behaves where the documentation leaves it open; all of it can be changed while it runs."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class ErrorShape(StrEnum):
    """Whose form refusals have (T2-1, T2-2)."""

    BY_PATH = "byPath"
    """Keystone's under ``/v3/``, IAM's elsewhere."""
    KEYSTONE = "keystone"
    IAM = "iam"


class ThrottleShape(StrEnum):
    """What is said with 429 (T2-8, T2-9, T5-3)."""

    IAM = "iam"
    """``IAM.0012``, whose message names the window."""
    GATEWAY = "gateway"
    """``APIGW.0308``."""
    KEYSTONE = "keystone"
    """Keystone's document."""


class OTCSettings(BaseModel):
    """Times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    read_lag: float = Field(default=0.2, ge=0)
    """GET shows a state that is this old: 404 straight after a creation (T5-1)."""
    list_lag: float = Field(default=0.2, ge=0)
    """So do lists (T5-2)."""
    deletion_delay: float = Field(default=2.0, ge=0)
    """From the DELETE until the project is gone with all that is in it (T7-2)."""
    token_life: float = Field(default=86400.0, gt=0)
    """Of tokens (T3-4)."""
    deletion_status: str = "deleting"
    """Status of a project that is being deleted (T1-17)."""
    delete_answer: int = Field(default=204, ge=200, le=204)
    """What a DELETE is answered: 204, or 200 as in former years (T1-7)."""
    parent_required: bool = True
    """Whether a creation must name the parent (T1-15)."""
    status_shows_in_enabled: bool = False
    """Whether a suspended project is not ``enabled`` (T1-16 says that it is)."""
    error_shape: ErrorShape = ErrorShape.BY_PATH
    limit: int = Field(default=0, ge=0)
    """Requests in a `window` before 429 is answered; 0: as many as anybody likes (T5-3)."""
    window: float = Field(default=60.0, gt=0)
    throttle_shape: ThrottleShape = ThrottleShape.IAM
