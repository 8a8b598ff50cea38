"""What every backend holds can be carried from any of them to any other by naming the other in `backendRef` alone."""

from itertools import product

import pytest
from every_backend import PLACES, EveryBackend
from objects import Object

from project_operator.api.schema import wire_name
from project_operator.backends.registry import shipped

DESCRIPTION = "Everything that fits everywhere: " + "x" * 117
PAIRS = list(product(PLACES, PLACES))


def original(key: str) -> str:
    """The name of the Project made there, with 40 characters at the most."""
    return f"a-name-of-forty-characters-0-{key.lower()}"[:40]


def copy(source: str, target: str) -> str:
    """The name of what was carried from ``source`` to ``target``; four characters at the least."""
    number = PAIRS.index((source, target))
    return f"c-{number:02}" if number % 2 else f"carried-{source.lower()}-{target.lower()}"[:40].rstrip("-")


def carried(there: Object, name: str, target: str) -> Object:
    """The manifest of an object that was read, under another name and with another `backendRef`: nothing else."""
    spec = there["spec"] | {"backendRef": {"name": target.lower()}}
    return {"apiVersion": there["apiVersion"], "kind": there["kind"], "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def copies(everywhere: EveryBackend) -> EveryBackend:
    """A Project in each backend, and of each a copy in each, its own included, all applied at once."""
    everywhere.apply(
        *(
            everywhere.project(original(key), backendRef={"name": key.lower()}, description=DESCRIPTION)
            for key in PLACES
        )
    )
    there = {key: everywhere.wait_ready(original(key)) for key in PLACES}
    everywhere.apply(*(carried(there[source], copy(source, target), target) for source, target in PAIRS))
    return everywhere


def test_every_kind_of_backend_is_here() -> None:
    assert set(PLACES) == {wire_name(vendor.key) for vendor in shipped()}
    assert len(DESCRIPTION) == 150
    names = [copy(*pair) for pair in PAIRS] + [original(key) for key in PLACES]
    assert len(set(names)) == len(names)
    assert {4, 40} <= {len(name) for name in names}


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_it_becomes_ready_and_is_there(copies: EveryBackend, source: str, target: str) -> None:
    name = copy(source, target)
    status = copies.wait_ready(name)["status"]
    assert status["backendRef"]["name"] == target.lower()
    assert status["observed"]["name"] == name
    assert status["observed"]["description"] == DESCRIPTION
    assert copies.places[target].truth()[name].startswith(DESCRIPTION)
    if source != target:
        assert name not in copies.places[source].truth()
