"""What can be done to the embedded nscale server from outside its API: see the truth, change it, set the pace."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from project_operator.errors import ConfigurationError
from project_operator.sandbox.identity.admin import body_of, changed, document, nothing
from project_operator.sandbox.identity.nscale.admin_models import (
    SOMEBODY,
    About,
    CredentialDocument,
    EditOrganization,
    EditProject,
    MakeGroup,
    MakeOrganization,
    MakeProjects,
    MakeServiceAccount,
    MakeSession,
    ProjectSnapshot,
    SessionDocument,
    Snapshot,
    TagModel,
)
from project_operator.sandbox.identity.nscale.authorization import ROLES
from project_operator.sandbox.identity.nscale.groups import unlink_group
from project_operator.sandbox.identity.nscale.identity import (
    NscaleIdentity,
    add_group,
    add_organization,
    add_service_account,
    add_session,
)
from project_operator.sandbox.identity.nscale.openapi import openapi_document
from project_operator.sandbox.identity.nscale.refusals import Refusal
from project_operator.sandbox.identity.nscale.resources import (
    CONTROLLER_FINALIZER,
    Group,
    Organization,
    Project,
    ServiceAccount,
)
from project_operator.sandbox.identity.nscale.service_accounts import rotate
from project_operator.sandbox.identity.nscale.views import provisioning_status


def _snapshot(identity: NscaleIdentity, project: Project) -> ProjectSnapshot:
    return ProjectSnapshot(
        id=project.id,
        organization_id=project.organization_id,
        name=project.name,
        description=project.description,
        tags=tuple(TagModel(name=name, value=value) for name, value in project.tags),
        group_ids=project.group_ids,
        provisioning_status=provisioning_status(project, identity.state.dialect),
        creation_time=project.creation_time,
        created_by=project.created_by,
        modified_time=project.modified_time,
        modified_by=project.modified_by,
        deletion_time=project.deletion_time,
        references=tuple(f for f in project.finalizers if f != CONTROLLER_FINALIZER),
    )


def _pairs(tags: tuple[TagModel, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((tag.name, tag.value) for tag in tags)


class NscaleAdmin:
    """The endpoints under the admin prefix that are nscale's own."""

    def __init__(self, identity: NscaleIdentity) -> None:
        self._identity = identity
        self._state = identity.state
        self._store = identity.state.store

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/about", self._about, methods=["GET"]),
            Route("/openapi.json", self._openapi, methods=["GET"]),
            Route("/settings", self._settings, methods=["GET"]),
            Route("/settings", self._configure, methods=["PATCH"]),
            Route("/catch-up", self._catch_up, methods=["POST"]),
            Route("/state", self._read, methods=["GET"]),
            Route("/projects", self._make_projects, methods=["POST"]),
            Route("/projects", self._remove_projects, methods=["DELETE"]),
            Route("/projects/{id}", self._edit_project, methods=["PATCH"]),
            Route("/projects/{id}", self._remove_project, methods=["DELETE"]),
            Route("/projects/{id}/references/{reference:path}", self._add_reference, methods=["PUT"]),
            Route("/projects/{id}/references/{reference:path}", self._remove_reference, methods=["DELETE"]),
            Route("/groups", self._make_group, methods=["POST"]),
            Route("/groups/{id}", self._remove_group, methods=["DELETE"]),
            Route("/service-accounts", self._make_service_account, methods=["POST"]),
            Route("/service-accounts/{id}", self._remove_service_account, methods=["DELETE"]),
            Route("/service-accounts/{id}/rotate", self._rotate, methods=["POST"]),
            Route("/service-accounts/{id}/revoke", self._revoke, methods=["POST"]),
            Route("/service-accounts/{id}/restore", self._restore, methods=["POST"]),
            Route("/sessions", self._make_session, methods=["POST"]),
            Route("/organizations", self._make_organization, methods=["POST"]),
            Route("/organizations/{id}", self._edit_organization, methods=["PATCH"]),
        ]

    def _now(self) -> float:
        now = self._identity.clock.now()
        self._state.advance(now)
        return now

    async def _about(self, _: Request) -> Response:
        credential = self._identity.credential
        return document(
            About(
                organization_id=self._identity.organization_id,
                service_account_id=credential.service_account_id,
                token=credential.token,
                platform_token=self._state.platform_token,
            )
        )

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(openapi_document(self._state.dialect))

    async def _settings(self, _: Request) -> Response:
        return document(self._state.settings)

    async def _configure(self, request: Request) -> Response:
        settings = await changed(self._state.settings, request)
        self._now()
        try:
            self._state.configure(settings)
        except (ConfigurationError, ValueError) as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from None
        return document(settings)

    async def _catch_up(self, _: Request) -> Response:
        self._now()
        self._state.catch_up()
        return nothing()

    async def _read(self, _: Request) -> Response:
        self._now()
        projects = sorted(self._store.all(Project), key=lambda project: project.id)
        return document(
            Snapshot(
                projects=tuple(_snapshot(self._identity, project) for project in projects),
                revision=self._store.revision,
            )
        )

    async def _make_projects(self, request: Request) -> Response:
        wanted = await body_of(MakeProjects, request)
        now = self._now()
        ids = []
        for number in range(wanted.count):
            project = Project(
                id=self._state.identifiers.resource(),
                organization_id=wanted.organization_id or self._identity.organization_id,
                name=wanted.name_prefix if wanted.count == 1 else f"{wanted.name_prefix}-{number}",
                description=wanted.description,
                tags=_pairs(wanted.tags),
                group_ids=wanted.group_ids,
                creation_time=now,
                created_by=wanted.created_by,
                available="Provisioned",
                healthy="Healthy",
                finalizers=(CONTROLLER_FINALIZER,),
            )
            ids.append(self._store.write(project, now).id)
        return JSONResponse({"ids": ids}, HTTPStatus.CREATED)

    async def _edit_project(self, request: Request) -> Response:
        wanted = await body_of(EditProject, request)
        now = self._now()
        project = self._project(request)
        changes: dict[str, Any] = {}
        for name in wanted.model_fields_set:
            value = getattr(wanted, name)
            changes[name] = _pairs(value) if name == "tags" else value
        self._store.write(replace(project, modified_time=now, modified_by=SOMEBODY, **changes), now)
        return nothing()

    async def _remove_project(self, request: Request) -> Response:
        now = self._now()
        self._remove(self._project(request), now, at_once=_at_once(request.query_params))
        return nothing()

    async def _remove_projects(self, request: Request) -> Response:
        now = self._now()
        for project in list(self._store.all(Project)):
            self._remove(project, now, at_once=_at_once(request.query_params))
        return nothing()

    def _remove(self, project: Project, now: float, *, at_once: bool) -> None:
        if at_once:
            self._store.remove(Project, project.id, now)
        else:
            self._state.delete(project, now)

    async def _add_reference(self, request: Request) -> Response:
        now = self._now()
        project = self._project(request)
        reference = request.path_params["reference"]
        if reference not in project.finalizers:
            self._store.write(replace(project, finalizers=(*project.finalizers, reference)), now)
        return nothing()

    async def _remove_reference(self, request: Request) -> Response:
        now = self._now()
        project = self._project(request)
        if request.path_params["reference"] in project.finalizers:
            self._store.drop_finalizer(project, request.path_params["reference"], now)
        return nothing()

    async def _make_group(self, request: Request) -> Response:
        wanted = await body_of(MakeGroup, request)
        role_ids = tuple(ROLES[role].id if role in ROLES else role for role in wanted.roles)
        organization_id = wanted.organization_id or self._identity.organization_id
        group = add_group(self._state, organization_id, wanted.name, self._now(), role_ids=role_ids)
        return JSONResponse({"id": group.id}, HTTPStatus.CREATED)

    async def _remove_group(self, request: Request) -> Response:
        now = self._now()
        group = self._store.get(Group, request.path_params["id"])
        if group is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no group with this id")
        self._state.catch_up()
        try:
            unlink_group(self._state, group.organization_id, group.id, now)
        except Refusal as refusal:
            raise HTTPException(HTTPStatus.CONFLICT, refusal.description) from None
        self._store.remove(Group, group.id, now)
        return nothing()

    async def _make_service_account(self, request: Request) -> Response:
        wanted = await body_of(MakeServiceAccount, request)
        if wanted.role and wanted.role not in ROLES:
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"role: must be empty or one of {', '.join(ROLES)}")
        organization_id = wanted.organization_id or self._identity.organization_id
        credential = add_service_account(self._state, organization_id, wanted.name, wanted.role, self._now())
        # A credential that is handed out is one that works: its group must be seen.
        self._state.catch_up()
        self._state.forget_rights()
        return document(
            CredentialDocument(
                service_account_id=credential.service_account_id,
                organization_id=organization_id,
                token=credential.token,
            )
        )

    async def _remove_service_account(self, request: Request) -> Response:
        now = self._now()
        self._store.remove(ServiceAccount, self._account(request).id, now)
        return nothing()

    async def _rotate(self, request: Request) -> Response:
        now = self._now()
        account = rotate(self._state, self._account(request), now)
        return document(
            CredentialDocument(
                service_account_id=account.id, organization_id=account.organization_id, token=account.token
            )
        )

    async def _revoke(self, request: Request) -> Response:
        self._state.revoked.add(self._account(request).id)
        self._state.forget_rights()
        return nothing()

    async def _restore(self, request: Request) -> Response:
        self._state.revoked.discard(self._account(request).id)
        self._state.forget_rights()
        return nothing()

    async def _make_session(self, request: Request) -> Response:
        wanted = await body_of(MakeSession, request)
        if wanted.role not in ROLES:
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"role: must be one of {', '.join(ROLES)}")
        organization_id = wanted.organization_id or self._identity.organization_id
        session = add_session(self._state, organization_id, wanted.email, wanted.role, self._now())
        self._state.catch_up()
        self._state.forget_rights()
        return document(
            SessionDocument(
                client_id=session.client_id, client_secret=session.client_secret, refresh_token=session.refresh_token
            )
        )

    async def _make_organization(self, request: Request) -> Response:
        wanted = await body_of(MakeOrganization, request)
        organization = add_organization(self._state, wanted.name, self._now(), ready=wanted.ready)
        return JSONResponse({"id": organization.id}, HTTPStatus.CREATED)

    async def _edit_organization(self, request: Request) -> Response:
        wanted = await body_of(EditOrganization, request)
        now = self._now()
        organization = self._store.get(Organization, request.path_params["id"])
        if organization is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no organization with this id")
        changes: dict[str, Any] = wanted.model_dump(exclude_none=True)
        self._store.write(replace(organization, **changes), now)
        return nothing()

    def _project(self, request: Request) -> Project:
        project = self._store.get(Project, request.path_params["id"])
        if project is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no project with this id")
        return project

    def _account(self, request: Request) -> ServiceAccount:
        account = self._store.get(ServiceAccount, request.path_params["id"])
        if account is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no service account with this id")
        return account


def _at_once(query: Mapping[str, str]) -> bool:
    return query.get("atOnce", "false") == "true"
