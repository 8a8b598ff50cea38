"""Projects made, changed and deleted through the backend, where the tests ask the real Keystone."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.backends.keystone_v3.backend import KeystoneBackend

Connect = Callable[..., Awaitable[KeystoneBackend]]
"""The fixture ``connect``: a credential and fields of `KeystoneConfig`; least privilege without."""
MARK = "iproj1:0123456789abcdef:0123456789abcdef:01234567:00000000-0000-0000-0000-000000000000"


def unchecked() -> None:
    pass


async def create(backend: KeystoneBackend, name: str = "a", **content: Any) -> RemoteProject:
    return await backend.create_project(ProjectContent(name, **content), before_send=unchecked)


async def change(backend: KeystoneBackend, current: RemoteProject, **content: Any) -> RemoteProject:
    """Change it to ``content``, its lock left alone unless that says otherwise, and read it back."""
    aim = replace(current.content, **({"particulars": {}} | content))
    await backend.update_project(current, aim, before_send=unchecked)
    groups = frozenset(one.group_id for one in aim.role_assignments or ())
    found = await backend.get_project(current.id, group_ids=groups)
    assert backend.plan_update(found, replace(aim, parent_id=found.content.parent_id)) == (), "applied twice"
    return found


async def delete(backend: KeystoneBackend, project_id: str) -> None:
    await backend.delete_project(project_id, before_send=unchecked)


def everything(backend: KeystoneBackend, project: RemoteProject) -> list[Awaitable[Any]]:
    """Each call that asks for something, on a project that is there."""
    return [
        backend.get_project(project.id),
        backend.list_projects(),
        backend.list_groups(),
        backend.list_roles(),
        backend.verify_read_access(),
        backend.update_project(project, replace(project.content, name="changed"), before_send=unchecked),
        backend.create_project(ProjectContent("another"), before_send=unchecked),
        backend.delete_project(project.id, before_send=unchecked),
    ]
