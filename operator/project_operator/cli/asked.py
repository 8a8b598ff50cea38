"""What holds for a whole command line, whichever command it is."""

import logging
from dataclasses import dataclass
from typing import Final

import click

from project_operator.printable import printable

PROGRAM: Final = "project-operator"

# What is logged on the way is for those who ask for it; `run` sets up its own.
logging.getLogger("project_operator").addHandler(logging.NullHandler())


@dataclass(slots=True)
class Asked:
    """What holds for the whole command line; Click's ``obj``."""

    verbose: bool = False
    """Whether errors are shown with all that led to them, and what is logged on the way."""

    def be_verbose(self) -> None:
        """Say more from now on."""
        if not self.verbose:
            self.verbose = True
            logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")


def say(message: str) -> None:
    """A line on stderr, which begins with the program's name: stdout has the result alone."""
    click.echo(f"{PROGRAM}: {printable(message)}", err=True)
