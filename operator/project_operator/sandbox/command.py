"""`project-operator sandbox …`: what demo and tests run against, each also alone.

A part of the sandbox adds its subcommand by a module with `register(subparsers)`, named in `register` below.
"""

import argparse

from project_operator.sandbox.controlplane import command as controlplane
from project_operator.sandbox.demo import command as demo
from project_operator.sandbox.identity import command as identity


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `sandbox` and its subcommands."""
    parser = subparsers.add_parser("sandbox", help="an embedded control plane and embedded identity servers")
    parts = parser.add_subparsers(title="what to run", metavar="PART", required=True)
    controlplane.register(parts)
    identity.register(parts)
    demo.register(parts)
