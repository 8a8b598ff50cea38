"""What the tests of Open Telekom Cloud's facts stand on."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from candidates.otc import OTCCandidate
from middlebox import Middlebox

from project_operator.api.v1alpha1.otc import RegionPrefix
from project_operator.backends.base import Backend, ProjectContent
from project_operator.sandbox.identity.otc.admin_models import ProjectSnapshot

Open = Callable[[RegionPrefix], Awaitable[Backend]]

OURS = ProjectContent("ours", mark="iproj1:1")


def sent(box: Middlebox, number: int = -1) -> dict[str, Any]:
    """What a write said of the project."""
    project: dict[str, Any] = json.loads(box.writes[number].body)["project"]
    return project


def really(iam: OTCCandidate, project_id: str) -> ProjectSnapshot:
    return next(one for one in iam.server.admin.state().projects if one.id == project_id)


def built_in(iam: OTCCandidate, name: str) -> str:
    return next(one.id for one in iam.server.admin.state().projects if one.built_in and one.name == name)


async def made(backend: Backend, content: ProjectContent = OURS) -> str:
    return (await backend.create_project(content, before_send=lambda: None)).id
