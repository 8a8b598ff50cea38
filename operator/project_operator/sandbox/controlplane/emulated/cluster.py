"""All objects, in memory: the verbs that write, one resource version for all, a bounded history and its subscribers.

Each verb runs to its end before the next begins; nothing in here waits.
"""

import asyncio
import json
import re
import secrets
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Final
from uuid import uuid4

from project_operator.sandbox.controlplane.emulated import rules
from project_operator.sandbox.controlplane.emulated.kinds import (
    BUILTIN,
    DEFINITIONS,
    NAMESPACES,
    Kind,
    Object,
    defined_by,
)
from project_operator.sandbox.controlplane.emulated.status import Refused, about, bad_request, conflict, invalid, wrong

FIRST: Final = 1000
"""The version before the first; earlier ones are too old to watch from, as on a server that has run for a while."""

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
WORDING: Final = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'"

Key = tuple[str, str]
"""Namespace ("" for cluster-scoped objects) and name."""

Pruned = Callable[[list[str]], None]
"""Is told of the fields that the schema does not know, and may refuse them."""


@dataclass(frozen=True)
class Stored:
    """One object in one version."""

    content: Object

    @cached_property
    def text(self) -> bytes:
        """The content as JSON without its opening brace, encoded once for all who list or watch it."""
        return json.dumps(self.content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()[1:]


@dataclass(frozen=True)
class Change:
    """``old`` became ``new``, None being absence; ``last`` is what is shown of it."""

    version: int
    old: Stored | None
    new: Stored | None
    last: Stored


class Subscription(asyncio.Queue[Change | None]):
    """Changes in order; None when the kind is served no longer, or the server stops."""


class Cluster:
    """``now`` gives the time as the API writes it; ``history`` is how many changes of a kind are kept for watches."""

    def __init__(self, now: Callable[[], str], history: int) -> None:
        self.version = FIRST
        self.kinds = {(kind.api_version, kind.plural): kind for kind in BUILTIN}
        self.objects: dict[str, dict[Key, Stored]] = defaultdict(dict)
        self._now = now
        self._changes: dict[str, deque[Change]] = defaultdict(lambda: deque(maxlen=history))
        self._forgotten: dict[str, int] = defaultdict(lambda: FIRST)
        self._subscriptions: dict[str, set[Subscription]] = defaultdict(set)
        for name in ("default", "kube-system"):
            self.create(NAMESPACES, "", {"metadata": {"name": name}}, lambda _: None)

    def read(self, kind: Kind, key: Key) -> Object:
        """Raises :class:`Refused` (404) when there is no such object."""
        if (stored := self.objects[kind.storage].get(key)) is None:
            raise about(kind, key[1], 404, "NotFound", "{} not found")
        return stored.content

    def create(self, kind: Kind, namespace: str, body: Object, pruned: Pruned) -> Object:
        given = body["metadata"]
        prefix = given.get("generateName", "")
        name = given.get("name") or prefix + secrets.token_hex(3)[1:] * bool(prefix)
        if given.get("namespace", namespace) != namespace:
            raise bad_request("the namespace of the object does not match the namespace on the URL")
        if not NAME.fullmatch(name):
            raise invalid(kind, name, wrong("metadata.name", name, WORDING))
        if namespace and "deletionTimestamp" in self.read(NAMESPACES, ("", namespace))["metadata"]:
            text = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise about(kind, name, 403, "Forbidden", f"{{}} is forbidden: {text}")
        if kind.schema is not None and "deletionTimestamp" in self.read(DEFINITIONS, ("", kind.resource))["metadata"]:
            raise Refused(405, "MethodNotAllowed", "create not allowed while custom resource definition is terminating")
        if (namespace, name) in self.objects[kind.storage]:
            raise about(kind, name, 409, "AlreadyExists", "{} already exists")
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        metadata |= {"uid": str(uuid4()), "creationTimestamp": self._now()}
        content, unknown = rules.conformed(kind, rules.created(kind, body, metadata))
        pruned(unknown)
        return self._commit(kind, (namespace, name), content)

    def update(self, kind: Kind, key: Key, body: Object, pruned: Pruned, *, status: bool) -> Object:
        """What makes no difference makes no new version either."""
        old = self.read(kind, key)
        if body["metadata"].get("name", key[1]) != key[1]:
            raise bad_request(f"the name of the object does not match the name on the URL ({key[1]})")
        content, unknown = rules.conformed(kind, rules.updated(kind, old, body, status=status), status=status)
        pruned(unknown)
        return old if content == old else self._commit(kind, key, content)

    def delete(self, kind: Kind, key: Key, preconditions: Object) -> Object:
        """The object as it is now: gone, or held by its finalizers. Contents go with their namespace or definition."""
        old = self.read(kind, key)
        for name, wanted in preconditions.items():
            if wanted != (found := old["metadata"].get(name)):
                raise conflict(
                    kind, key[1], f"the {name} in the precondition ({wanted}) is not that in record ({found})"
                )
        if "deletionTimestamp" in old["metadata"]:
            return old
        content = self._commit(kind, key, rules.deleted(old, self._now()))
        for inner, place in [*self._contents(kind, key)]:
            self.delete(inner, place, {})
        self._settle(kind, key)
        return content

    def _commit(self, kind: Kind, key: Key, content: Object) -> Object:
        """Stores the object, or ends it when it is deleted and not held; returns it in the version of that."""
        self.version += 1
        stays = "deletionTimestamp" not in content["metadata"] or rules.is_held(content)
        objects, changes = self.objects[kind.storage], self._changes[kind.storage]
        old = objects.pop(key, None)
        shown = content if stays or old is None else old.content
        last = Stored(shown | {"metadata": shown["metadata"] | {"resourceVersion": str(self.version)}})
        if stays:
            objects[key] = last
        if len(changes) == changes.maxlen:
            self._forgotten[kind.storage] = changes[0].version
        changes.append(Change(self.version, old, last if stays else None, last))
        for subscription in self._subscriptions[kind.storage]:
            subscription.put_nowait(changes[-1])
        if kind is DEFINITIONS:
            self.kinds = {path: other for path, other in self.kinds.items() if other.resource != key[1]}
            self.kinds |= {(other.api_version, other.plural): other for other in defined_by(content) if stays}
        if not stays:
            self.end_watches(key[1] if kind is DEFINITIONS else "")
            self._settle(NAMESPACES, ("", key[0]))
            self._settle(DEFINITIONS, ("", kind.resource))
        return last.content

    def _settle(self, kind: Kind, key: Key) -> None:
        """Lets a deleted namespace or definition go once nothing is left in it."""
        if kind not in {NAMESPACES, DEFINITIONS} or not (stored := self.objects[kind.storage].get(key)):
            return
        free = rules.released(kind, stored.content)
        if "deletionTimestamp" in free["metadata"] and free != stored.content and not any(self._contents(kind, key)):
            self._commit(kind, key, free)

    def _contents(self, kind: Kind, key: Key) -> Iterator[tuple[Kind, Key]]:
        """Everything in a namespace, or of a definition; nothing is in any other object."""
        for other in {other.storage: other for other in self.kinds.values()}.values():
            if kind is NAMESPACES or (kind is DEFINITIONS and other.resource == key[1]):
                places = self.objects[other.storage]
                yield from ((other, place) for place in places if kind is DEFINITIONS or place[0] == key[1])

    def subscribe(self, kind: Kind, since: int) -> Subscription | None:
        """Changes after version ``since``; None when they are known no longer."""
        if since < self._forgotten[kind.storage]:
            return None
        subscription = Subscription()
        for change in [*takewhile(lambda change: change.version > since, reversed(self._changes[kind.storage]))][::-1]:
            subscription.put_nowait(change)
        self._subscriptions[kind.storage].add(subscription)
        return subscription

    def unsubscribe(self, kind: Kind, subscription: Subscription) -> None:
        self._subscriptions[kind.storage].discard(subscription)

    def compact(self) -> None:
        """Forgets all history."""
        self._changes.clear()
        self._forgotten.update(dict.fromkeys(self.objects, self.version))

    def end_watches(self, storage: str | None = None) -> None:
        """Ends the watches of one kind, or all; clients resume from the last version they saw."""
        for name in [*self._subscriptions] if storage is None else [storage]:
            for subscription in self._subscriptions[name]:
                subscription.put_nowait(None)
