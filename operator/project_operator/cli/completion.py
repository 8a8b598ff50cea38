"""`project-operator completion`: what makes a shell complete the command line."""

from typing import Final

import click
from click.shell_completion import get_completion_class

from project_operator.cli.asked import PROGRAM

SHELLS: Final = ("bash", "zsh", "fish")
_VARIABLE: Final = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"


@click.command
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script for SHELL, which makes it complete this command line.

    It completes a program that is called project-operator; the image has none, only python -m project_operator.

    For bash, in ~/.bashrc:  eval "$(project-operator completion bash)"

    For zsh, in ~/.zshrc after compinit:  eval "$(project-operator completion zsh)"

    For fish:  project-operator completion fish > ~/.config/fish/completions/project-operator.fish
    """
    made = get_completion_class(shell)
    if made is None:
        raise AssertionError(f"Click knows {shell}")
    click.echo(made(ctx.find_root().command, {}, PROGRAM, _VARIABLE).source())
