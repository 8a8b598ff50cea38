"""`project-operator sandbox …`: what demo and tests run against, each also alone."""

from typing import Final

import click

from project_operator.subcommands import Subcommand, Subcommands

PARTS: Final = (
    Subcommand(
        "controlplane",
        "Start a Kubernetes control plane without a cluster, print its kubeconfig, run until Ctrl-C.",
        "project_operator.sandbox.controlplane.command:command",
    ),
    Subcommand(
        "identity",
        "Run an identity server that behaves as a vendor's does.",
        "project_operator.sandbox.identity.command:command",
    ),
    Subcommand(
        "demo",
        "From nothing to a Project that is Ready, and a live table of it, until Ctrl-C.",
        "project_operator.sandbox.demo.command:command",
    ),
)


@click.group("sandbox", cls=Subcommands, subcommands=PARTS)
def command() -> None:
    """An embedded control plane and embedded identity servers."""
