"""`project-operator run`: the operator, in the foreground, until it is told to stop."""

import asyncio
from logging import getLogger
from pathlib import Path

import click

from project_operator import app
from project_operator.cli import options
from project_operator.errors import ProjectOperatorError
from project_operator.observability import logging
from project_operator.settings import load_settings

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
    try:
        asyncio.run(app.run(settings))
    except ProjectOperatorError:
        raise
    except Exception:
        # Nobody is there to ask again with --verbose.
        log.exception("the operator ends by a defect")
        raise
