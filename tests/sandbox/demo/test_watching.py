"""Following Projects, over an API that answers as the test says."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import watch

from project_operator.sandbox.demo import watching
from project_operator.sandbox.demo.watching import Change, ProjectWatch


def project(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"namespace": "demo", "name": name, "resourceVersion": str(version)}}


class Api:
    """Gives one listing after the other, and the events behind each; after the last it is silent."""

    def __init__(self, *answers: tuple[list[dict[str, Any]], list[tuple[str, dict[str, Any]]]]) -> None:
        self._answers = iter(answers)
        self._events: list[tuple[str, dict[str, Any]]] = []

    def list_cluster_custom_object(self, *_: str) -> dict[str, Any]:
        answer = next(self._answers, None)
        if answer is None:
            threading.Event().wait()
            raise AssertionError
        items, self._events = answer
        return {"metadata": {"resourceVersion": "1"}, "items": items}

    def stream(self, *_: Any, **options: str) -> Iterator[dict[str, Any]]:
        assert options == {"resource_version": "1"}
        for kind, raw in self._events:
            yield {"type": kind, "object": raw}
        raise ConnectionError("the API server is being restarted")


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch) -> Any:
    def start(api: Api) -> ProjectWatch:
        monkeypatch.setattr(watching, "_connect", lambda _: api)
        monkeypatch.setattr(watch, "Watch", lambda: api)
        monkeypatch.setattr(watching, "_PAUSE", 0.0)
        return ProjectWatch(Path("kubeconfig"))

    return start


def taken(watch: ProjectWatch, count: int) -> list[Change]:
    changes = [watch.take(20) for _ in range(count)]
    assert None not in changes
    return [change for change in changes if change is not None]


def test_what_is_there_comes_first_then_each_change(follow: Any) -> None:
    watch = follow(Api(([project("a", 1)], [("MODIFIED", project("a", 2)), ("DELETED", project("a", 3))])))
    assert taken(watch, 3) == [
        Change(("demo", "a"), project("a", 1)),
        Change(("demo", "a"), project("a", 2)),
        Change(("demo", "a"), None),
    ]
    assert watch.take(0) is None


def test_what_went_while_the_server_was_away_is_told(follow: Any) -> None:
    watch = follow(Api(([project("a", 1), project("b", 1)], []), ([project("b", 1), project("c", 2)], [])))
    changes = taken(watch, 5)
    assert changes[2] == Change(("demo", "a"), None)
    assert {change.key[1] for change in changes[3:]} == {"b", "c"}
