"""The routes of the admin interface that only the embedded service has."""

from dataclasses import replace
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from project_operator.sandbox.identity.admin import body_of, changed, document, nothing
from project_operator.sandbox.identity.k5.admin_models import (
    About,
    AssignmentSnapshot,
    EditProject,
    Made,
    MakeGroup,
    MakeProjects,
    ProjectSnapshot,
    Rights,
    Snapshot,
)
from project_operator.sandbox.identity.k5.resources import Named, Project
from project_operator.sandbox.identity.k5.state import State


class K5Admin:
    """Reads and changes a `State` past all its rules."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """What is served beside faults and request log."""
        return [
            Route("/about", self._about, methods=["GET"]),
            Route("/settings", self._configure, methods=["PATCH"]),
            Route("/state", self._read, methods=["GET"]),
            Route("/projects", self._make_projects, methods=["POST"]),
            Route("/projects", self._remove_projects, methods=["DELETE"]),
            Route("/projects/{id}", self._edit_project, methods=["PATCH"]),
            Route("/projects/{id}", self._remove_project, methods=["DELETE"]),
            Route("/groups", self._make_group, methods=["POST"]),
            Route("/groups", self._remove_groups, methods=["DELETE"]),
            Route("/rights", self._set_rights, methods=["PUT"]),
            Route("/password/rotate", self._rotate, methods=["POST"]),
            Route("/sessions", self._end_sessions, methods=["DELETE"]),
        ]

    async def _about(self, _: Request) -> Response:
        return document(self._credentials())

    async def _configure(self, request: Request) -> Response:
        self._state.settings = await changed(self._state.settings, request)
        return document(self._state.settings)

    async def _read(self, _: Request) -> Response:
        projects = tuple(
            self._snapshot(one)
            for one in self._state.projects.values()
            if one.id != self._state.home_id and one.domain_id == self._state.domain.id
        )
        return document(Snapshot(projects=projects, roles={one.name: one.id for one in self._state.roles.values()}))

    async def _make_projects(self, request: Request) -> Response:
        wanted = await body_of(MakeProjects, request)
        state = self._state
        domain = state.other_domain if wanted.elsewhere else state.domain
        ids = []
        for number in range(wanted.count):
            name = wanted.name if wanted.count == 1 else f"{wanted.name}-{number}"
            project = Project(state.new_id(), name, domain.id, wanted.description, wanted.enabled)
            state.write(project)
            ids.append(project.id)
        return document(Made(ids=tuple(ids)))

    async def _remove_projects(self, _: Request) -> Response:
        for project_id in set(self._state.projects) - {self._state.home_id}:
            self._state.remove(project_id)
        return nothing()

    async def _edit_project(self, request: Request) -> Response:
        wanted = await body_of(EditProject, request)
        self._state.write(replace(self._project(request), **wanted.model_dump(exclude_none=True)))
        return nothing()

    async def _remove_project(self, request: Request) -> Response:
        self._state.remove(self._project(request).id)
        return nothing()

    async def _make_group(self, request: Request) -> Response:
        wanted = await body_of(MakeGroup, request)
        group = Named(self._state.new_id(), wanted.name)
        self._state.groups[group.id] = group
        return document(Made(ids=(group.id,)))

    async def _remove_groups(self, _: Request) -> Response:
        self._state.groups.clear()
        self._state.assignments.clear()
        return nothing()

    async def _set_rights(self, request: Request) -> Response:
        self._state.administrator = (await body_of(Rights, request)).administrator
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
            domain_id=state.domain.id,
            domain_name=state.domain.name,
            project_id=state.home_id,
            user_name=state.user.name,
            password=state.password,
        )

    def _project(self, request: Request) -> Project:
        found = self._state.projects.get(request.path_params["id"])
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no project with this id")
        return found

    def _snapshot(self, project: Project) -> ProjectSnapshot:
        assignments = tuple(
            AssignmentSnapshot(group_id=one.group_id, role_id=one.role_id)
            for one in sorted(self._state.assignments)
            if one.project_id == project.id
        )
        return ProjectSnapshot(
            id=project.id,
            name=project.name,
            domain_id=project.domain_id,
            description=project.description,
            enabled=project.enabled,
            creation_time=project.creation_time,
            assignments=assignments,
        )
