"""What is released, in which order, what is left as it is, and what was not released after all."""

from typing import Any

import pytest

from project_operator.api.names import FINALIZER
from project_operator.cli.held import NEW, RUNS, Held, Released, changes, held, put_on_again
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS, SECRETS


def raw(name: str, *finalizers: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "ns", "uid": name, "finalizers": list(finalizers), **metadata}}


def test_projects_go_before_backends_before_secrets() -> None:
    found = held(
        [
            (SECRETS, raw("s", FINALIZER)),
            (CLUSTER_IDENTITY_BACKENDS, raw("c", FINALIZER)),
            (IDENTITY_BACKENDS, raw("b", FINALIZER)),
            (PROJECTS, raw("z", FINALIZER, "other")),
            (PROJECTS, raw("a", FINALIZER)),
            (PROJECTS, raw("free", "other")),
            (PROJECTS, {"metadata": {"name": "bare"}}),
        ]
    )
    assert [one.raw["metadata"]["name"] for one in found] == ["a", "z", "b", "c", "s"]


def test_the_finalizers_of_others_stay() -> None:
    assert changes(Held(PROJECTS, raw("a", "x", FINALIZER, "y"))) == {"metadata": {"finalizers": ["x", "y"]}}


@pytest.mark.parametrize(
    ("finalizers", "metadata", "goes"),
    [
        ((FINALIZER,), {}, False),
        ((FINALIZER,), {"deletionTimestamp": "2026-01-01T00:00:00Z"}, True),
        ((FINALIZER, "x"), {"deletionTimestamp": "2026-01-01T00:00:00Z"}, False),
    ],
)
def test_what_goes_at_once(finalizers: tuple[str, ...], metadata: dict[str, Any], goes: bool) -> None:  # noqa: FBT001 - a table
    assert Held(PROJECTS, raw("a", *finalizers, **metadata)).goes is goes


def test_what_carries_the_finalizer_again_was_not_released() -> None:
    a, b, c, new = (Held(PROJECTS, raw(name, FINALIZER)) for name in "abcn")
    done = (Released(a, "released"), Released(b, "failed", "forbidden"), Released(c, "released", "it goes on"))
    assert put_on_again(done, [b]) == done
    told = {one.held.name: (one.outcome, one.note) for one in put_on_again(done, [a, b, new])}
    assert told == {
        "ns/a": ("failed", f"its finalizer was put on again: {RUNS}"),
        "ns/b": ("failed", "forbidden"),
        "ns/c": ("released", "it goes on"),
        "ns/n": ("failed", NEW),
    }


def test_what_was_made_anew_by_an_operator_that_runs_is_told_beside_what_is_gone() -> None:
    former, present = Held(PROJECTS, raw("a", FINALIZER, uid="1")), Held(PROJECTS, raw("a", FINALIZER, uid="2"))
    assert [one.outcome for one in put_on_again([Released(former, "gone")], [present])] == ["gone", "failed"]
