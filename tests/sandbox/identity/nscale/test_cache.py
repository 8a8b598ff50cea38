"""Reads see the store as it was a while ago, and never go back."""

from collections import deque
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from project_operator.sandbox.identity.nscale.cache import Cache
from project_operator.sandbox.identity.nscale.resources import Project
from project_operator.sandbox.identity.nscale.store import Change, Store

steps = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=3),  # seconds since the step before
        st.sampled_from(["write", "remove", "read"]),
        st.sampled_from(["a", "b", "c"]),
    ),
    max_size=40,
)


def project(project_id: str, name: str) -> Project:
    return Project(id=project_id, name=name, creation_time=0.0)


@given(steps, st.integers(min_value=0, max_value=5))
def test_a_read_shows_exactly_the_state_of_that_long_ago(sequence: list[tuple[int, str, str]], lag: int) -> None:
    store, cache = Store(), Cache()
    history: list[tuple[float, dict[str, str]]] = [(0.0, {})]
    now = 0.0
    for number, (wait, action, project_id) in enumerate(sequence):
        now += wait
        if action == "write":
            store.write(project(project_id, str(number)), now)
        elif action == "remove" and store.get(Project, project_id):
            store.remove(Project, project_id, now)
        history.append((now, {p.id: p.name for p in store.all(Project)}))
        cache.absorb(store.changes, now - lag)
        expected = [state for time, state in history if time <= now - lag] or [{}]
        shown = cache.all(Project)
        assert {p.id: p.name for p in shown} == expected[-1]
        assert [p.id for p in shown] == sorted(expected[-1])


def test_a_lag_that_grows_only_holds_back_what_is_new() -> None:
    store, cache = Store(), Cache()
    store.write(project("a", "old"), 1.0)
    cache.absorb(store.changes, 1.0)
    store.write(project("a", "new"), 2.0)
    cache.absorb(store.changes, -100.0)
    assert [p.name for p in cache.all(Project)] == ["old"]


def test_an_object_made_and_removed_unseen_leaves_no_trace() -> None:
    changes: deque[Any] = deque([Change(1.0, Project, "a", project("a", "a")), Change(1.0, Project, "a", None)])
    cache = Cache()
    cache.absorb(changes, 1.0)
    assert cache.all(Project) == []
    assert cache.get(Project, "a") is None
