"""Subcommands that are imported when they are chosen: none of them waits for what only the others need.

Click's own groups import every command for a list of them, and so would completion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

import click
from click.shell_completion import CompletionItem


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A name on the command line, and where the rest of it is."""

    name: str
    help: str
    """A line for the list of subcommands."""
    command: str
    """``module:attribute``: a `click.Command`."""
    hidden: bool = False
    """Whether the list leaves it out."""


class Subcommands(click.Group):
    """A group that knows its subcommands by name alone."""

    def __init__(self, *arguments: Any, subcommands: Sequence[Subcommand] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._known = {one.name: one for one in subcommands}

    @property
    def known(self) -> tuple[Subcommand, ...]:
        """All of them, in their order."""
        return tuple(self._known.values())

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is Click's
        """Their names, in their order."""
        return list(self._known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """Import one; None where there is none of that name."""
        known = self._known.get(cmd_name)
        if known is None:
            return None
        command: click.Command = resolve_name(known.command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        """The list, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(one.name, one.help) for one in self.known if not one.hidden])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names that begin so, and the group's own options."""
        names = [
            CompletionItem(one.name, help=one.help)
            for one in self.known
            if not one.hidden and one.name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]
