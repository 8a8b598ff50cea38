"""The admin interface of the embedded nscale server, as a typed blocking client."""

from typing import Any
from urllib.parse import quote

from project_operator.sandbox.identity.admin_client import AdminClient
from project_operator.sandbox.identity.nscale.admin_models import (
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
from project_operator.sandbox.identity.nscale.settings import NscaleSettings


class NscaleAdminClient(AdminClient):
    """Everything that can be done to the server from outside its API."""

    def about(self) -> About:
        """Organization, credential and the platform administrator's token."""
        return About.model_validate_json(self._call("GET", "/about").content)

    def settings(self) -> NscaleSettings:
        """The settings in force."""
        return NscaleSettings.model_validate_json(self._call("GET", "/settings").content)

    def configure(self, **changes: Any) -> NscaleSettings:
        """Change settings, named as in `NscaleSettings`; those left out stay. The settings in force then."""
        return self._configure(NscaleSettings, changes)

    def catch_up(self) -> None:
        """Let reads see the present state now, whatever their lag."""
        self._call("POST", "/catch-up")

    def state(self) -> Snapshot:
        """The true state, without lag."""
        return Snapshot.model_validate_json(self._call("GET", "/state").content)

    def projects(self, name: str | None = None) -> list[ProjectSnapshot]:
        """True projects, all or those called ``name``, sorted by id."""
        return [project for project in self.state().projects if name in (None, project.name)]

    def make_projects(self, count: int = 1, **fields: Any) -> list[str]:
        """Make provisioned projects behind the API's back; fields as in `MakeProjects`. Their ids."""
        if tags := fields.pop("tags", None):
            fields["tags"] = tuple(TagModel(name=key, value=value) for key, value in tags.items())
        ids: list[str] = self._call("POST", "/projects", MakeProjects(count=count, **fields)).json()["ids"]
        return ids

    def edit_project(self, project_id: str, **fields: Any) -> None:
        """Change a project as another user would; fields as in `EditProject`, tags as a mapping."""
        if (tags := fields.pop("tags", None)) is not None:
            fields["tags"] = tuple(TagModel(name=key, value=value) for key, value in tags.items())
        body = EditProject(**fields).model_dump(mode="json", by_alias=True, exclude_unset=True)
        self._call("PATCH", f"/projects/{project_id}", body)

    def remove_project(self, project_id: str, *, at_once: bool = False) -> None:
        """Delete a project as another user would, or make it vanish at once."""
        self._call("DELETE", f"/projects/{project_id}", query={"atOnce": str(at_once).lower()})

    def remove_all_projects(self, *, at_once: bool = True) -> None:
        """The same for all projects."""
        self._call("DELETE", "/projects", query={"atOnce": str(at_once).lower()})

    def add_reference(self, project_id: str, reference: str) -> None:
        """Block the project's deletion."""
        self._call("PUT", f"/projects/{project_id}/references/{quote(reference, safe='')}")

    def remove_reference(self, project_id: str, reference: str) -> None:
        """Unblock the project's deletion."""
        self._call("DELETE", f"/projects/{project_id}/references/{quote(reference, safe='')}")

    def make_group(self, name: str, *roles: str, organization_id: str | None = None) -> str:
        """A group with roles by name; its id."""
        group = MakeGroup(name=name, roles=roles, organization_id=organization_id)
        return str(self._call("POST", "/groups", group).json()["id"])

    def remove_group(self, group_id: str) -> None:
        """Delete a group; projects lose it silently."""
        self._call("DELETE", f"/groups/{group_id}")

    def make_service_account(
        self, name: str, role: str = "administrator", *, organization_id: str | None = None
    ) -> CredentialDocument:
        """A service account with one role (empty: none) and a token that works at once."""
        account = MakeServiceAccount(name=name, role=role, organization_id=organization_id)
        return CredentialDocument.model_validate_json(self._call("POST", "/service-accounts", account).content)

    def remove_service_account(self, account_id: str) -> None:
        """Delete a service account; its token is dead."""
        self._call("DELETE", f"/service-accounts/{account_id}")

    def rotate(self, account_id: str) -> CredentialDocument:
        """Replace a token; the old one is refused from now on."""
        return CredentialDocument.model_validate_json(
            self._call("POST", f"/service-accounts/{account_id}/rotate").content
        )

    def revoke(self, account_id: str) -> None:
        """Take all rights from a service account, at once: its LIST answers ``[]``."""
        self._call("POST", f"/service-accounts/{account_id}/revoke")

    def restore(self, account_id: str) -> None:
        """Give the rights back."""
        self._call("POST", f"/service-accounts/{account_id}/restore")

    def make_session(self, email: str, role: str = "administrator") -> SessionDocument:
        """A person with one role who has signed in; the refresh token works once, at once."""
        return SessionDocument.model_validate_json(
            self._call("POST", "/sessions", MakeSession(email=email, role=role)).content
        )

    def make_organization(self, name: str, *, ready: bool = True) -> str:
        """Another organization; its id."""
        return str(self._call("POST", "/organizations", MakeOrganization(name=name, ready=ready)).json()["id"])

    def edit_organization(self, organization_id: str, *, name: str | None = None, ready: bool | None = None) -> None:
        """Rename an organization, or take away or give back its namespace."""
        self._call("PATCH", f"/organizations/{organization_id}", EditOrganization(name=name, ready=ready))
