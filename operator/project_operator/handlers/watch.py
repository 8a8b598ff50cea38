"""The watch layer: keeps a stream for each kind alive, whatever the API server does, and finds what streams miss."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from project_operator.errors import KubeError, KubeForbidden, KubeNotFound, KubeUnavailable
from project_operator.handlers.feed import Feed, Key, key_of
from project_operator.handlers.stream import Scope, stream
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import CREDENTIALS_SELECTOR, SECRETS, Resource
from project_operator.kube.sink import Sink
from project_operator.observability.hooks import FanOut, Hooks, WatchEnded

Report = Callable[[str, str], None]
"""Takes a check's name and why it does not hold ("" = it holds): `Readiness.report`."""

UNSEEN: Final = "not everything there is has been seen yet"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long what may take, in seconds."""

    sweep: float = 600.0
    """Between two listings that look for what was missed, deletions above all."""
    look: float = 2.0
    """Between two looks for a kind that is not served."""
    retries: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0)
    """Before a stream that ended is begun anew; from the first again once one has lasted for ``steady``."""
    steady: float = 60.0
    begin: float = 60.0
    """Until a stream has begun to watch, or is begun anew."""
    catch_up: float = 5.0
    """Without anything observed that was expected, until it is listed again: it may be gone."""
    patience: int = 6
    """How often in a row that may be."""


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What all watches share."""

    api: KubeApi
    sink: Sink
    stop: asyncio.Event
    report: Report
    own_signals: Callable[[], None]
    hooks: Hooks
    rhythm: Rhythm

    async def pause(self, seconds: float) -> None:
        """Wait, or stop waiting when we are to stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stop.wait()


async def serve(  # noqa: PLR0913 - each is another thing of the caller's, all by name
    *,
    api: KubeApi,
    sink: Sink,
    resources: Sequence[Resource],
    namespaces: Sequence[str] | None,
    stop: asyncio.Event,
    report: Report,
    own_signals: Callable[[], None],
    hooks: Hooks = FanOut(),  # noqa: B008 - without listeners it has no state
    rhythm: Rhythm = Rhythm(),
) -> None:
    """Feed ``sink`` from the watches of ``resources`` until ``stop`` is set; return within five seconds then.

    Stays up through everything: kinds that are not served yet or no more, rights that are missing, an API server that
    is away. Each kind has a stream of its own, so that the trouble of one does not reach another, and reports a check
    of its own, ``watch projects``, which holds once everything that existed has been observed. Of Secrets, only those
    with the credentials label are seen. May run more than once at a time, for other namespaces.

    Args:
        namespaces: None (or empty) = all of them.
        own_signals: puts the process's handlers of SIGINT and SIGTERM back in place; called whenever Kopf took them.
    """
    around = _Surroundings(api, sink, stop, report, own_signals, hooks, rhythm)
    async with asyncio.TaskGroup() as group:
        for resource in resources:
            selector = CREDENTIALS_SELECTOR if resource == SECRETS else ""
            watch = _Watch(Scope(resource, tuple(namespaces or ()) or None, selector), around)
            group.create_task(watch.run(), name=watch.name)


class _Watch:
    """The endless life of one kind's watch: survey, stream until it ends, again."""

    def __init__(self, scope: Scope, around: _Surroundings) -> None:
        self.name = f"watch {scope.resource.plural}"
        self._scope = scope
        self._around = around
        self._feed = Feed(scope.resource, around.sink)
        self._served: bool | None = None
        self._watching = asyncio.Event()
        self._caught_up = False
        self._trouble: KubeError | None = None

    async def run(self) -> None:
        """Return when we are to stop."""
        stop, rhythm = self._around.stop, self._around.rhythm
        setbacks = 0
        self._around.report(self.name, UNSEEN)
        while not stop.is_set():
            begun = time.monotonic()
            try:
                await self._live()
            except KubeNotFound:
                self._not_served()
                await self._around.pause(rhythm.look)
            except KubeError as error:
                self._around.report(self.name, str(error))
                setbacks = 1 if time.monotonic() - begun > rhythm.steady else setbacks + 1
                await self._around.pause(rhythm.retries[min(setbacks, len(rhythm.retries)) - 1])

    async def _live(self) -> None:
        """Watch for as long as it goes; return only when we are to stop.

        Raises:
            KubeError: what ended it. `KubeNotFound`: the kind is not served.
        """
        around, resource = self._around, self._scope.resource
        if not await around.api.serves(resource):
            raise KubeNotFound(f"{resource.plural} are not served")
        live = await self._list()
        self._served = True
        self._feed.sweep(set(live))
        self._feed.expect(live)
        self._watching.clear()
        self._caught_up = False
        self._trouble = None
        self._tell()
        over = asyncio.Event()
        streaming = asyncio.create_task(
            stream(
                self._scope,
                api=around.api,
                observe=self._feed.observe,
                on_answer=self._answered,
                own_signals=around.own_signals,
                over=over,
            )
        )
        following = asyncio.create_task(self._follow())
        stopping = asyncio.create_task(around.stop.wait())
        try:
            await asyncio.wait((streaming, following, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.set()
            following.cancel()
            stopping.cancel()
            results = await asyncio.gather(streaming, following, stopping, return_exceptions=True)
        if not around.stop.is_set():
            raise self._end(*(result for result in results if isinstance(result, Exception)))

    def _end(self, *failures: Exception) -> KubeError:
        """What to make of the end of the stream: rather the API server's words than Kopf's."""
        resource = self._scope.resource
        trouble = self._trouble or next((failure for failure in failures if isinstance(failure, KubeError)), None)
        if trouble is None:
            cause = "; ".join(f"{type(failure).__name__}: {failure}" for failure in failures) or "it just ended"
            trouble = KubeUnavailable(f"watch {resource.plural}: {cause}")
            log.error("%s; it is begun anew", trouble, exc_info=next(iter(failures), None))
        match trouble:
            case KubeNotFound():
                self._around.hooks.emit(WatchEnded(resource.plural, "definition_gone"))
            case KubeForbidden():
                self._around.hooks.emit(WatchEnded(resource.plural, "forbidden"))
            case _:
                self._around.hooks.emit(WatchEnded(resource.plural, "error"))
        return trouble

    def _not_served(self) -> None:
        resource = self._scope.resource
        if self._served:
            self._feed.definition_gone()
        self._served = False
        self._around.report(
            self.name,
            f"the API server does not serve {resource.plural}.{resource.group}/{resource.version}; "
            "waiting for its CustomResourceDefinition (kubectl apply --server-side -k crds/)",
        )

    def _answered(self, verb: str, error: KubeError | None) -> None:
        self._trouble = error
        if verb == "watch" and error is None:
            self._watching.set()
        self._tell()

    def _tell(self) -> None:
        if self._trouble is not None:
            self._around.report(self.name, str(self._trouble))
        else:
            self._around.report(self.name, "" if self._caught_up else UNSEEN)

    async def _follow(self) -> None:
        """See to it that the stream begins and catches up, then look for what it misses, for ever."""
        rhythm, plural = self._around.rhythm, self._scope.resource.plural
        try:
            async with asyncio.timeout(rhythm.begin):
                await self._watching.wait()
        except TimeoutError:
            raise KubeUnavailable(f"watch {plural}: not begun within {rhythm.begin:g} s") from None
        await self._catch_up()
        self._caught_up = True
        self._tell()
        while True:
            await asyncio.sleep(rhythm.sweep)
            with self._feed.recording() as seen:
                live = await self._list_again()
                if live is not None:
                    self._feed.sweep(live.keys() | seen)
                    await self._look_for_missed(live, seen)

    async def _look_for_missed(self, live: Mapping[Key, int], seen: set[Key]) -> None:
        """Raises KubeUnavailable where the stream has kept something back: a stream that is begun anew lists it all."""
        missed = self._feed.behind(live) - seen
        standstills = 0
        while missed and standstills < self._around.rhythm.patience:
            # They may be on their way: a busy process is shown things late, but it is shown more and more of them.
            await asyncio.sleep(self._around.rhythm.catch_up)
            left = self._feed.behind(live) - seen
            standstills = 0 if left < missed else standstills + 1
            missed = left
        if missed:
            namespace, name, _ = min(missed)
            words = f"{len(missed)} changes were never shown, such as that of {namespace}/{name}"
            raise KubeUnavailable(f"watch {self._scope.resource.plural}: {words}")

    async def _catch_up(self) -> None:
        rhythm = self._around.rhythm
        standstills = 0
        while standstills < rhythm.patience:
            missing = self._feed.missing
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rhythm.catch_up):
                    await self._feed.met()
                    return
            if self._feed.missing < missing:
                standstills = 0
                continue
            standstills += 1
            live = await self._list_again()
            if live is not None:
                self._feed.forgo(set(live))
        raise KubeUnavailable(f"watch {self._scope.resource.plural}: {self._feed.missing} objects were never shown")

    async def _list_again(self) -> dict[Key, int] | None:
        """`_list`, or None where it failed for now."""
        try:
            return await self._list()
        except KubeNotFound:
            raise
        except KubeError as error:
            log.warning("%s; tried again later", error)
            return None

    async def _list(self) -> dict[Key, int]:
        """Everything there is, with its resourceVersion."""
        scope = self._scope
        return {
            key_of(item): int(item["metadata"]["resourceVersion"])
            for namespace in scope.namespaces or (None,)
            for item in await self._around.api.list(
                scope.resource, namespace, label_selector=scope.label_selector, metadata_only=True
            )
        }
