"""Where projects cannot be deleted, ``delete_project`` says so and sends nothing, and no plan has a deletion."""

import pytest
from candidates import CANDIDATES, DELETING, Candidate
from middlebox import Middlebox
from troubles import failing, sent

from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.base import Backend, ProjectContent
from project_operator.errors import RequestRefused

pytestmark = pytest.mark.parametrize("server", sorted(set(CANDIDATES) - set(DELETING)), indirect=True)


async def test_a_deletion_is_refused_and_nothing_is_sent(
    backend: Backend, box: Middlebox, candidate: Candidate
) -> None:
    project_id = candidate.make(ProjectContent("there"))
    calls, before_send = sent()
    error = await failing(
        backend.delete_project(project_id, before_send=before_send), RequestRefused, candidate.secrets
    )
    assert "cannot be deleted" in str(error)
    assert backend.plan_delete(project_id) == ()
    assert not calls
    assert not box.requests
    assert set(candidate.truth()) == {project_id}


def test_it_is_refused_by_name_before_any_call(server: Candidate) -> None:
    spec = ProjectSpec.model_validate({"deletionPolicy": "Delete"})
    (found,) = server.vendor.unsupported(spec, name="there", deletion_policy=DeletionPolicy.DELETE)
    assert found.path == "spec.deletionPolicy"
    assert server.vendor.default_deletion_policy is not DeletionPolicy.DELETE


async def test_what_is_switched_off_instead_is_off_and_on_again(backend: Backend, candidate: Candidate) -> None:
    assert candidate.vendor.capabilities.disable
    project_id = candidate.make(ProjectContent("there", mark="iproj1:1"))
    for enabled in (False, True):
        project = await backend.get_project(project_id)
        content = ProjectContent("there", mark="iproj1:1", enabled=enabled)
        await backend.update_project(project, content, before_send=lambda: None)
        assert candidate.look(project_id).enabled is enabled
        assert (await backend.get_project(project_id)).content.mark == "iproj1:1"
