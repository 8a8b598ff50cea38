"""Options that several commands have: the same name, the same meaning everywhere."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from project_operator.cli.asked import Asked
from project_operator.cli.output import Format

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

kubeconfig: Final = click.option(
    "--kubeconfig",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A kubeconfig, instead of the pod's ServiceAccount or $KUBECONFIG.",
)
context: Final = click.option(
    "--context", metavar="NAME", help="Context of the kubeconfig, instead of its current one."
)
cluster_id: Final = click.option(
    "--cluster-id", metavar="ID", help="What this cluster's marks are known by, instead of kube-system's uid."
)
namespaces: Final = click.option(
    "-n", "--namespace", "namespaces", metavar="NAME", multiple=True, help="Only this namespace; repeatable."
)
output: Final = click.option(
    "-o",
    "--output",
    type=click.Choice([str(one) for one in Format]),
    default=str(Format.TABLE),
    show_default=True,
    callback=lambda _ctx, _option, value: Format(value),
    help="How to print the result.",
)


def _be_verbose(ctx: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - as Click calls it
    asked = ctx.find_object(Asked)
    if value and asked is not None:
        asked.be_verbose()


verbose: Final = click.option(
    "-v", "--verbose", is_flag=True, expose_value=False, callback=_be_verbose, help="Show what led to an error."
)


def of_cluster(command: F) -> F:
    """What every command that asks an API server has: where it is, how to print, how much to say."""
    return reduce(lambda made, option: option(made), (verbose, output, context, kubeconfig), command)


def given(**values: Any) -> dict[str, Any]:
    """Those of ``values`` that somebody gave, as settings to go before the environment's."""
    return {name: value for name, value in values.items() if value not in (None, (), False, "")}
