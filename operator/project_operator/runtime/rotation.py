"""Successors of a credential, kept in a Secret of ours: in which order, and whose value counts.

A credential that replaces itself ends when its successor is made, and the successor is shown once. Three writes make
that safe, as far as it can be:

1. *Reserve*: an annotation on our Secret, in a guarded write, says that a successor is about to be asked for. It proves
   that the Secret can be written, and keeps any other process from asking too. Where it fails, nothing was asked for.
2. *Ask*: one request, never sent twice.
3. *Keep*: the successor goes into our Secret, in the same write that takes the annotation off. This is tried for as
   long as the process lives, and only then anybody uses the successor.

A process that ends between 2 and 3, or an answer that is lost, leaves the annotation. Whoever finds it waits until the
request can take effect no more (the backend object's ``inFlightBound``), for a request that comes late would end a
successor made meanwhile; then it asks again with the credential that it has. If that was replaced after all and is not
accepted any more, its successor is lost, and a person has to make a new one.

The user's Secret is never written. Ours says, by a digest, which value of the user's it stands for: when that value
changes, the user's counts again.
"""

import asyncio
import base64
import binascii
import contextlib
import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from project_operator.api import names
from project_operator.api.events import EventReason
from project_operator.backends.answers import clipped
from project_operator.backends.keeping import Ask, Replacement
from project_operator.errors import (
    BackendError,
    CredentialNotKept,
    CredentialsRejected,
    KubeError,
    KubeNotFound,
    OutcomeUnknown,
)
from project_operator.kube.resources import SECRETS
from project_operator.reconcile.actions import Notice
from project_operator.reconcile.backoff import delay
from project_operator.runtime.clock import Clock, timestamp
from project_operator.runtime.ports import Kube
from project_operator.runtime.rotated_place import RotatedPlace

logger = logging.getLogger(__name__)

PATIENCE: Final = 10.0
"""Seconds that an ending process gives a successor to be kept."""
_SLOWEST: Final = 5.0
"""Seconds between two attempts to keep one, at most."""

_ACTION: Final = "ReplaceCredential"
_LOST: Final = "so its successor may be lost: make a new one"


@dataclass(frozen=True, slots=True)
class _Intent:
    """What the annotation says."""

    attempt: str
    digest: str
    since: str

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "_Intent | None":
        words = str((raw["metadata"].get("annotations") or {}).get(names.REPLACING_ANNOTATION) or "").split()
        return cls(*words) if len(words) == 3 else None  # noqa: PLR2004 - as many as there are fields

    def __str__(self) -> str:
        return f"{self.attempt} {self.digest} {self.since}"


