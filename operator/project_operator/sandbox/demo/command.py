"""`project-operator sandbox demo`: the demo, until Ctrl-C; with `--once` by itself, to its end."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, Final

import click
from rich.console import Console

from project_operator.sandbox.controlplane import command as controlplane
from project_operator.sandbox.controlplane.plane import FOLDER_PREFIX
from project_operator.sandbox.controlplane.search import Options
from project_operator.sandbox.demo import interactive, once
from project_operator.sandbox.demo.identity import BACKENDS
from project_operator.sandbox.demo.manifests import Pace
from project_operator.sandbox.demo.narration import Narration
from project_operator.sandbox.demo.stage import staged

_PACE: Final = Pace()
_PACE_ONCE: Final = Pace(provisioning=1.5, deprovisioning=1.0)
"""Where nobody looks on."""
_ENDED: Final = "Everything that was started has ended, and nothing of it is left."
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class _Told(BaseException):
    """A signal came. No Exception, so that nothing on the way takes it for a failure."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@click.command("demo")
@click.option("--once", is_flag=True, help="Apply, wait until Ready, delete, wait for its end, and end.")
@click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    default=BACKENDS[0],
    show_default=True,
    help="Whose identity server to be.",
)
@controlplane.OPTIONS[0]
@controlplane.OPTIONS[1]
def command(**options: Any) -> int:
    """Start a control plane, an identity server and the operator on this machine, and apply a Project."""
    return run(SimpleNamespace(**options))


def run(arguments: SimpleNamespace) -> int:
    """Run the demo; its exit status: 0, or 128 + n where signal n ended it before it was done.

    Raises SandboxError, which says what to do.
    """
    _reach_loopback_directly()
    narration = Narration(Console(file=sys.stdout))
    ready = False
    try:
        with (
            _told_by_signals(),
            _janitor(),
            staged(_options(arguments), arguments.backend, _pace(arguments), narration) as stage,
        ):
            ready = True
            if arguments.once:
                once.run(stage)
            else:
                interactive.run(stage, live=sys.stdout.isatty())
    except _Told as told:
        narration.plain(_ENDED)
        return 0 if ready and not arguments.once else 128 + told.number
    narration.heading(_ENDED)
    narration.summary()
    return 0


def _options(arguments: SimpleNamespace) -> Options:
    """Never a cluster that is there already: the demo leaves nothing behind, and there it would."""
    chosen = Options.from_environment(os.environ)
    return replace(
        chosen,
        kubernetes=arguments.kubernetes or chosen.kubernetes,
        source=arguments.source or chosen.source,
        kubeconfig=None,
        expendable=None,
    )


def _pace(arguments: SimpleNamespace) -> Pace:
    return _PACE_ONCE if arguments.once else _PACE


def _reach_loopback_directly() -> None:
    """Not through a proxy that the environment names: neither we nor what we start."""
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))


@contextmanager
def _told_by_signals() -> Iterator[None]:
    """Raise `_Told` at the first SIGINT or SIGTERM; later ones are ignored, for then everything is being ended."""

    def tell(number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        print("\nending everything …", file=sys.stderr, flush=True)
        raise _Told(number)

    previous = {number: signal.signal(number, tell) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _janitor() -> Iterator[None]:
    """Have somebody remove our folders should we be killed. He ends with us, or a few seconds later."""
    command = [
        *(sys.executable, "-I", "-S", str(Path(__file__).with_name("janitor.py"))),
        *(tempfile.gettempdir(), f"{FOLDER_PREFIX}{os.getpid()}-"),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as janitor:
        try:
            yield
        finally:
            janitor.kill()
