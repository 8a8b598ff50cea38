"""`project-operator run`: what its options set."""

import gc
from collections.abc import Generator

import pytest

from project_operator import app, cli
from project_operator.cli.run import COLLECTED_EVERY
from project_operator.observability import logging
from project_operator.settings import Settings


@pytest.fixture(autouse=True)
def _collector() -> Generator[None]:
    """The collector of garbage as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def started(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Settings:
    """The settings that the operator is run with."""
    seen: list[Settings] = []

    async def run(settings: Settings) -> None:
        seen.append(settings)

    monkeypatch.setattr(app, "run", run)
    monkeypatch.setattr(logging, "configure", lambda *_: None)
    assert cli.main(["run", *arguments]) == 0
    return seen[0]


def test_a_restore_is_two_options(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = started(monkeypatch, "--cluster-id=former", "--restore")
    assert (settings.cluster_id, settings.restore) == ("former", True)


def test_without_them_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECT_OPERATOR_CLUSTER_ID", "mine")
    monkeypatch.setenv("PROJECT_OPERATOR_OTHER_CLUSTERS", "east, sha256:0123456789abcdef")
    settings = started(monkeypatch)
    assert (settings.cluster_id, settings.restore) == ("mine", False)
    assert settings.other_clusters == ("east", "sha256:0123456789abcdef")


def test_what_is_kept_is_seldom_looked_through_for_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    started(monkeypatch)
    assert gc.get_threshold() == COLLECTED_EVERY
    assert gc.get_freeze_count() > 0


def test_a_defect_is_in_the_log_with_all_that_led_to_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is beside a pod to type --verbose."""

    async def run(_: Settings) -> None:
        raise KeyError("spec")

    monkeypatch.setattr(app, "run", run)
    monkeypatch.setattr(logging, "configure", lambda *_: None)
    assert cli.main(["run"]) == 1
    (record,) = [one for one in caplog.records if one.exc_info]
    assert record.getMessage() == "the operator ends by a defect"
