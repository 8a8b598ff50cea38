"""Follows the Projects of a cluster from a thread of its own."""

import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kubernetes import client, config, watch

from project_operator.api.names import GROUP, PROJECT_PLURAL, VERSION

_PAUSE: Final = 1.0
"""Seconds between two attempts where the API server gives no answer."""

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True)
class Change:
    """A Project as it is now; ``raw`` is None when it is gone."""

    key: Key
    raw: Mapping[str, Any] | None


class ProjectWatch:
    """Every change of every Project from now on, those that are there first; through restarts of the API server."""

    def __init__(self, kubeconfig: Path) -> None:
        self._api = _connect(kubeconfig)
        self._changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
        self._known: set[Key] = set()
        # A daemon: it ends with us though it waits for the server.
        threading.Thread(target=self._follow, name="projects", daemon=True).start()

    def take(self, timeout: float) -> Change | None:
        """The next change; None when there is none for ``timeout`` seconds."""
        try:
            return self._changes.get(timeout=timeout)
        except queue.Empty:
            return None

    def _follow(self) -> None:
        while True:
            try:
                self._list_and_watch()
            except Exception:  # noqa: BLE001 - whatever it was, the answer is to list again; that of a dead server is said elsewhere
                time.sleep(_PAUSE)

    def _list_and_watch(self) -> None:
        listing: Any = self._api.list_cluster_custom_object(GROUP, VERSION, PROJECT_PLURAL)
        there = {_key(raw): raw for raw in listing["items"]}
        for key in self._known - there.keys():
            self._put(key, None)
        for key, raw in there.items():
            self._put(key, raw)
        events: Any = watch.Watch().stream(  # type: ignore[no-untyped-call]  # the package leaves it untyped
            self._api.list_cluster_custom_object,
            GROUP,
            VERSION,
            PROJECT_PLURAL,
            resource_version=listing["metadata"]["resourceVersion"],
        )
        for event in events:
            raw = event["object"]
            self._put(_key(raw), None if event["type"] == "DELETED" else raw)

    def _put(self, key: Key, raw: Mapping[str, Any] | None) -> None:
        (self._known.discard if raw is None else self._known.add)(key)
        self._changes.put(Change(key, raw))


def _connect(kubeconfig: Path) -> Any:
    """A client; its copies of certificates lie beside the kubeconfig, so that they go with it even if we are killed."""
    configuration = client.Configuration()
    config.load_kube_config(  # type: ignore[no-untyped-call]  # the package leaves it untyped
        config_file=str(kubeconfig), client_configuration=configuration, temp_file_path=str(kubeconfig.parent)
    )
    return client.CustomObjectsApi(client.ApiClient(configuration))


def _key(raw: Mapping[str, Any]) -> Key:
    return raw["metadata"]["namespace"], raw["metadata"]["name"]
