"""What can be done to the embedded platform from outside its API: see the truth, change it, set the pace."""

from dataclasses import replace
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from project_operator.sandbox.identity.admin import body_of, changed, document, nothing
from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.csp.admin_models import (
    About,
    EditProject,
    GroupSnapshot,
    Made,
    MakeGroup,
    MakeProjects,
    MakeRole,
    ProjectSnapshot,
    RoleSnapshot,
    Snapshot,
)
from project_operator.sandbox.identity.csp.resources import Group, HeldRole, Project
from project_operator.sandbox.identity.csp.state import MEMBER, OWNER, PROJECT_ADMIN, State

_SOMEBODY = "somebody@example.com"


class CSPAdmin:
    """The endpoints under the admin prefix that are the platform's own."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/about", self._about, methods=["GET"]),
            Route("/settings", self._settings, methods=["GET"]),
            Route("/settings", self._configure, methods=["PATCH"]),
            Route("/catch-up", self._catch_up, methods=["POST"]),
            Route("/state", self._read, methods=["GET"]),
            Route("/projects", self._make_projects, methods=["POST"]),
            Route("/projects", self._remove_projects, methods=["DELETE"]),
            Route("/projects/{id}", self._edit_project, methods=["PATCH"]),
            Route("/projects/{id}", self._remove_project, methods=["DELETE"]),
            Route("/groups", self._make_group, methods=["POST"]),
            Route("/groups", self._remove_groups, methods=["DELETE"]),
            Route("/role", self._set_role, methods=["PUT"]),
            Route("/credentials/rotate", self._rotate, methods=["POST"]),
            Route("/sessions", self._end_sessions, methods=["DELETE"]),
        ]

    async def _about(self, _: Request) -> Response:
        return document(self._credentials())

    async def _settings(self, _: Request) -> Response:
        return document(self._state.settings)

    async def _configure(self, request: Request) -> Response:
        self._state.settings = await changed(self._state.settings, request)
        return document(self._state.settings)

    async def _catch_up(self, _: Request) -> Response:
        self._state.catch_up(self._clock.now())
        return nothing()

    async def _read(self, _: Request) -> Response:
        state = self._state
        projects = tuple(_snapshot(project) for project in state.truth().values() if project.id != state.default_id)
        groups = tuple(
            GroupSnapshot(
                id=group.id,
                display_name=group.display_name,
                roles=tuple(
                    RoleSnapshot(
                        kind=role.kind,
                        name=role.name,
                        resource=role.resource,
                        service=role.service,
                        membership=role.membership,
                    )
                    for role in sorted(group.roles)
                ),
            )
            for group in state.groups.values()
        )
        return document(Snapshot(projects=projects, groups=groups, mails=state.mails))

    async def _make_projects(self, request: Request) -> Response:
        wanted = await body_of(MakeProjects, request)
        state, now = self._state, self._clock.now()
        ids = []
        for number in range(wanted.count):
            project_id = state.new_id()
            name = wanted.display_name if wanted.count == 1 else f"{wanted.display_name}-{number}"
            state.write(
                Project(
                    id=project_id,
                    display_name=name,
                    description=wanted.description,
                    type=wanted.type,
                    vrn=state.vrn(name),
                    parent_id=wanted.parent_id,
                    scopes=wanted.scopes,
                    services=wanted.services,
                    creation_time=now,
                    created_by=_SOMEBODY,
                ),
                now,
            )
            ids.append(project_id)
        return document(Made(ids=tuple(ids)))

    async def _remove_projects(self, _: Request) -> Response:
        state, now = self._state, self._clock.now()
        for project in state.truth().values():
            if project.id != state.default_id:
                state.remove(project, now, softly=False)
        state.deleted.clear()
        return nothing()

    async def _edit_project(self, request: Request) -> Response:
        wanted = await body_of(EditProject, request)
        current, now = self._project(request), self._clock.now()
        changes = wanted.model_dump(exclude_unset=True)
        self._state.write(replace(current, modified_time=now, modified_by=_SOMEBODY, **changes), now)
        return nothing()

    async def _remove_project(self, request: Request) -> Response:
        self._state.remove(self._project(request), self._clock.now())
        return nothing()

    async def _make_group(self, request: Request) -> Response:
        wanted = await body_of(MakeGroup, request)
        group = Group(self._state.new_id(), wanted.display_name, {HeldRole(**dict(role)) for role in wanted.roles})
        self._state.groups[group.id] = group
        return document(Made(ids=(group.id,)))

    async def _remove_groups(self, _: Request) -> Response:
        self._state.groups.clear()
        self._state.mails = 0
        return nothing()

    async def _set_role(self, request: Request) -> Response:
        wanted = await body_of(MakeRole, request)
        if wanted.role not in {OWNER, PROJECT_ADMIN, MEMBER}:
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"role: must be '{OWNER}', '{PROJECT_ADMIN}' or '{MEMBER}'")
        self._state.role = wanted.role
        return nothing()

    async def _rotate(self, _: Request) -> Response:
        self._state.rotate()
        return document(self._credentials())

    async def _end_sessions(self, _: Request) -> Response:
        self._state.end_sessions()
        return nothing()

    def _credentials(self) -> About:
        state = self._state
        return About(
            organization_id=state.organization_id,
            client_id=state.client_id,
            client_secret=state.client_secret,
            api_token=state.api_token,
        )

    def _project(self, request: Request) -> Project:
        found = self._state.truth().get(request.path_params["id"])
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no project with this id")
        return found


def _snapshot(project: Project) -> ProjectSnapshot:
    return ProjectSnapshot(
        id=project.id,
        display_name=project.display_name,
        description=project.description,
        type=project.type,
        vrn=project.vrn,
        parent_id=project.parent_id,
        scopes=project.scopes,
        services=project.services,
        creation_time=project.creation_time,
        created_by=project.created_by,
    )
