"""One Kopf operator for one kind: WATCH, reconnect, nothing else. Everything that Kopf needs to be told is here.

Kopf writes nothing (no storages, no finalizer, no Events), scans nothing (explicit group, version and plural), lists
nothing but where its watch begins, remembers nothing of an object, yields to no peer, and keeps its hands off what it
shares the event loop with: its connections are ours, and when it ends it ends its own tasks only.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import kopf
from kopf._core.reactor.inventory import ResourceMemories, ResourceMemory  # what `memories` takes has no public name

from project_operator.api import names
from project_operator.kube import beginning
from project_operator.kube.api import AnswerObserver, KubeApi
from project_operator.kube.resources import Resource
from project_operator.kube.sieve import Seen

WATCH_SECONDS: Final = 290
"""An integer; below the idle timeout of usual load balancers (350 s and more)."""
INACTIVITY_SECONDS: Final = 70.0
"""The API server sends a bookmark every 60 s; a watch that is silent for longer is dead."""
BACKOFFS: Final = (1, 1, 2, 3, 5, 8, 13, 21)
EXIT_SECONDS: Final = 2.0

Observe = Callable[[str | None, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Scope:
    """What one stream is about. ``namespaces`` None = all."""

    resource: Resource
    namespaces: tuple[str, ...] | None = None
    label_selector: str = ""


async def stream(
    scope: Scope,
    *,
    api: KubeApi,
    observe: Observe,
    on_answer: AnswerObserver,
    seen: Seen,
    own_signals: Callable[[], None],
    over: asyncio.Event,
) -> None:
    """Call ``observe`` with each event that tells more than is ``seen``, until ``over`` is set.

    ``on_answer`` is told of a listing whenever Kopf asks where to begin: what happened before that no watch tells.

    Whatever ended it, ``over`` must be set at last: one task of Kopf's waits for nothing else.

    Raises:
        Exception: what ended it before that, as Kopf has it: a kind that is not served, rights that are missing, an
            API server that stayed away.
    """
    resource = scope.resource
    registry = kopf.OperatorRegistry()
    logged_in = False

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession | None:
        # Kopf asks again after a 401. Its watches are gone by then, so it may as well end and be started anew.
        nonlocal logged_in
        if logged_in:
            return None
        logged_in = True
        return kopf.AiohttpSession(server=api.server, aiohttp_session=api.session(resource, on_answer, seen))

    @kopf.on.event(resource.group, resource.version, resource.plural, registry=registry)
    async def look(event: kopf.RawEvent, **_: Any) -> None:
        observe(event["type"], cast("dict[str, Any]", event["object"]))

    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=_settings(scope),
        memories=_NoMemories(),
        clusterwide=scope.namespaces is None,
        namespaces=scope.namespaces or (),
        # Kopf would ask the system for the user's name, and the user of a container has none.
        identity=cast("Any", names.FIELD_MANAGER),
        stop_flag=over,
    )
    # Kopf has just taken SIGINT and SIGTERM for itself. Nothing ran in between.
    own_signals()
    await kopf.run_tasks(tasks, ignored=_Everything())


def _settings(scope: Scope) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.persistence.progress_storage = _NoProgress()
    settings.persistence.diffbase_storage = _NoDiffBase()
    settings.persistence.consistency_timeout = 0
    # Never set by us; not Kopf's default, which other operators share.
    settings.persistence.finalizer = f"{names.GROUP}/unused"
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.scanning.disabled = True
    # A worker holds its place and its memory for that long after the last event of its object.
    settings.queueing.idle_timeout = 0.05
    settings.queueing.exit_timeout = EXIT_SECONDS
    settings.watching.chunk_size = beginning.PAGE
    settings.watching.server_timeout = WATCH_SECONDS
    settings.watching.inactivity_timeout = INACTIVITY_SECONDS
    if scope.label_selector:
        kind = scope.resource
        settings.watching.label_selectors[kind.group, kind.version, kind.plural] = scope.label_selector
    settings.networking.connect_timeout = 10
    settings.networking.request_timeout = 30
    settings.networking.error_backoffs = BACKOFFS
    # Kopf would kill the process that long after it ended by itself.
    settings.process.ultimate_exiting_timeout = None
    return settings


class _Everything(Collection[Any]):
    """Contains every task: those of others, that Kopf would otherwise wait for and cancel when it ends."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _NoMemories(ResourceMemories):
    """Keeps nothing of an object: some 5 KB of each are for handlers that we do not have."""

    async def recall(self, raw_body: kopf.RawBody, **options: Any) -> ResourceMemory:
        """For the one event."""
        return await super().recall(raw_body, **{**options, "ephemeral": True})


class _NoProgress(kopf.ProgressStorage):
    """Keeps nothing on the object: there is no progress to keep with `on.event` alone."""

    def fetch(self, **_: Any) -> None:
        """Nothing."""

    def store(self, **_: Any) -> None:
        """Nothing."""

    def purge(self, **_: Any) -> None:
        """Nothing."""

    def touch(self, **_: Any) -> None:
        """Nothing."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        """The same, without the copy that Kopf makes."""
        return essence


class _NoDiffBase(kopf.DiffBaseStorage):
    """Finds and makes the same empty essence, so that there is never a difference and never a copy of the object."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        """Empty."""
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> kopf.BodyEssence:
        """Empty."""
        return kopf.BodyEssence()

    def store(self, **_: Any) -> None:
        """Nothing."""
