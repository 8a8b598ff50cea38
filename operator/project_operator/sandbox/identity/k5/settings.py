"""How the embedded service behaves where the documentation leaves it open; all of it can be changed while it runs."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


class K5Settings(BaseModel):
    """Times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    regional: bool = True
    """Whether this is the identity service of a region; tokens of the global one may not manage projects (F3-3)."""
    token_life: float = Field(default=7200.0, gt=0)
    """Of tokens (F3-5)."""
    unimplemented: tuple[Annotated[str, StringConstraints(max_length=64)], ...] = ()
    """Operations, by the names in the request log, that answer 501 (F5-3)."""
    shows_parent: bool = False
    """Whether answers have ``parent_id``; the page says so, its own example has none (F2-9)."""
    returns_token: bool = True
    """Whether answers carry a header ``X-Auth-Token`` (F5-5)."""
