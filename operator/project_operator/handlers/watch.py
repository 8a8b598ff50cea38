"""The watch layer: keeps a stream for each kind alive, whatever the API server does, and finds what streams miss."""

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from project_operator.errors import KubeError, KubeForbidden, KubeNotFound, KubeUnavailable
from project_operator.handlers.feed import Feed
from project_operator.handlers.stream import Scope, stream
from project_operator.kube.api import KubeApi, Page
from project_operator.kube.resources import CREDENTIALS_SELECTOR, SECRETS, Resource
from project_operator.kube.sink import Identity, Sink, identity_of
from project_operator.observability.hooks import FanOut, Hooks, WatchEnded

Report = Callable[[str, str], None]
"""Takes a check's name and why it does not hold ("" = it holds): `Readiness.report`."""

AT_ONCE: Final = 20
"""Listed objects that are taken in before others have their turn."""
UNSEEN: Final = "not everything there is has been seen yet"

log = logging.getLogger(__name__)


def check_of(resource: Resource) -> str:
    """The name of the check that holds once all of that kind has been seen."""
    return f"watch {resource.plural}"


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
    """Without any of the changes observed that a listing shows, until they are looked for again."""
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
    """The endless life of one kind's watch: stream until it ends, list whenever it has begun to watch, again."""

    def __init__(self, scope: Scope, around: _Surroundings) -> None:
        self.name = check_of(scope.resource)
        self._scope = scope
        self._around = around
        self._places = scope.namespaces or (None,)
        self._feed = Feed(scope.resource, around.sink)
        self._served: bool | None = None
        self._beginnings = 0
        self._begun = asyncio.Event()
        self._gap = asyncio.Event()
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
        self._served = True
        self._beginnings = 0
        self._begun.clear()
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
                seen=self._feed.seen,
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
        if error is None and verb == "list":
            # From here on the watch tells of everything. What was before, only a listing can say.
            self._beginnings += 1
            self._caught_up = False
            self._gap.set()
        elif error is None and self._beginnings >= len(self._places):
            self._begun.set()
        self._tell()

    def _tell(self) -> None:
        if self._trouble is not None:
            self._around.report(self.name, str(self._trouble))
        else:
            self._around.report(self.name, "" if self._caught_up else UNSEEN)

    async def _follow(self) -> None:
        """See to it that the stream begins, list everything, then look for what it misses, for ever."""
        rhythm, plural = self._around.rhythm, self._scope.resource.plural
        try:
            async with asyncio.timeout(rhythm.begin):
                await self._begun.wait()
        except TimeoutError:
            raise KubeUnavailable(f"watch {plural}: not begun within {rhythm.begin:g} s") from None
        while True:
            self._gap.clear()
            await self._list_all()
            self._caught_up = not self._gap.is_set()
            self._tell()
            while not await self._gap_within(rhythm.sweep):
                await self._look_for_missed()

    async def _gap_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._gap.wait()
        return False

    async def _list_all(self) -> None:
        """Hand everything there is to the feed, and then say that this is all."""
        live: set[Identity] = set()
        version = sys.maxsize
        for place in self._places:
            async for page in self._pages(place):
                for start in range(0, len(page.items), AT_ONCE):
                    live.update(map(self._feed.listed, page.items[start : start + AT_ONCE]))
                    await asyncio.sleep(0)
                version = min(version, page.version)
        self._feed.sweep(live, version)

    async def _look_for_missed(self) -> None:
        """Raises KubeUnavailable where the stream has kept something back: a stream that is begun anew lists it all."""
        listed: dict[Identity, int] = {}
        version = sys.maxsize
        try:
            for place in self._places:
                async for page in self._pages(place, metadata_only=True):
                    listed |= {identity_of(item): int(item["metadata"]["resourceVersion"]) for item in page.items}
                    version = min(version, page.version)
        except KubeNotFound:
            raise
        except KubeError as error:
            log.warning("%s; tried again later", error)
            return
        self._feed.sweep(set(listed), version)
        missed = self._feed.behind(listed)
        standstills = 0
        while missed and standstills < self._around.rhythm.patience:
            # They may be on their way: a busy process is shown things late, but it is shown more and more of them.
            await asyncio.sleep(self._around.rhythm.catch_up)
            left = self._feed.behind(listed)
            standstills = 0 if left < missed else standstills + 1
            missed = left
        if missed:
            namespace, name, _ = min(missed)
            words = f"{len(missed)} changes were never shown, such as that of {namespace}/{name}"
            raise KubeUnavailable(f"watch {self._scope.resource.plural}: {words}")

    def _pages(self, place: str | None, *, metadata_only: bool = False) -> AsyncIterator[Page]:
        scope = self._scope
        return self._around.api.pages(
            scope.resource, place, label_selector=scope.label_selector, metadata_only=metadata_only
        )
