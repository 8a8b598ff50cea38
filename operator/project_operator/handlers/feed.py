"""Between one kind's watch and the sink: what was seen, what is still expected, what was seen meanwhile."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from project_operator.kube.answers import compact
from project_operator.kube.resources import Resource
from project_operator.kube.sink import Sink

Key = tuple[str, str, str]
"""Namespace, name, uid."""

log = logging.getLogger(__name__)


def key_of(raw: Mapping[str, Any]) -> Key:
    """Which object this is."""
    metadata = raw["metadata"]
    return metadata.get("namespace", ""), metadata["name"], metadata["uid"]


class Feed:
    """Hands everything about one kind to the sink, whose failures end here."""

    def __init__(self, resource: Resource, sink: Sink) -> None:
        self._resource = resource
        self._sink = sink
        self._expected: set[Key] = set()
        self._met = asyncio.Event()
        self._recording: set[Key] | None = None

    def observe(self, event_type: str | None, raw: dict[str, Any]) -> None:
        """Take one object from the watch."""
        # As long as everything else together, and nothing of ours reads it.
        raw["metadata"].pop("managedFields", None)
        raw = compact(self._resource, raw)
        key = key_of(raw)
        if self._recording is not None:
            self._recording.add(key)
        try:
            self._sink.observe(self._resource, event_type, raw)
        except Exception:
            log.exception("%s %s/%s could not be taken in", self._resource.plural, key[0], key[1])
        if self._expected:
            self._expected.discard(key)
            if not self._expected:
                self._met.set()

    @property
    def missing(self) -> int:
        """How many of those expected have not been observed yet."""
        return len(self._expected)

    def expect(self, keys: Iterable[Key]) -> None:
        """From now on, wait for these to be observed."""
        self._expected = set(keys)
        if self._expected:
            self._met.clear()
        else:
            self._met.set()

    def forgo(self, live: set[Key]) -> None:
        """Expect no longer what is gone: only ``live`` can still come."""
        self.expect(self._expected & live)

    async def met(self) -> None:
        """Return when everything expected has been observed."""
        await self._met.wait()

    @contextmanager
    def recording(self) -> Iterator[set[Key]]:
        """The keys observed while inside."""
        self._recording = keys = set[Key]()
        try:
            yield keys
        finally:
            self._recording = None

    def sweep(self, live: set[Key]) -> None:
        """Tell the sink what there is."""
        try:
            self._sink.sweep(self._resource, live)
        except Exception:
            log.exception("the sweep of %s failed", self._resource.plural)

    def behind(self, versions: Mapping[Key, int]) -> set[Key]:
        """Those of the listed states, by resourceVersion, that the sink has not been shown."""
        try:
            return self._sink.behind(self._resource, versions)
        except Exception:
            log.exception("what was missed of %s could not be told", self._resource.plural)
            return set()

    def definition_gone(self) -> None:
        """Tell the sink that the kind is no longer served."""
        self._expected.clear()
        try:
            self._sink.definition_gone(self._resource)
        except Exception:
            log.exception("the end of %s could not be taken in", self._resource.plural)
