"""The accounts of what an identity server holds and was asked find every way in which it can be wrong."""

from typing import Literal

import pytest
from crowd import Account, account, hasty
from crowd_identity import Held

from project_operator.sandbox.identity.request_log import RequestRecord


def project(project_id: str, uid: str) -> Held:
    return Held(project_id, uid, creation_time=0.0)


@pytest.mark.parametrize(
    ("projects", "found"),
    [
        pytest.param([project("p", "u")], Account(), id="one for one"),
        pytest.param([project("p", "u"), project("q", "u")], Account(doubled=("u",)), id="doubled"),
        pytest.param([], Account(lost=("u",)), id="lost"),
        pytest.param([project("p", "u"), project("q", "v")], Account(ownerless=("q",)), id="of nobody"),
        pytest.param([project("p", "u"), project("q", "")], Account(ownerless=("q",)), id="without a mark"),
        pytest.param([project("q", "u")], Account(misnamed=("u",)), id="another is named"),
    ],
)
def test_what_is_wrong_is_found(projects: list[Held], found: Account) -> None:
    assert account([{"metadata": {"uid": "u"}, "status": {"id": "p"}}], projects) == found


def creation(
    name: str,
    begun: float,
    *,
    ended: float | None = None,
    committed: bool = False,
    status: int | Literal["dropped"] | None = "dropped",
) -> RequestRecord:
    return RequestRecord(
        int(begun) + 1, begun, "POST", "/", "createProject", name=name, status=status, committed=committed, ended=ended
    )


LOST = creation("a", 0, ended=1)
REFUSED = creation("a", 0, ended=1, status=429)
ANSWERED = creation("a", 0, ended=1, committed=True, status=201)


@pytest.mark.parametrize(
    ("creations", "where_repeated", "where_not"),
    [
        pytest.param([ANSWERED, creation("b", 2)], (), (), id="one for each"),
        pytest.param([ANSWERED, creation("a", 2)], ("a",), ("a",), id="after one that was answered"),
        pytest.param(
            [creation("a", 0, ended=1, committed=True), creation("a", 2)], ("a",), ("a",), id="after one that was not"
        ),
        pytest.param([creation("a", 0), creation("a", 2)], ("a",), ("a",), id="beside one that is under way"),
        pytest.param([creation("a", 0, ended=3), creation("a", 2)], ("a",), ("a",), id="beside one that was"),
        pytest.param([LOST, creation("a", 2)], (), ("a",), id="after one that came to nothing"),
        pytest.param([REFUSED, creation("a", 2)], (), (), id="after one that was refused"),
        pytest.param([ANSWERED, creation("a", 2), creation("b", 3)], ("a",), ("a",), id="where another was never sent"),
    ],
)
def test_a_creation_that_should_not_have_been_sent_is_found(
    creations: list[RequestRecord], where_repeated: tuple[str, ...], where_not: tuple[str, ...]
) -> None:
    assert hasty(creations, repeats=True) == where_repeated
    assert hasty(creations, repeats=False) == where_not
