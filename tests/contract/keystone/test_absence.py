"""A project that is gone from the real Keystone: a domain's manager never hears 404 (K4-1)."""

import pytest
from keystone import Domain
from keystone_caller import NOBODY
from keystone_projects import Connect, change, create, delete, everything

from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import (
    Password,
)
from project_operator.errors import (
    PermissionDenied,
    ProjectNotFound,
)


async def test_for_a_manager_it_is_proved_by_the_list(backend: KeystoneBackend, domain: Domain) -> None:
    kept, gone = await create(backend, "kept"), await create(backend, "gone")
    domain.admin.remove_project(gone.id)
    with pytest.raises(ProjectNotFound):
        await backend.get_project(gone.id)
    with pytest.raises(ProjectNotFound):
        await change(backend, gone, name="x")
    await delete(backend, gone.id)
    await delete(backend, kept.id)
    with pytest.raises(ProjectNotFound):
        await backend.get_project(kept.id)
    assert await backend.list_projects() == ()


async def test_not_for_a_manager_who_has_lost_the_role(backend: KeystoneBackend, domain: Domain) -> None:
    project = await create(backend)
    domain.admin.take(domain.admin.role_id("manager"), f"domains/{domain.id}", user=domain.manager.id)
    powerless = domain.admin.make_role(f"powerless-{domain.name}")
    domain.admin.grant(powerless, f"domains/{domain.id}", user=domain.manager.id)
    try:
        for call in everything(backend, project):
            with pytest.raises(PermissionDenied):
                await call
    finally:
        domain.admin.remove_role(powerless)
    assert domain.admin.project(project.id) is not None


@pytest.mark.whole
async def test_for_an_administrator_by_keystones_word(connect: Connect, cloud: Password) -> None:
    backend = await connect(cloud)
    project = await create(backend)
    assert (await backend.get_project(project.id)) == project
    await delete(backend, project.id)
    await delete(backend, project.id)
    for missing in (project.id, NOBODY):
        with pytest.raises(ProjectNotFound):
            await backend.get_project(missing)
