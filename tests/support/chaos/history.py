"""Every state that an object of one kind had, as the API server itself tells it, past the proxies."""

import contextlib
import json
import ssl
import threading
from pathlib import Path
from typing import Any, Final

import httpx

from project_operator.kube.access import load_access
from project_operator.kube.resources import PROJECTS

DELETED: Final = "DELETED"
_QUIET: Final = 5.0
"""Seconds after which a watch is begun anew where it was last; also how long `close` may take."""


class History:
    """Watches the Projects of a namespace from when it is made until `close`."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        access = load_access(kubeconfig)
        header = access.authorization() if access.authorization is not None else ""
        self._client = httpx.Client(
            base_url=access.server,
            verify=access.ssl_context or ssl.create_default_context(),
            headers={"authorization": header} if header else {},
            trust_env=False,
            timeout=httpx.Timeout(30.0, read=_QUIET),
        )
        self._path = PROJECTS.path(namespace)
        self._states: dict[str, list[dict[str, Any]]] = {}
        self._gone: set[str] = set()
        self._closed = False
        self._version = ""
        self._list()
        self._thread = threading.Thread(target=self._run, name=f"history of {namespace}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no more."""
        self._closed = True
        self._thread.join(2 * _QUIET)
        self._client.close()

    def states(self) -> dict[str, tuple[dict[str, Any], ...]]:
        """By the uid of the object, in order."""
        return {uid: tuple(states) for uid, states in list(self._states.items())}

    def present(self) -> list[dict[str, Any]]:
        """The latest state of all that are there: cheaper than to list them again and again."""
        return [states[-1] for uid, states in list(self._states.items()) if uid not in self._gone]

    def gone(self) -> frozenset[str]:
        """Uids of those that are there no more."""
        return frozenset(self._gone)

    def _run(self) -> None:
        while not self._closed:
            with contextlib.suppress(httpx.HTTPError):
                if self._watch():
                    # The API server keeps the past for minutes only. What was between is not seen, but what is now is.
                    self._list()

    def _list(self) -> None:
        listed = self._client.get(self._path).raise_for_status().json()
        self._version = str(listed["metadata"]["resourceVersion"])
        for obj in listed["items"]:
            self._note("ADDED", obj)
        self._gone |= self._states.keys() - {obj["metadata"]["uid"] for obj in listed["items"]}

    def _watch(self) -> bool:
        """Whether it has to be listed anew."""
        query = {"watch": "true", "resourceVersion": self._version, "allowWatchBookmarks": "true"}
        with self._client.stream("GET", self._path, params=query) as answer:
            if answer.is_error:
                return True
            for line in answer.iter_lines():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return True
                self._version = str(event["object"]["metadata"]["resourceVersion"])
                if event["type"] != "BOOKMARK":
                    self._note(event["type"], event["object"])
                if self._closed:
                    break
        return False

    def _note(self, kind: str, obj: dict[str, Any]) -> None:
        uid = obj["metadata"]["uid"]
        self._states.setdefault(uid, []).append(obj)
        if kind == DELETED:
            self._gone.add(uid)
