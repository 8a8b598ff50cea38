"""The account of what an identity server holds finds every way in which it can be wrong."""

import pytest
from crowd import Account, account
from crowd_identity import Held


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
