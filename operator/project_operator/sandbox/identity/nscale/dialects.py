"""What differs between the versions of the server: every difference that the embedded server shows is a field here."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from project_operator.errors import ConfigurationError


class Collision(StrEnum):
    """What a PUT answers when the project was written between the server's cached read and its write."""

    OVERWRITE = "overwritten"
    """Merge patch of what differs from the cached copy: 200, the last writer wins silently (N1.3-12)."""
    SERVER_ERROR = "500"
    """A lock without a mapping (N1.3-7)."""
    CONFLICT = "409"
    """Declared and returned, with a misleading text (N1.3-6)."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version of the server."""

    name: str
    version: str
    """Version of the server that behaves so."""
    initial_status: str
    """``provisioningStatus`` before the controller has looked at a project (N2-2)."""
    put_collision: Collision
    terse_validation: bool
    """Refused bodies are answered with a fixed text instead of one that names the field (N1.3-1)."""
    www_authenticate: bool
    """401 carries a challenge (N1.3-2)."""
    trace_id: bool
    """Error bodies carry ``trace_id`` (N3.4-1)."""
    acl_cache_seconds: float
    """How long rights are remembered (N3.3-7)."""
    uuid_paths: bool
    """IDs in the path must be UUIDs, checked before anything else (N1.3-1)."""
    version_endpoint: bool
    """``GET /api/version`` exists (N5-6)."""
    certificate_alone: bool
    """A client certificate without a token says who is calling (N5-2)."""
    status_detail: bool
    """Reads carry ``provisioningStatusDetail`` and ``healthStatusDetail`` (N1.2-7)."""


DOCUMENTED: Final = Dialect(
    name="documented",
    version="1.12.0-rc2",
    initial_status="unknown",
    put_collision=Collision.OVERWRITE,
    terse_validation=True,
    www_authenticate=False,
    trace_id=False,
    acl_cache_seconds=0.0,
    uuid_paths=False,
    version_endpoint=False,
    certificate_alone=False,
    status_detail=False,
)
"""The server of the published API page (N5)."""


_V1_14: Final = replace(
    DOCUMENTED,
    name="1.14",
    version="1.14.0",
    terse_validation=False,
    www_authenticate=True,
    certificate_alone=True,
    trace_id=True,
    acl_cache_seconds=60.0,
)
_V1_15: Final = replace(
    _V1_14, name="1.15", version="1.15.0", initial_status="pending", put_collision=Collision.SERVER_ERROR
)
_V1_16: Final = replace(_V1_15, name="1.16", version="1.16.0", put_collision=Collision.CONFLICT)
_V1_17: Final = replace(_V1_16, name="1.17", version="1.17.5", uuid_paths=True, version_endpoint=True)
_V1_18: Final = replace(_V1_17, name="1.18", version="1.18.0", status_detail=True)

DIALECTS: Final = {d.name: d for d in (DOCUMENTED, _V1_14, _V1_15, _V1_16, _V1_17, _V1_18)}
"""All dialects by name, oldest first."""


def dialect(name: str) -> Dialect:
    """The dialect called ``name``; ConfigurationError naming the choices otherwise."""
    try:
        return DIALECTS[name]
    except KeyError:
        raise ConfigurationError(f"there is no nscale dialect {name!r}; choose one of {', '.join(DIALECTS)}") from None
