"""What passes from listings and a watch to the sink."""

from typing import Any

import pytest
from watching import Sink

from project_operator.handlers.feed import Feed
from project_operator.kube.resources import PROJECTS


def raw(name: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "team-a", "name": name, "uid": f"u-{name}", "managedFields": [{"manager": "x"}]}}


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def feed(sink: Sink) -> Feed:
    return Feed(PROJECTS, sink)


async def test_managed_fields_are_left_out(feed: Feed, sink: Sink) -> None:
    feed.observe("ADDED", raw("alpha"))

    assert sink.events == [("projects", "ADDED", "alpha")]
    assert sink.raw == [{"metadata": {"namespace": "team-a", "name": "alpha", "uid": "u-alpha"}}]


async def test_of_what_is_listed_the_kind_is_known(feed: Feed, sink: Sink) -> None:
    """An API server names it once, for the whole listing, where the kind is its own."""
    assert feed.listed(raw("alpha")) == ("team-a", "alpha", "u-alpha")

    assert sink.events == [("projects", None, "alpha")]
    (taken,) = sink.raw
    assert (taken["apiVersion"], taken["kind"]) == ("identity.project-operator.dev/v1alpha1", "Project")
    assert "managedFields" not in taken["metadata"]


async def test_no_failure_of_the_sink_gets_out(
    feed: Feed, sink: Sink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    for method in ("observe", "sweep", "behind", "definition_gone"):
        monkeypatch.setattr(sink, method, fail)

    feed.observe("ADDED", raw("alpha"))
    feed.sweep(set(), 7)
    assert feed.behind({("team-a", "alpha", "u-alpha"): 1}) == set()
    assert not feed.seen("team-a", "alpha", "u-alpha", 1)
    feed.definition_gone()

    assert [record.levelname for record in caplog.records] == ["ERROR"] * 5
