"""The command line: finds the subcommand, runs it, and turns errors into one line and an exit status.

A subcommand lives in a module of its own that exposes `register(subparsers)`; that sets `run`, a function from the
parsed arguments to the exit status. Exit statuses: 0 done, 1 it failed, 2 it was asked wrongly, 130 interrupted.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from project_operator import __version__, generate, run
from project_operator.errors import ConfigurationError, ProjectOperatorError

Register = Callable[["argparse._SubParsersAction[argparse.ArgumentParser]"], None]  # noqa: SLF001 - it has no public name

SANDBOX_PACKAGES: Final = ("rich", "starlette", "trustme", "uvicorn")
"""What the extra `sandbox` brings; an operator's image does without."""


def subcommands() -> tuple[Register, ...]:
    """Every subcommand that this installation can run."""
    registers: list[Register] = [run.register, generate.register]
    try:
        from project_operator.sandbox import command as sandbox  # noqa: PLC0415 - absent without the extra `sandbox`
    except ModuleNotFoundError as error:
        if error.name not in SANDBOX_PACKAGES:
            raise
        registers.append(_without_sandbox)
    else:
        registers.append(sandbox.register)
    return tuple(registers)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(prog="project-operator", description=import_module("project_operator").__doc__)
    root.add_argument("--version", action="version", version=f"project-operator {__version__}")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for register in subcommands():
        register(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit status and raises nothing of ours."""
    parsed = parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return run(parsed)
    except ConfigurationError as error:
        return _failed(error, 2)
    except ProjectOperatorError as error:
        return _failed(error, 1)
    except KeyboardInterrupt:
        return 130


def _failed(error: ProjectOperatorError, status: int) -> int:
    print(f"project-operator: {error}", file=sys.stderr)
    return status


def _without_sandbox(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = subparsers.add_parser("sandbox", help="needs the extra: pip install 'project-operator[sandbox]'")
    command.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    def run(_arguments: argparse.Namespace) -> int:
        raise ConfigurationError("the sandbox is not installed; run: pip install 'project-operator[sandbox]'")

    command.set_defaults(run=run)
