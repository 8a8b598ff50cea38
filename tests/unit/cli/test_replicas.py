"""A replica that runs is known by what it renews, and by no clock."""

from collections.abc import Iterable
from typing import Any

import pytest

from project_operator.api.names import LEASE_LABEL
from project_operator.cli import replicas
from project_operator.cli.replicas import LONGEST, Look, look, renewed, watched


def lease(
    name: str, version: str = "1", holder: str | None = "x", kind: str = "replica", duration: Any = 12
) -> dict[str, Any]:
    labels = {LEASE_LABEL: kind}
    metadata = {"name": name, "namespace": "op", "uid": name, "resourceVersion": version, "labels": labels}
    # Whatever time it says is somebody else's.
    spec = {"holderIdentity": holder, "leaseDurationSeconds": duration, "renewTime": "2001-01-01T00:00:00.000000Z"}
    return {"metadata": metadata, "spec": spec}


def test_who_has_laid_its_lease_down_is_not_looked_at() -> None:
    found = look([lease("held"), lease("vacated", holder=None), lease("unit", kind="backend"), lease("odd", kind="?")])
    assert found.versions.keys() == {"op/held"}


@pytest.mark.parametrize(("duration", "patience"), [(12, 13.0), (None, 13.0), (0, 13.0), (86400, LONGEST + 1)])
def test_patience_is_what_the_lease_asks_for_within_reason(duration: Any, patience: float) -> None:
    assert look([lease("held", duration=duration)]).patience == patience
    assert look([]).patience == 0.0


def test_a_lease_that_moves_is_somebody_s() -> None:
    before = look([lease("still"), lease("moving"), lease("leaves")])
    after = look([lease("still"), lease("moving", "2"), lease("begins"), lease("leaves", "2", None)])
    assert renewed(before, after) == ("op/begins", "op/moving")
    assert renewed(before, before) == ()


async def seen(looks: Iterable[Look]) -> tuple[tuple[str, ...], int]:
    given = iter(looks)
    first, asked = next(given), 0

    async def again() -> Look:
        nonlocal asked
        asked += 1
        return next(given)

    return await watched(first, again), asked


async def test_it_watches_until_one_moves_or_all_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "_EVERY", 0.0)
    still, moved, ended = look([lease("a")]), look([lease("a", "2")]), look([lease("a", "3", None)])
    assert await seen([Look()]) == ((), 0)
    assert await seen([still, still, still, moved]) == (("op/a",), 3)
    assert await seen([still, still, ended]) == ((), 2)


async def test_one_that_nobody_renews_for_as_long_as_it_asks_for_has_ended() -> None:
    still = Look({"op/a": "1"}, patience=0.02)
    assert await seen([still, still, still]) == ((), 1)
