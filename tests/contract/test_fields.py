"""Every field of a Project's spec is held by a backend as it is written, or refused by name before any call."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from candidates import CANDIDATES, Candidate
from candidates.fields import FIELDS, Scene, paths
from middlebox import Middlebox
from troubles import marked

from project_operator.api.v1alpha1.project import ProjectSpec
from project_operator.backends.base import Backend, ProjectContent, UnsupportedField

HELD = [(key, path) for key in CANDIDATES for path, field in FIELDS.items() if field.content and key in field.held_by]
REFUSED = [(key, path) for key in CANDIDATES for path, field in FIELDS.items() if key not in field.held_by]
OURS = [(key, path) for key in CANDIDATES for path, field in FIELDS.items() if field.content is None]


def refused(path: str, scene: Scene) -> tuple[UnsupportedField, ...]:
    spec = ProjectSpec.model_validate(FIELDS[path].spec(scene))
    policy = spec.deletion_policy or scene.vendor.default_deletion_policy
    return scene.vendor.unsupported(spec, name=spec.name or "there", deletion_policy=policy)


@pytest.fixture
def scene(candidate: Candidate) -> Scene:
    return candidate.scene()


@pytest.fixture
async def backend(candidate: Candidate, box: Middlebox, scene: Scene) -> AsyncIterator[Backend]:
    """One whose backend object allows everything."""
    connection = candidate.open(replace(candidate.allowing_everything(scene), url=box.url))
    await connection.connect()
    box.forget()
    yield connection
    await connection.aclose()


def lacking(content: ProjectContent, told: dict[str, Any]) -> dict[str, Any]:
    """What of ``told`` is not in ``content``."""
    there = {name: getattr(content, name) for name in told}
    if "particulars" in told:
        there["particulars"] = {key: content.particulars.get(key) for key in told["particulars"]}
    return {name: value for name, value in told.items() if there[name] != value}


def test_every_field_has_a_row() -> None:
    assert set(paths()) == set(FIELDS)


def test_every_backend_has_every_row() -> None:
    assert len(HELD) + len(REFUSED) + len(OURS) == len(FIELDS) * len(CANDIDATES)


@pytest.mark.parametrize(("server", "path"), HELD, indirect=["server"])
async def test_what_is_held_is_there(backend: Backend, candidate: Candidate, scene: Scene, path: str) -> None:
    field = FIELDS[path]
    assert not refused(path, scene)
    assert field.content is not None
    told = field.content(scene)
    at_once = {name: value for name, value in told.items() if name not in candidate.completes}
    project = await backend.create_project(replace(marked(), **at_once), before_send=lambda: None)
    if at_once != told:
        project = await backend.get_project(project.id, group_ids=frozenset({scene.group_id}))
        await backend.update_project(project, replace(project.content, **told), before_send=lambda: None)
    assert not lacking(candidate.look(project.id), told)
    assert not lacking((await backend.get_project(project.id, group_ids=frozenset({scene.group_id}))).content, told)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("server", "path"), [(key, path) for key, path in HELD if not FIELDS[path].fixed], indirect=["server"]
)
async def test_what_is_held_can_be_changed(backend: Backend, candidate: Candidate, scene: Scene, path: str) -> None:
    content = FIELDS[path].content
    assert content is not None
    told = content(scene)
    created = await backend.create_project(marked(name="before"), before_send=lambda: None)
    project = await backend.get_project(created.id, group_ids=frozenset({scene.group_id}))
    assert lacking(project.content, told)
    particulars = dict(project.content.particulars) | told.get("particulars", {})
    wanted = replace(project.content, **told | {"particulars": particulars})
    await backend.update_project(project, wanted, before_send=lambda: None)
    assert not lacking(candidate.look(project.id), told)
    back = await backend.get_project(project.id, group_ids=frozenset({scene.group_id}))
    await backend.update_project(back, project.content, before_send=lambda: None)
    assert lacking(candidate.look(project.id), told) == told


@pytest.mark.parametrize(("server", "path"), REFUSED, indirect=["server"])
def test_what_is_not_held_is_refused_by_name(server: Candidate, path: str) -> None:
    (found,) = refused(path, Scene(server.vendor))
    assert found.path == f"spec.{FIELDS[path].refused_as or path}"
    assert found.reason


@pytest.mark.parametrize(("server", "path"), OURS, indirect=["server"])
def test_what_is_the_operators_own_affair_is_refused_by_nobody(server: Candidate, path: str) -> None:
    assert not refused(path, Scene(server.vendor))


@pytest.mark.parametrize("fixed", sorted(path for path, field in FIELDS.items() if field.fixed))
def test_what_cannot_change_is_declared(fixed: str) -> None:
    for key in FIELDS[fixed].held_by:
        declared = CANDIDATES[key].vendor.capabilities.fixed
        assert {"parentRef.name": "parentID"}.get(fixed, fixed) in declared
