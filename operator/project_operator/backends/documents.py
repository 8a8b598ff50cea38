"""What servers sent, read as what it should be: it is never shown in what is raised, and its text stays here."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeVar

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


def each_item(body: bytes) -> Iterator[Any]:
    """The items of the JSON array in ``body``, each made when it is asked for: ten thousand at once are some 15 MB.

    Raises:
        ValueError: it is no array, or not all of one. The items that came before are worth nothing.
    """
    text = body.decode()
    at = _next(text, 0)
    if text[at : at + 1] != "[":
        raise ValueError("no JSON array")
    at = _next(text, at + 1)
    more = text[at : at + 1] != "]"
    while more:
        try:
            item, at = _DECODER.raw_decode(text, at)
        except RecursionError:
            raise ValueError("a JSON array too deep to be one of ours") from None
        yield item
        at = _next(text, at)
        more = text[at : at + 1] == ","
        if more:
            at = _next(text, at + 1)
    if text[at : at + 1] != "]" or _next(text, at + 1) != len(text):
        raise ValueError("not all of a JSON array, or more than one")


_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def _next(text: str, at: int) -> int:
    """Where the next sign is that means something."""
    found = _SPACE.match(text, at)
    return found.end() if found is not None else at
