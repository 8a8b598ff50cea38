"""The operator, which stops itself (SIGSTOP) at a chosen moment.

    stopping_build.py FOLDER MOMENT TIMES GATE ARGUMENT…

The arguments are those of `project-operator`. Of all processes with the same folder the first that passes the moment
for so many times while it is in charge stops, once: ``stopped`` in the folder then holds its pid. ``departed-<pid>``
has the time (seconds since the epoch) of each request to an identity backend that passed its last check. ``GATE`` is
`gated`, or `ungated` for a build broken on purpose: nobody looks at the Lease right before a request leaves (I9).
"""

import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from project_operator.backends.exchange import Watch, Wire
from project_operator.cli import main
from project_operator.kube.api import KubeApi
from project_operator.runtime import connecting
from project_operator.runtime.leases.keeper import LeaseKeeper
from project_operator.runtime.limiter import Limiter
from project_operator.runtime.projects import ProjectWorker

FOLDER: Final = Path(sys.argv[1])
MOMENT: Final = sys.argv[2]
TIMES: Final = int(sys.argv[3])
GATED: Final = sys.argv[4] == "gated"

passed: list[str] = []
keepers: list[LeaseKeeper] = []


def passes(moment: str) -> None:
    """``moment`` is now."""
    if moment != MOMENT or not any(unit for keeper in keepers for unit in keeper._terms):
        return
    passed.append(moment)
    if len(passed) != TIMES:
        return
    try:
        with (FOLDER / "stopped").open("x", encoding="ascii") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGSTOP)


def departs(watch: Watch) -> None:
    """The last check before the bytes leave, and what comes right after it."""
    method = watch._call.method
    passes(f"before the check of {method}")
    _depart(watch)
    with (FOLDER / f"departed-{os.getpid()}").open("a", encoding="ascii") as file:
        # Unrounded: right after it goes on, less than a millisecond has passed, and is to count.
        file.write(f"{time.time()!r} {method}\n")
    passes(f"between check and send of {method}")


async def exchanges(wire: Wire, transport: Any, call: Any, *arguments: Any, **options: Any) -> Any:
    """A request and its answer."""
    answer = await _exchange(wire, transport, call, *arguments, **options)
    passes(f"after the answer to {call.method}")
    return answer


async def asks(api: KubeApi, verb: str, resource: Any, *arguments: Any, **options: Any) -> Any:
    """A request to the API server and its answer."""
    passes(f"before {verb} {resource.plural}")
    answer = await _call(api, verb, resource, *arguments, **options)
    passes(f"after {verb} {resource.plural}")
    return answer


def around(moment: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """``method``, and the moments before and after it."""

    async def wrapped(*arguments: Any, **options: Any) -> Any:
        passes(f"before {moment}")
        result = await method(*arguments, **options)
        passes(f"after {moment}")
        return result

    return wrapped


async def runs(keeper: LeaseKeeper, crew: Any) -> None:
    """Whoever is in charge is known by its keeper."""
    keepers.append(keeper)
    await _run(keeper, crew)


_run = LeaseKeeper.run
_depart, _exchange, _call = Watch._depart, Wire.exchange, KubeApi._call

REPLACED: Final[tuple[tuple[type, str, Callable[..., Any]], ...]] = (
    (Watch, "_depart", departs),
    (Wire, "exchange", exchanges),
    (KubeApi, "_call", asks),
    (Limiter, "_token", around("the limiter's wait", Limiter._token)),
    (ProjectWorker, "work", around("a round", ProjectWorker.work)),
    (LeaseKeeper, "run", runs),
    (LeaseKeeper, "_round", around("a look at the Leases", LeaseKeeper._round)),
)

if __name__ == "__main__":
    for owner, name, replacement in REPLACED:
        setattr(owner, name, replacement)
    if not GATED:
        vars(connecting)["make_sure"] = lambda *_: None
    sys.exit(main(sys.argv[5:]))
