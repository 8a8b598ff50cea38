"""Between what is listed and watched of one kind and the sink."""

import logging
from collections.abc import Mapping
from typing import Any

from project_operator.kube.answers import compact
from project_operator.kube.resources import Resource
from project_operator.kube.sink import Identity, Sink, identity_of

log = logging.getLogger(__name__)


class Feed:
    """Hands everything about one kind to the sink, whose failures end here."""

    def __init__(self, resource: Resource, sink: Sink) -> None:
        self._resource = resource
        self._sink = sink

    def observe(self, event_type: str | None, raw: dict[str, Any]) -> None:
        """Take one object from the watch."""
        _shorten(raw)
        self._take(event_type, compact(self._resource, raw))

    def listed(self, raw: dict[str, Any]) -> Identity:
        """Take one object from a listing."""
        _shorten(raw)
        # Of the kinds that are not ours, a listing names the kind once, for all of them.
        raw.setdefault("apiVersion", self._resource.api_version)
        raw.setdefault("kind", self._resource.kind)
        return self._take(None, raw)

    def _take(self, event_type: str | None, raw: dict[str, Any]) -> Identity:
        key = identity_of(raw)
        try:
            self._sink.observe(self._resource, event_type, raw)
        except Exception:
            log.exception("%s %s/%s could not be taken in", self._resource.plural, key[0], key[1])
        return key

    def seen(self, namespace: str, name: str, uid: str, version: int) -> bool:
        """Whether the sink knows that state of an object, or a later one, or its end."""
        try:
            return not self._sink.behind(self._resource, {(namespace, name, uid): version})
        except Exception:
            log.exception("whether %s %s/%s is known could not be told", self._resource.plural, namespace, name)
            return False

    def sweep(self, live: set[Identity], version: int) -> None:
        """Tell the sink what there is, as of that resourceVersion."""
        try:
            self._sink.sweep(self._resource, live, version)
        except Exception:
            log.exception("the sweep of %s failed", self._resource.plural)

    def behind(self, versions: Mapping[Identity, int]) -> set[Identity]:
        """Those of the listed states, by resourceVersion, that the sink has not been shown."""
        try:
            return self._sink.behind(self._resource, versions)
        except Exception:
            log.exception("what was missed of %s could not be told", self._resource.plural)
            return set()

    def definition_gone(self) -> None:
        """Tell the sink that the kind is no longer served."""
        try:
            self._sink.definition_gone(self._resource)
        except Exception:
            log.exception("the end of %s could not be taken in", self._resource.plural)


def _shorten(raw: dict[str, Any]) -> None:
    """By what is as long as everything else together, and read by nothing of ours."""
    raw["metadata"].pop("managedFields", None)
