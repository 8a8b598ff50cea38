"""Selectors, and objects as tables."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.sandbox.controlplane.emulated import views
from project_operator.sandbox.controlplane.emulated.kinds import AGE, Kind
from project_operator.sandbox.controlplane.emulated.status import Refused

NOW = datetime(2026, 1, 10, tzinfo=UTC)


@given(st.text(max_size=12), st.text(max_size=12))
def test_a_selector_is_read_or_refused(labels: str, fields: str) -> None:
    with contextlib.suppress(Refused):
        assert views.selector(labels, fields)({"metadata": {"name": "a"}}) in {True, False}


@pytest.mark.parametrize("labels", ["a=b=c", "a in", "=b", "a,,b", "(a)"])
def test_a_selector_that_cannot_be_read_is_a_bad_request(labels: str) -> None:
    with pytest.raises(Refused) as refused:
        views.selector(labels, "")
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (3 * 3600 - 1, "179m"), (3 * 3600, "3h"), (48 * 3600, "2d")],
)
def test_ages_are_short(seconds: int, shown: str) -> None:
    born = f"{NOW - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
    content = {"metadata": {"name": "a", "creationTimestamp": born}}
    assert [*views._cells(Kind("g", "v", "p", "K", columns=(AGE,)), content, NOW)] == ["a", shown]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.size", 3),
        (".spec.none", None),
        (".spec.size.deeper", None),
        ('.status.conditions[?(@.type=="Ready")].status', "True"),
        (".status.conditions[?(@.type=='Stalled')].status", None),
    ],
)
def test_columns_are_found_by_their_path(path: str, found: object) -> None:
    content = {
        "metadata": {"name": "a"},
        "spec": {"size": 3},
        "status": {"conditions": [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]},
    }
    column = {"name": "C", "type": "string", "jsonPath": path}
    assert [*views._cells(Kind("g", "v", "p", "K", columns=(column,)), content, NOW)] == ["a", found]
