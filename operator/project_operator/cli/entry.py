"""The whole command line: finds the subcommand, runs it, and turns errors into one line and an exit status."""

import sys
import traceback
from collections.abc import Sequence
from typing import Final

import click

from project_operator import __version__
from project_operator.cli.asked import PROGRAM, Asked, say
from project_operator.cli.statuses import ExitStatus
from project_operator.errors import ConfigurationError, ProjectOperatorError
from project_operator.subcommands import Subcommand, Subcommands

COMMANDS: Final = (
    Subcommand(
        "plan",
        "The calls that would be made for manifests, or for all; writes nothing.",
        "project_operator.cli.plan:plan",
    ),
    Subcommand(
        "import",
        "Write Project manifests that take over what a backend has already.",
        "project_operator.cli.imports:import_",
    ),
    Subcommand(
        "orphans",
        "What carries our mark and has no Project, and what a Project names and is gone.",
        "project_operator.cli.orphans:orphans",
    ),
    Subcommand("doctor", "Look for what is wrong, and say what to do about it.", "project_operator.cli.doctor:doctor"),
    Subcommand(
        "release",
        "Take the operator's finalizers off and touch no project: for uninstalling.",
        "project_operator.cli.release:release",
    ),
    Subcommand(
        "run",
        "Run the operator; settings come from PROJECT_OPERATOR_… variables.",
        "project_operator.cli.run:run",
    ),
    Subcommand(
        "crds",
        "Print the CustomResourceDefinitions, for kubectl apply --server-side -f -",
        "project_operator.cli.generated:crds",
    ),
    Subcommand(
        "demo",
        "From nothing to a Project that is Ready, on this machine (extra: project-operator[sandbox]).",
        "project_operator.sandbox.demo.command:command",
    ),
    Subcommand(
        "sandbox",
        "An embedded control plane and embedded identity servers (extra: project-operator[sandbox]).",
        "project_operator.sandbox.command:command",
    ),
    Subcommand(
        "completion",
        "Print what makes a shell complete this command line.",
        "project_operator.cli.completion:completion",
    ),
    Subcommand("generate", "Write the generated files of this repository.", "project_operator.cli.generated:generate"),
)
SANDBOX_PACKAGES: Final = ("starlette", "trustme", "uvicorn")
"""What the extra `sandbox` brings; an operator's image does without."""


@click.group(
    cls=Subcommands,
    subcommands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit statuses: 0 done · 1 failed · 2 asked wrongly · 3 something needs a person · 130 interrupted",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Show what led to an error.")
@click.pass_obj
def root(asked: Asked, *, verbose: bool) -> None:
    """Project custom resources made real in an identity backend: the operator, and the tool of those who run it."""
    if verbose:
        asked.be_verbose()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit status. What goes wrong is one line, a defect of ours too."""
    asked = Asked()
    try:
        result = root.main(
            list(sys.argv[1:] if arguments is None else arguments),
            prog_name=PROGRAM,
            standalone_mode=False,
            obj=asked,
        )
    except click.Abort:
        return ExitStatus.INTERRUPTED
    except click.ClickException as error:
        return _asked_wrongly(error)
    except Exception as error:  # noqa: BLE001 - the last resort: a person gets a line, and with --verbose all of it
        return _failed(error, asked)
    return int(result or ExitStatus.DONE)


def _asked_wrongly(error: click.ClickException) -> int:
    ctx = getattr(error, "ctx", None)
    way_out = f"; see: {ctx.command_path} --help" if ctx is not None else ""
    say(f"{' '.join(error.format_message().split()).rstrip('.')}{way_out}")
    return ExitStatus.USAGE


def _failed(error: Exception, asked: Asked) -> int:
    if asked.verbose:
        traceback.print_exception(error)
    told = explained(error)
    say(str(told))
    return ExitStatus.USAGE if isinstance(told, ConfigurationError) else ExitStatus.FAILED


def explained(error: Exception) -> Exception:
    """``error`` for whoever typed the command line: ours as they are, the system's in its own words, and whatever
    nobody foresaw as the defect that it is.
    """
    match error:
        case ProjectOperatorError():
            return error
        case ModuleNotFoundError(name=name) if name in SANDBOX_PACKAGES:
            return ConfigurationError("the sandbox is not installed; run: pip install 'project-operator[sandbox]'")
        case OSError(strerror=str(cause), filename=name):
            return ProjectOperatorError(f"{name}: {cause}" if name else cause)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ProjectOperatorError(f"this is a defect of {PROGRAM} ({what}); --verbose shows where; please report it")
