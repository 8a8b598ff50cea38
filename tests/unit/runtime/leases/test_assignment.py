"""Who should be in charge of what."""

from hypothesis import given
from hypothesis import strategies as st

from project_operator.runtime.leases.assignment import assignment

NAMES = st.text("abcdef", min_size=1, max_size=4)


@given(units=st.sets(NAMES, max_size=40), replicas=st.sets(NAMES, min_size=1, max_size=5))
def test_everything_is_somebodys_and_nobody_has_more_than_the_even_share(units: set[str], replicas: set[str]) -> None:
    found = assignment(units, replicas)
    assert found.keys() == units
    assert set(found.values()) <= replicas
    load = [list(found.values()).count(one) for one in replicas]
    assert max(load) <= -(-len(units) // len(replicas))
    assert found == assignment(sorted(units, reverse=True), sorted(replicas, reverse=True))


def test_without_replicas_nothing_is_anybodys() -> None:
    assert assignment({"b1"}, ()) == {}


def test_one_replica_more_moves_hardly_more_than_its_share() -> None:
    units = {f"b{one}" for one in range(60)}
    before, after = assignment(units, {"a", "b"}), assignment(units, {"a", "b", "c"})
    moved = [unit for unit in units if before[unit] != after[unit]]
    assert 20 <= len(moved) <= 30


def test_two_replicas_share_eight_backend_objects_evenly() -> None:
    for serial in range(50):
        found = assignment({f"{serial}-{one}" for one in range(8)}, {"a", "b"})
        assert sorted(found.values()).count("a") == 4
