"""Subcommands that are imported when they are chosen: none of them waits for what only the others need."""

import argparse
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A name on the command line, and where the rest of it is."""

    name: str
    help: str
    """A line for the list of subcommands."""
    options: str
    """``module:function``: a function of the parser, which adds the options and sets `run`, itself a function from the
    parsed arguments to the exit status."""


class _Parser(argparse.ArgumentParser):
    """Has its options from the moment when it is given something to parse."""

    options = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        if self.options:
            add_options, self.options = resolve_name(self.options), ""
            add_options(self)
        return super().parse_known_args(args, namespace)


def add_subcommands(parser: argparse.ArgumentParser, title: str, metavar: str, *subcommands: Subcommand) -> None:
    """Let ``parser`` demand one of these."""
    choices = parser.add_subparsers(title=title, metavar=metavar, required=True, parser_class=_Parser)
    for subcommand in subcommands:
        choices.add_parser(subcommand.name, help=subcommand.help).options = subcommand.options
