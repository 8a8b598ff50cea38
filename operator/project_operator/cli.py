"""The command line: finds the subcommand, runs it, and turns errors into one line and an exit status.

Exit statuses: 0 done, 1 it failed, 2 it was asked wrongly, 130 interrupted.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from project_operator import __version__
from project_operator.errors import ConfigurationError, ProjectOperatorError
from project_operator.subcommands import Subcommand, add_subcommands

SUBCOMMANDS: Final = (
    Subcommand(
        "run", "run the operator; settings come from PROJECT_OPERATOR_… variables", "project_operator.run:add_options"
    ),
    Subcommand("generate", "write the generated files of this repository", "project_operator.generate:add_options"),
    Subcommand(
        "crds",
        "print the CustomResourceDefinitions, for kubectl apply --server-side -f -",
        "project_operator.generate:add_crds_options",
    ),
    Subcommand(
        "sandbox",
        "an embedded control plane and embedded identity servers (extra: project-operator[sandbox])",
        "project_operator.sandbox.command:add_options",
    ),
)
SANDBOX_PACKAGES: Final = ("rich", "starlette", "trustme", "uvicorn")
"""What the extra `sandbox` brings; an operator's image does without."""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(prog="project-operator", description=import_module("project_operator").__doc__)
    root.add_argument("--version", action="version", version=f"project-operator {__version__}")
    add_subcommands(root, "commands", "COMMAND", *SUBCOMMANDS)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit status and raises nothing of ours."""
    try:
        parsed = parser().parse_args(arguments)
        run: Callable[[argparse.Namespace], int] = parsed.run
        return run(parsed)
    except ModuleNotFoundError as error:
        if error.name not in SANDBOX_PACKAGES:
            raise
        return _failed(
            ConfigurationError("the sandbox is not installed; run: pip install 'project-operator[sandbox]'"), 2
        )
    except ConfigurationError as error:
        return _failed(error, 2)
    except ProjectOperatorError as error:
        return _failed(error, 1)
    except KeyboardInterrupt:
        return 130


def _failed(error: ProjectOperatorError, status: int) -> int:
    print(f"project-operator: {error}", file=sys.stderr)
    return status
