"""Kubernetes Events (events.k8s.io/v1), written behind the work: nobody ever waits for one."""

from collections.abc import Mapping
from typing import Any, Literal

from project_operator.kube.api import KubeApi

EventType = Literal["Normal", "Warning"]


class EventWriter:
    """Publishes Events about objects, few and late rather than many.

    `publish` never waits and never raises; `run` does the writing.
    """

    def __init__(self, api: KubeApi) -> None:
        raise NotImplementedError

    def publish(self, obj: Mapping[str, Any], type_: EventType, reason: str, action: str, note: str) -> None:
        """Queue one Event about ``obj`` (a raw object with apiVersion, kind and metadata)."""
        raise NotImplementedError

    async def run(self) -> None:
        """Write until cancelled."""
        raise NotImplementedError
