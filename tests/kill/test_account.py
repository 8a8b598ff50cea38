"""The account of what an identity server holds finds every way in which it can be wrong."""

import pytest
from crowd import Account, account

from project_operator.api.names import MARK_TAG
from project_operator.sandbox.identity.nscale.admin_models import ProjectSnapshot, TagModel


def project(project_id: str, uid: str, *, deletion_time: float | None = None) -> ProjectSnapshot:
    return ProjectSnapshot(
        id=project_id,
        organization_id="o",
        name="team",
        description=None,
        tags=(TagModel(name=MARK_TAG, value=f"iproj1:c:n:d:{uid}"),) if uid else (),
        group_ids=(),
        provisioning_status="provisioned",
        creation_time=0.0,
        created_by="us",
        modified_time=None,
        modified_by="",
        deletion_time=deletion_time,
        references=(),
    )


@pytest.mark.parametrize(
    ("projects", "found"),
    [
        pytest.param([project("p", "u")], Account(), id="one for one"),
        pytest.param([project("p", "u"), project("q", "u")], Account(doubled=("u",)), id="doubled"),
        pytest.param([], Account(lost=("u",)), id="lost"),
        pytest.param([project("p", "u", deletion_time=1.0)], Account(lost=("u",)), id="being deleted"),
        pytest.param([project("p", "u"), project("q", "v")], Account(ownerless=("q",)), id="of nobody"),
        pytest.param([project("p", "u"), project("q", "")], Account(ownerless=("q",)), id="without a mark"),
        pytest.param([project("q", "u")], Account(misnamed=("u",)), id="another is named"),
    ],
)
def test_what_is_wrong_is_found(projects: list[ProjectSnapshot], found: Account) -> None:
    assert account([{"metadata": {"uid": "u"}, "status": {"id": "p"}}], projects) == found
