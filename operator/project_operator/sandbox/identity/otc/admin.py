"""What can be done to the embedded IAM from outside its API: see the truth, change it, set the pace."""

from dataclasses import replace
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from project_operator.sandbox.identity.admin import body_of, changed, document, nothing
from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.otc.admin_models import (
    About,
    EditProject,
    GrantSnapshot,
    Made,
    MakeGroup,
    MakeProjects,
    MakeRole,
    ProjectSnapshot,
    Rights,
    RoleSnapshot,
    Snapshot,
)
from project_operator.sandbox.identity.otc.resources import REGIONS, Group, Project, Role
from project_operator.sandbox.identity.otc.state import ACCOUNT_NAME, ROLES, USER, State


class OTCAdmin:
    """The endpoints under the admin prefix that are IAM's own."""

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
            Route("/roles", self._make_role, methods=["POST"]),
            Route("/rights", self._set_rights, methods=["PUT"]),
            Route("/credentials/rotate", self._rotate, methods=["POST"]),
            Route("/sessions", self._end_sessions, methods=["DELETE"]),
            Route("/fail-over", self._fail_over, methods=["POST"]),
        ]

    async def _about(self, _: Request) -> Response:
        return document(self._credentials())

    async def _settings(self, _: Request) -> Response:
        return document(self._state.settings)

    async def _configure(self, request: Request) -> Response:
        self._state.settings = await changed(self._state.settings, request)
        self._state.count_anew()
        return document(self._state.settings)

    async def _catch_up(self, _: Request) -> Response:
        self._state.catch_up(self._clock.now())
        return nothing()

    async def _read(self, _: Request) -> Response:
        state = self._state
        state.advance(self._clock.now())
        grants = (GrantSnapshot(project_id=one[0], group_id=one[1], role_id=one[2]) for one in sorted(state.grants))
        roles = (RoleSnapshot(id=one.id, display_name=one.display_name, type=one.type) for one in state.roles.values())
        return document(
            Snapshot(
                projects=tuple(self._snapshot(project) for project in state.truth().values()),
                grants=tuple(grants),
                roles=tuple(roles),
                destroyed=state.destroyed,
            )
        )

    async def _make_projects(self, request: Request) -> Response:
        wanted = await body_of(MakeProjects, request)
        state, now = self._state, self._clock.now()
        region = state.region(wanted.name)
        if region is None:
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"name: must begin with one of {REGIONS} and an underscore")
        ids = []
        for number in range(wanted.count):
            name = wanted.name if wanted.count == 1 else f"{wanted.name}-{number}"
            project = Project(
                state.new_id(), name, wanted.parent_id or region.id, wanted.description, resources=wanted.resources
            )
            state.write(project, now)
            ids.append(project.id)
        return document(Made(ids=tuple(ids)))

    async def _remove_projects(self, _: Request) -> Response:
        state = self._state
        for project in state.truth().values():
            if not state.is_built_in(project):
                state.remove(project, self._clock.now())
        state.destroyed = 0
        return nothing()

    async def _edit_project(self, request: Request) -> Response:
        wanted = await body_of(EditProject, request)
        changes = wanted.model_dump(exclude_unset=True)
        self._state.write(replace(self._project(request), **changes), self._clock.now())
        return nothing()

    async def _remove_project(self, request: Request) -> Response:
        self._state.remove(self._project(request), self._clock.now())
        return nothing()

    async def _make_group(self, request: Request) -> Response:
        wanted = await body_of(MakeGroup, request)
        group = Group(self._state.new_id(), wanted.name)
        self._state.groups[group.id] = group
        return document(Made(ids=(group.id,)))

    async def _remove_groups(self, _: Request) -> Response:
        state = self._state
        state.groups.clear()
        state.grants.clear()
        state.roles = {role.id: role for role in ROLES}
        return nothing()

    async def _make_role(self, request: Request) -> Response:
        wanted = await body_of(MakeRole, request)
        state = self._state
        custom = sum(role.custom for role in state.roles.values())
        name = f"custom_{state.account_id}_{custom}"
        role = Role(state.new_id(), name, wanted.display_name, wanted.type, custom=True)
        state.roles[role.id] = role
        return document(Made(ids=(role.id,)))

    async def _set_rights(self, request: Request) -> Response:
        self._state.administrator = (await body_of(Rights, request)).administrator
        return nothing()

    async def _rotate(self, _: Request) -> Response:
        self._state.rotate()
        return document(self._credentials())

    async def _end_sessions(self, _: Request) -> Response:
        self._state.end_sessions()
        return nothing()

    async def _fail_over(self, _: Request) -> Response:
        self._state.fail_over()
        return nothing()

    def _credentials(self) -> About:
        state = self._state
        return About(
            account_id=state.account_id,
            account_name=ACCOUNT_NAME,
            region=REGIONS[0],
            username=USER,
            password=state.password,
        )

    def _snapshot(self, project: Project) -> ProjectSnapshot:
        return ProjectSnapshot(
            id=project.id,
            name=project.name,
            parent_id=project.parent_id,
            description=project.description,
            status=project.status,
            resources=project.resources,
            creation_time=project.creation_time,
            deleting=project.gone_at is not None,
            built_in=self._state.is_built_in(project),
        )

    def _project(self, request: Request) -> Project:
        found = self._state.truth().get(request.path_params["id"])
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no project with this id")
        return found
