"""`project-operator sandbox …`: what demo and tests run against, each also alone."""

import argparse
from typing import Final

from project_operator.subcommands import Subcommand, add_subcommands

_PARTS: Final = (
    Subcommand(
        "controlplane",
        "start a Kubernetes control plane without a cluster, print its kubeconfig, run until Ctrl-C",
        "project_operator.sandbox.controlplane.command:add_all_options",
    ),
    Subcommand(
        "identity",
        "run an identity server that behaves as a vendor's does",
        "project_operator.sandbox.identity.command:add_options",
    ),
    Subcommand(
        "demo",
        "from nothing to a Project that is Ready, and a live table of it, until Ctrl-C",
        "project_operator.sandbox.demo.command:add_options",
    ),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `sandbox` has."""
    parser.description = "An embedded control plane and embedded identity servers."
    add_subcommands(parser, "what to run", "PART", *_PARTS)
