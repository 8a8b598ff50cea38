"""`project-operator run`: the operator, in the foreground, until it is told to stop."""

import asyncio
import gc
from asyncio.sslproto import SSLProtocol
from logging import getLogger
from pathlib import Path
from typing import Final

import click

from project_operator import app
from project_operator.cli import options
from project_operator.errors import ProjectOperatorError
from project_operator.observability import logging
from project_operator.settings import load_settings

COLLECTED_EVERY: Final = (20_000, 5, 20)
"""New objects, and rounds of the younger generation, between two looks for garbage of each generation."""

TLS_BUFFER: Final = 64 * 1024
"""Bytes read at once of each connection: four records (RFC 8446, 5.1). asyncio sets 256 KiB aside, for every one."""

log = getLogger(__name__)


@click.command
@options.kubeconfig
@options.context
@click.option("--namespace", "namespaces", metavar="NAME", multiple=True, help="Watch this namespace only; repeatable.")
@options.cluster_id
@click.option(
    "--restore",
    is_flag=True,
    help="Take up what earlier objects of the same names left: the Projects were restored from a backup.",
)
def run(
    *, kubeconfig: Path | None, context: str | None, namespaces: tuple[str, ...], cluster_id: str | None, restore: bool
) -> None:
    """Run the operator, in the foreground, until it is told to stop.

    Its settings are environment variables (docs/reference/settings.md); options go before them.
    """
    settings = load_settings(
        options.given(
            kubeconfig=kubeconfig, context=context, namespaces=namespaces, cluster_id=cluster_id, restore=restore
        )
    )
    logging.configure(settings.log_format, settings.log_level)
    _collect_seldom()
    _read_in_small_pieces()
    try:
        asyncio.run(app.run(settings))
    except ProjectOperatorError:
        raise
    except Exception:
        # Nobody is there to ask again with --verbose.
        log.exception("the operator ends by a defect")
        raise


def _collect_seldom() -> None:
    """What is kept of thousands of Projects is no garbage: by Python's own rhythm an eighth of the time goes into
    looking through it. What was imported is not looked through at all.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_EVERY)


def _read_in_small_pieces() -> None:
    """While many Projects are made there are dozens of connections with the API server."""
    SSLProtocol.max_size = TLS_BUFFER
