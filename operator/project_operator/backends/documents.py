"""What servers sent, read as what it should be: nothing here raises on it, and its text stays here."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, StringConstraints, ValidationError

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}$")]
"""An id that can stand in a URL path."""

Document = TypeVar("Document", bound=BaseModel)


def read(document: type[Document], value: bytes | Any) -> Document | None:
    """``value`` (JSON text, or a part of it that was taken apart) as ``document``; None where it is none."""
    try:
        if isinstance(value, bytes):
            return document.model_validate_json(value)
        return document.model_validate(value)
    except ValidationError:
        return None
