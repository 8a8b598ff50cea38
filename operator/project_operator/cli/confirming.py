"""Reads one by one what `orphans` is about to say: no project is called anything on the word of a listing alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, Protocol, TypeVar

from project_operator.backends.base import RemoteProject
from project_operator.cli.absences import Unshown
from project_operator.cli.progress import bar
from project_operator.cli.strays import Kind, Known, Listing, Stray
from project_operator.errors import BackendError, ProjectNotFound

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE: Final = 4
"""Reads through one backend object under way at one time."""
READ_AGAIN: Final = frozenset({Kind.LEFT_OVER, Kind.SWITCHED_OFF, Kind.DUPLICATE, Kind.UNNAMED})
"""What is judged to be of a cluster that was looked at. The rest may be many, and nothing is said of it but whose it
may be.
"""
_SPARE: Final = 0.05


class Reader(Protocol):
    """What is asked of a backend; `backends.base.Backend` gives it."""

    async def get_project(self, project_id: str) -> RemoteProject:
        """One project, or `ProjectNotFound`."""

    async def verify_read_access(self) -> None:
        """`PermissionDenied` where an existing project would not be shown."""


class Reading:
    """Reads through ``readers``, which go by the names of their backend objects."""

    def __init__(self, readers: Mapping[str, Reader], say: Callable[[str], None]) -> None:
        """``say``: tells whoever waits what for."""
        self._readers = readers
        self._rooms = {name: asyncio.Semaphore(AT_ONCE) for name in readers}
        self._say = say
        self.failures: dict[str, str] = {}
        """The backend objects that could not be asked to the end, and why: of what is left nothing is said."""

    async def still_so(
        self, found: Iterable[Stray], listings: Mapping[str, Listing], known: Known
    ) -> tuple[Stray, ...]:
        """``found`` as reads of the projects have it. What ended meanwhile took its project along."""
        listed = {(name, project.id): project for name, one in listings.items() for project in one.projects}

        async def look(one: Stray) -> Stray | None:
            if one.kind not in READ_AGAIN:
                return one
            now = await self._read(one.backend, one.project_id)
            if now is None or now.content.mark != listed[one.backend, one.project_id].content.mark:
                return None
            # A listing may leave out the state: it is judged anew.
            return known.stray(listings[one.backend], now)

        return tuple(one for one in await _each("reading projects", tuple(found), look) if one is not None)

    async def gone(
        self, unshown: Iterable[Unshown], unproven: AbstractSet[str], *, after: float
    ) -> tuple[Unshown, ...]:
        """Those of ``unshown`` that do not exist: two reads of the id say so, the second of which began so late that it
        would show whatever was written before ``after`` (seconds of the event loop).
        """
        await asyncio.gather(*map(self._prove, unproven))
        left = [one for one in unshown if one.listing.backend not in self.failures]
        first = await _each("looking for projects", left, self._absent)
        absent = [one for one in first if one is not None]
        loop = asyncio.get_running_loop()
        wait = max((one.listing.lag for one in absent), default=0.0) + after - loop.time()
        if wait > 1:
            self._say(f"{len(absent)} projects are not shown; they are looked for again in {wait:.0f} s (readLag)")

        async def again(one: Unshown) -> Unshown | None:
            await asyncio.sleep(max(after + one.listing.lag + _SPARE - loop.time(), 0.0))
            return await self._absent(one)

        return tuple(one for one in await _each("looking for them again", absent, again) if one is not None)

    async def _prove(self, backend: str) -> None:
        try:
            await self._readers[backend].verify_read_access()
        except BackendError as error:
            self.failures[backend] = str(error)

    async def _absent(self, one: Unshown) -> Unshown | None:
        """None where it is shown, and where it cannot be told."""
        backend = one.listing.backend
        shown = await self._read(backend, one.project_id)
        return one if shown is None and backend not in self.failures else None

    async def _read(self, backend: str, project_id: str) -> RemoteProject | None:
        """None where the backend says not-found, or nothing: then it is one of `failures`, and asked no more."""
        async with self._rooms[backend]:
            if backend in self.failures:
                return None
            try:
                return await self._readers[backend].get_project(project_id)
            except ProjectNotFound:
                return None
            except BackendError as error:
                self.failures[backend] = str(error)
                return None


async def _each(doing: str, found: Iterable[T], ask: Callable[[T], Awaitable[R]]) -> list[R]:
    asked = tuple(found)
    with bar(doing, len(asked)) as advance:

        async def one(item: T) -> R:
            answer = await ask(item)
            advance()
            return answer

        return list(await asyncio.gather(*map(one, asked)))
