"""A rehearsed backend is read, and never written."""

import inspect
from typing import Any

import pytest

from project_operator.backends import registry
from project_operator.backends.base import (
    Backend,
    HealthStatus,
    PlannedCall,
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
)
from project_operator.cli.rehearsal import Rehearsed, without_writes
from project_operator.errors import RequestRefused

CALLS = (PlannedCall("POST", "/x", "x"),)
PROJECT = RemoteProject(
    "1", "o", ProjectContent(name="a", mark="theirs"), ProvisioningStatus.PROVISIONED, HealthStatus.HEALTHY
)


class Real:
    """Counts what reaches it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        self.asked.append(f"get {project_id} {sorted(group_ids)}")
        return PROJECT

    def plan_create(self, _content: ProjectContent) -> tuple[PlannedCall, ...]:
        return CALLS

    def plan_update(self, _current: RemoteProject, _content: ProjectContent) -> tuple[PlannedCall, ...]:
        return CALLS

    def plan_delete(self, _project_id: str) -> tuple[PlannedCall, ...]:
        return CALLS


async def test_writes_are_told_and_refused() -> None:
    told: list[Any] = []
    real = Real()
    backend = Rehearsed(real, lambda *args: told.append(args))  # type: ignore[arg-type]  # as much of it as is asked
    await backend.get_project("1", group_ids=frozenset({"g"}))
    for write in (
        lambda: backend.create_project(ProjectContent(name="a", mark="mine"), before_send=lambda: None),
        lambda: backend.update_project(PROJECT, ProjectContent(name="b", mark="mine"), before_send=lambda: None),
        lambda: backend.delete_project("1", before_send=lambda: None),
    ):
        with pytest.raises(RequestRefused, match="a rehearsal"):
            await write()
    assert told == [(["mine"], "", CALLS), (["mine", "theirs"], "1", CALLS), (["theirs"], "1", CALLS)]
    assert real.asked == ["get 1 ['g']"]


def test_it_has_all_that_a_backend_has() -> None:
    wanted = {name for name, _ in inspect.getmembers(Backend, inspect.isfunction) if not name.startswith("_")}
    assert wanted <= set(dir(Rehearsed))


def test_every_kind_of_backend_is_rehearsed() -> None:
    shipped = {vendor.key: vendor for vendor in registry.shipped()}
    rehearsed = {vendor.key: vendor for vendor in without_writes(registry.shipped())}
    assert rehearsed.keys() == shipped.keys()
    assert all(rehearsed[key].open is not shipped[key].open for key in shipped)
