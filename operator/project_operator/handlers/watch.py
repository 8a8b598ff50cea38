"""The watch layer: Kopf streams what the API server says, and each handler hands it to the sink."""

import asyncio
from collections.abc import Callable, Sequence

from project_operator.kube.api import KubeApi
from project_operator.kube.resources import Resource
from project_operator.kube.sink import Sink

Report = Callable[[str, str], None]
"""Takes a check's name and why it does not hold ("" = it holds): `Readiness.report`."""


async def serve(
    *,
    api: KubeApi,
    sink: Sink,
    resources: Sequence[Resource],
    namespaces: Sequence[str] | None,
    stop: asyncio.Event,
    report: Report,
) -> None:
    """Feed ``sink`` from the watches of ``resources`` until ``stop`` is set; stays up through whatever the API server does.

    ``namespaces`` None = all. Reports one check, ``watch``.
    """
    raise NotImplementedError