class RotatedSecret:
    """Implements `backends.keeping.Keeper` for one connection. `load` comes first."""

    def __init__(
        self,
        place: RotatedPlace,
        original: bytes,
        kube: Kube,
        clock: Clock,
        *,
        settle: float,
        seen: MutableMapping[str, float],
        tell: Callable[[Notice], None],
    ) -> None:
        """``original`` is the value in the user's Secret; ``settle`` the seconds after which a request can take effect
        no more; ``seen`` since when this process knows of which attempt, for all connections of a backend object.
        """
        self._place = place
        self._digest = digest_of(original)
        self._kube = kube
        self._clock = clock
        self._settle = settle
        self._seen = seen
        self._tell = tell
        self._unsettled = ""
        """An attempt of which it is not known what came of it."""
        self._under_way: set[asyncio.Task[Replacement]] = set()
        self._closed = False
        self._said = ""
        self.expires_at: datetime | None = None
        """When what is kept for this value of the user's expires; None where nothing is kept, or it is not known."""

    def explained(self, message: str) -> str:
        """``message`` of the credential that is refused, with what may be the reason where it is not known what came of
        an attempt: the credential may have been replaced without our knowing by what.
        """
        return lost(message) if self._unsettled and _LOST not in message else message

    async def load(self) -> bytes | None:
        """What is kept in place of the user's value; None where that counts itself.

        Raises:
            KubeError: our Secret could not be looked for.
        """
        raw = await self._read()
        if raw is None or not self._place.is_of(raw):
            return None
        self._notice(_Intent.read(raw))
        annotations = raw["metadata"].get("annotations") or {}
        if annotations.get(names.REPLACES_ANNOTATION) != self._digest:
            return None
        self.expires_at = _read_time(annotations.get(names.EXPIRES_ANNOTATION))
        try:
            return base64.b64decode((raw.get("data") or {}).get(self._place.key, ""), validate=True) or None
        except (binascii.Error, ValueError):
            return None

    async def replace(self, ask: Ask) -> Replacement:
        """See `Keeper.replace`."""
        if self._closed:
            raise CredentialNotKept("the connection is being closed")
        task = asyncio.get_running_loop().create_task(self._replace(ask), name=f"replace {self._place.name}")
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """See `Keeper.aclose`. Nothing is asked for afterwards."""
        self._closed = True
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=PATIENCE)
        for task in late:
            logger.error("%s: a new credential was asked for and could not be kept before the end", self._place.name)
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, task: "asyncio.Task[Replacement]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited for it may have gone

    async def _replace(self, ask: Ask) -> Replacement:
        try:
            raw, intent, before = await self._reserve()
        except KubeError as error:
            raise self._told(CredentialNotKept(f"the Secret '{self._place.name}' cannot be written: {error}")) from None
        except CredentialNotKept as error:
            raise self._told(error) from None
        try:
            replacement = await ask()
        except OutcomeUnknown as error:
            self._unsettled, self._seen[intent.attempt] = intent.attempt, self._clock.now()
            raise self._told(error) from None
        except CredentialsRejected as error:
            if before is None:
                await self._withdraw(raw)
                raise self._told(error) from None
            # The intent stays, and says from now on why the credential is refused.
            self._unsettled, self._seen[intent.attempt] = intent.attempt, self._seen[before.attempt]
            raise self._told(
                CredentialsRejected(lost(str(error), before.since), operation=error.operation, status=error.status)
            ) from None
        except BackendError as error:
            self._unsettled = ""
            await self._withdraw(raw)
            raise self._told(error) from None
        await self._keep(raw, intent, replacement)
        self._unsettled = self._said = ""
        self.expires_at = replacement.expires_at
        if replacement.expires_at is not None:
            # What tells no expiry is replaced all the time, and no news.
            until = _write_time(replacement.expires_at)
            note = f"the new one is in the Secret '{self._place.name}' and expires {until}"
            self._tell(Notice(reason=EventReason.CREDENTIAL_REPLACED, action=_ACTION, note=note))
        return replacement

    async def _reserve(self) -> tuple[Mapping[str, Any], _Intent, _Intent | None]:
        """Our Secret with our intent in it, that intent, and the unsettled one that it takes the place of.

        Raises:
            CredentialNotKept: it is not ours, or an unsettled attempt is too young.
            KubeError: it could not be read or written.
        """
        intent = _Intent(self._clock.token(), self._digest, _write_time(timestamp(self._clock.wall())))
        raw = await self._read()
        if raw is None:
            created = await self._kube.create(SECRETS, self._place.namespace, self._manifest(intent))
            return created, intent, None
        if not self._place.is_of(raw):
            raise CredentialNotKept(self._place.not_of(raw))
        before = _Intent.read(raw)
        self._notice(before)
        if not self._unsettled:
            before = None
        elif (left := self._seen[self._unsettled] + self._settle - self._clock.now()) > 0:
            since = before.since if before is not None else ""
            raise CredentialNotKept(
                f"what came of the attempt of {since} to replace the credential is not known; "
                "the next one waits until that can take effect no more",
                retry_after=left,
            )
        if before is not None:
            intent = replace(intent, since=before.since)
        metadata = {"annotations": {names.REPLACING_ANNOTATION: str(intent)}}
        return await self._kube.patch(SECRETS, raw, {"metadata": metadata}), intent, before

    async def _withdraw(self, raw: Mapping[str, Any]) -> None:
        """Nothing was replaced. Where this fails, the next attempt only waits."""
        try:
            await self._kube.patch(SECRETS, raw, {"metadata": {"annotations": {names.REPLACING_ANNOTATION: None}}})
        except KubeError as error:
            logger.warning("%s: %s", self._place.name, error)

    async def _keep(self, raw: Mapping[str, Any], intent: _Intent, replacement: Replacement) -> None:
        """Return once ``replacement`` is in our Secret. Until then this process alone has it."""
        failures = 0
        present: Mapping[str, Any] | None = raw
        while True:
            try:
                if present is None:
                    await self._kube.create(SECRETS, self._place.namespace, self._manifest(None, replacement))
                else:
                    await self._kube.patch(SECRETS, present, self._contents(replacement))
            except KubeError as error:
                failures += 1
                logger.warning("%s: the new credential is not kept yet, nor used: %s", self._place.name, error)
            else:
                return
            await asyncio.sleep(min(delay(failures, jitter=self._clock.jitter()), _SLOWEST))
            with contextlib.suppress(KubeError):
                present = await self._read()
            if present is None:
                continue
            if _holds(present, self._place.key, replacement):
                return
            found = _Intent.read(present)
            if not self._place.is_of(present) or found is None or found.attempt != intent.attempt:
                raise self._told(
                    CredentialNotKept(
                        f"somebody else wrote to the Secret '{self._place.name}' while the credential was replaced; "
                        "the new one is given up"
                    )
                )

    async def _read(self) -> Mapping[str, Any] | None:
        try:
            return await self._kube.get(SECRETS, self._place.namespace, self._place.name)
        except KubeNotFound:
            return None

    def _notice(self, intent: _Intent | None) -> None:
        """Note since when this process knows of an attempt that is not settled."""
        self._unsettled = intent.attempt if intent is not None and intent.digest == self._digest else ""
        if self._unsettled:
            self._seen.setdefault(self._unsettled, self._clock.now())

    def _manifest(self, intent: _Intent | None, replacement: Replacement | None = None) -> dict[str, Any]:
        contents = self._contents(replacement) if replacement is not None else {"metadata": {"annotations": {}}}
        annotations = contents["metadata"]["annotations"] | (
            {names.REPLACING_ANNOTATION: str(intent)} if intent else {}
        )
        metadata = {
            "name": self._place.name,
            "namespace": self._place.namespace,
            "labels": {names.CREDENTIALS_LABEL: "true", names.MANAGED_BY: names.FIELD_MANAGER},
            "annotations": {name: value for name, value in annotations.items() if value is not None},
            "ownerReferences": [dict(self._place.owner)],
            # In a terminating namespace this goes when the backend object does, and not before.
            "finalizers": [names.FINALIZER],
        }
        return {
            "apiVersion": SECRETS.api_version,
            "kind": SECRETS.kind,
            "type": "Opaque",
            "metadata": metadata,
            "data": contents.get("data", {}),
        }

    def _contents(self, replacement: Replacement) -> dict[str, Any]:
        """What a Secret with ``replacement`` in it says, as a merge patch."""
        expires = _write_time(replacement.expires_at) if replacement.expires_at else None
        return {
            "metadata": {
                "annotations": {
                    names.REPLACES_ANNOTATION: self._digest,
                    names.EXPIRES_ANNOTATION: expires,
                    names.REPLACING_ANNOTATION: None,
                }
            },
            "data": {self._place.key: base64.b64encode(replacement.value).decode("ascii")},
        }

    def _told(self, error: BackendError) -> BackendError:
        """``error``, after telling of it, unless that was said last time."""
        if str(error) != self._said:
            self._said = str(error)
            self._tell(Notice(reason=EventReason.CREDENTIAL_NOT_REPLACED, action=_ACTION, note=str(error)))
        return error


def lost(message: str, since: str = "") -> str:
    """``message`` of a credential that is refused, where its successor may have been made and not been kept."""
    when = f" of {since}" if since else ""
    return clipped(f"{message}; an attempt{when} to replace it got no answer, {_LOST}")


def digest_of(value: bytes) -> str:
    """Of a value in the user's Secret, without the white space around it; tells nothing about it."""
    return sha256(b"project-operator\0" + value.strip()).hexdigest()[:32]


def _holds(raw: Mapping[str, Any], key: str, replacement: Replacement) -> bool:
    """Whether the write whose answer was lost came through."""
    return (raw.get("data") or {}).get(key) == base64.b64encode(replacement.value).decode("ascii")


def _write_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
