"""`project-operator run`: the operator, in the foreground, until it is told to stop."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from project_operator import app
from project_operator.observability import logging
from project_operator.settings import load_settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `run` has."""
    parser.description = "Run the operator, in the foreground, until it is told to stop."
    parser.add_argument(
        "--kubeconfig", type=Path, help="a kubeconfig file, instead of the pod's ServiceAccount or $KUBECONFIG"
    )
    parser.add_argument("--namespace", action="append", default=[], help="watch this namespace only; may be repeated")
    parser.add_argument("--cluster-id", help="what this cluster's marks are known by, instead of kube-system's uid")
    parser.add_argument(
        "--restore",
        action="store_true",
        help="take up what earlier objects of the same names left: the Projects were restored from a backup",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    overrides: dict[str, Any] = {}
    if arguments.kubeconfig is not None:
        overrides["kubeconfig"] = arguments.kubeconfig
    if arguments.namespace:
        overrides["namespaces"] = tuple(arguments.namespace)
    if arguments.cluster_id is not None:
        overrides["cluster_id"] = arguments.cluster_id
    if arguments.restore:
        overrides["restore"] = True
    settings = load_settings(overrides)
    logging.configure(settings.log_format, settings.log_level)
    asyncio.run(app.run(settings))
    return 0
