"""How the embedded platform behaves where the documentation leaves it open; all of it can be changed while it runs."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class NameFilter(StrEnum):
    """What the query ``displayName`` of a list means (V4-6)."""

    EXACT = "exact"
    PART = "part"
    """Any name with it inside, whatever the case."""


class CSPSettings(BaseModel):
    """Times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    read_lag: float = Field(default=0.0, ge=0)
    """GET shows a state that is this old (V5-2)."""
    list_lag: float = Field(default=0.2, ge=0)
    """So do lists (V5-2)."""
    token_life: float = Field(default=1800.0, gt=0)
    """Of access tokens (V3-6)."""
    tells_life: bool = True
    """Whether the answer to a sign-in has ``expires_in`` (V3-3)."""
    tells_organization: bool = True
    """Whether access tokens have ``context_name`` (V3-8)."""
    unique_names: bool = False
    """Whether 409 is answered where a name is taken (V5-1)."""
    name_filter: NameFilter = NameFilter.PART
    """What the query ``displayName`` means (V4-6)."""
    deletes: bool = False
    """Whether there is a DELETE; 405 without (V2-7)."""
    tells_total: bool = True
    """Whether pages have ``totalResults`` (V4-1)."""
    links: bool = True
    """Whether pages have ``nextLink``; without, whoever reads has to count on (V4-2)."""
    sends_vrn: bool = True
    """Whether projects get a VRN that nobody asked for (V2-14)."""
    tells_type: bool = True
    """Whether projects have a ``type`` (V2-16)."""
    shows_default: bool = True
    """Whether the id ``default`` is for this caller; 403 without (V2-20)."""
