"""What is written to the real Keystone is what is read back (K1, K6)."""

import asyncio
from dataclasses import replace

import pytest
from keystone import Domain
from keystone_caller import NOBODY
from keystone_projects import MARK, change, create, delete

from project_operator.backends.base import RemoteProject, Tag
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.errors import (
    NameTaken,
    RequestRefused,
)


@pytest.mark.whole
@pytest.mark.parametrize("name", ["x" * 64, "größe/ü?&=,;", "日本語", "a b", "e\u0301"])
async def test_names_are_read_back_as_they_were_written(backend: KeystoneBackend, name: str) -> None:
    project = await create(backend, name)
    assert (await backend.get_project(project.id)).content.name == name


async def test_tags_and_mark(backend: KeystoneBackend, domain: Domain) -> None:
    tags = (Tag("a", "b=c"), Tag("x", ""), Tag("größe", "ß:;"))
    project = await create(backend, tags=tags, mark=MARK)
    truth = domain.admin.project(project.id)
    assert truth is not None
    assert truth.tags == {"a=b=c", "x", "größe=ß:;", MARK}
    assert set(project.content.tags) == set(tags)
    assert project.content.mark == MARK
    domain.admin.edit_project(project.id, tags=["odd=", "=odd", MARK])
    found = await change(backend, await backend.get_project(project.id), mark="orphaned")
    truth = domain.admin.project(project.id)
    assert truth is not None
    assert truth.tags == {"odd=", "=odd", "iproj1:orphaned"}
    assert found.content.mark == "orphaned"


async def test_no_description_and_an_empty_one_are_the_same(backend: KeystoneBackend, domain: Domain) -> None:
    project_id = domain.admin.make_project("null", domain.id, description=None)
    project = await backend.get_project(project_id)
    assert project.content.description is None
    assert backend.plan_update(project, replace(project.content, description="")) == ()
    project = await change(backend, project, description="x" * 4096)
    assert (await change(backend, project, description="")).content.description == ""


async def test_a_name_that_is_taken(backend: KeystoneBackend) -> None:
    await create(backend, "taken")
    project = await create(backend, "free")
    with pytest.raises(NameTaken):
        await create(backend, "taken")
    with pytest.raises(NameTaken):
        await change(backend, project, name="taken")


@pytest.mark.whole
async def test_of_creations_at_one_time_one_succeeds(backend: KeystoneBackend, domain: Domain) -> None:
    outcomes = await asyncio.gather(*(create(backend, "one") for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(outcome, RemoteProject) for outcome in outcomes) == 1
    assert sum(type(outcome) is NameTaken for outcome in outcomes) == 5
    assert len(domain.admin.projects(domain.id)) == 1


@pytest.mark.whole
async def test_a_disabled_child_of_a_disabled_parent_can_be_changed(backend: KeystoneBackend) -> None:
    parent = await create(backend, "parent")
    child = await create(backend, "child", parent_id=parent.id)
    assert child.content.parent_id == parent.id
    with pytest.raises(RequestRefused, match="enabled projects"):
        await change(backend, parent, enabled=False)
    child = await change(backend, child, enabled=False)
    parent = await change(backend, parent, enabled=False)
    child = await change(backend, child, description="changed")
    with pytest.raises(RequestRefused, match="disabled parents"):
        await change(backend, child, enabled=True)
    assert child.provisioning_status == "provisioned"
    assert child.raw_status == {"enabled": "false"}


@pytest.mark.parametrize("parent", [NOBODY, "disabled"])
async def test_a_parent_that_cannot_be_one_is_told(backend: KeystoneBackend, parent: str) -> None:
    if parent == "disabled":
        parent = (await create(backend, "parent", enabled=False)).id
    with pytest.raises(RequestRefused):
        await create(backend, "child", parent_id=parent)


async def test_our_lock_is_opened_and_closed_again(backend: KeystoneBackend, domain: Domain) -> None:
    ours = {"keystone.immutable": "true"}
    project = await create(backend, particulars=ours)
    assert project.content.particulars["keystone.immutable"] == "true"
    project = await change(backend, project, name="b", tags=(Tag("t", ""),), particulars=ours)
    truth = domain.admin.project(project.id)
    assert truth is not None
    assert (truth.name, truth.immutable) == ("b", True)
    with pytest.raises(RequestRefused, match="immutable"):
        await delete(backend, project.id)
    await change(backend, project, particulars={"keystone.immutable": "false"})
    await delete(backend, project.id)


async def test_our_lock_is_closed_again_after_a_refused_change(backend: KeystoneBackend, domain: Domain) -> None:
    await create(backend, "taken")
    project = await create(backend, "a", particulars={"keystone.immutable": "true"})
    with pytest.raises(NameTaken):
        await change(backend, project, name="taken", particulars={"keystone.immutable": "true"})
    truth = domain.admin.project(project.id)
    assert truth is not None
    assert (truth.name, truth.immutable) == ("a", True)
    domain.admin.edit_project(project.id, options={"immutable": False})


async def test_somebody_elses_lock_is_not(backend: KeystoneBackend, domain: Domain) -> None:
    project = await create(backend)
    domain.admin.edit_project(project.id, options={"immutable": True})
    with pytest.raises(RequestRefused, match='Set resource option "immutable" to false first'):
        await change(backend, await backend.get_project(project.id), name="b")
    truth = domain.admin.project(project.id)
    assert truth is not None
    assert truth.immutable
    domain.admin.edit_project(project.id, options={"immutable": False})
