"""A listing that says where a watch is to begin, and shows nothing.

Who begins to watch asks for a listing first, for its resourceVersion. What there is we list by ourselves: a page at a
time, after the watch has begun, and without a task for each object.
"""

from typing import Any, Final

import aiohttp
from pydantic_core import from_json, to_json

PAGE: Final = 1
"""Objects that such a listing is to ask for. None would mean all."""


class Beginning:
    """Stands for the content of a listing's answer, for whoever reads it whole."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content

    async def read(self) -> bytes:
        """An empty listing, of the same resourceVersion; what is no listing stays as it is."""
        body = await self._content.read()
        try:
            version = from_json(body)["metadata"]["resourceVersion"]
        except (ValueError, TypeError, KeyError):
            return body
        return to_json({"metadata": {"resourceVersion": version}, "items": []})

    def __getattr__(self, name: str) -> Any:
        """Everything else is the content's."""
        return getattr(self._content, name)
