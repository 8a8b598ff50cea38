"""The admin interface of the embedded service from the other side."""

from typing import Any

from project_operator.sandbox.identity.admin_client import AdminClient
from project_operator.sandbox.identity.k5.admin_models import (
    About,
    EditProject,
    Made,
    MakeGroup,
    MakeProjects,
    Rights,
    Snapshot,
)
from project_operator.sandbox.identity.k5.settings import K5Settings


class K5AdminClient(AdminClient):
    """Each method raises SandboxError where the server refuses or does not answer."""

    def about(self) -> About:
        """What a client needs to know."""
        return About.model_validate_json(self._call("GET", "/about").content)

    def configure(self, **changes: Any) -> K5Settings:
        """Change settings, by their Python names; the settings as they are now."""
        names = {name: field.alias or name for name, field in K5Settings.model_fields.items()}
        wanted = {names.get(name, name): value for name, value in changes.items()}
        return K5Settings.model_validate_json(self._call("PATCH", "/settings", wanted).content)

    def state(self) -> Snapshot:
        """All that there is, without the project that came with the contract."""
        return Snapshot.model_validate_json(self._call("GET", "/state").content)

    def make_projects(self, wanted: MakeProjects) -> tuple[str, ...]:
        """Projects that somebody else makes, past every rule; their ids."""
        return Made.model_validate_json(self._call("POST", "/projects", wanted).content).ids

    def edit_project(self, project_id: str, wanted: EditProject) -> None:
        """What somebody else changes."""
        self._call("PATCH", f"/projects/{project_id}", wanted)

    def remove_project(self, project_id: str) -> None:
        """Let a project be gone, as no call of the API can."""
        self._call("DELETE", f"/projects/{project_id}")

    def remove_all_projects(self) -> None:
        """Let all projects but the one that came with the contract be gone."""
        self._call("DELETE", "/projects")

    def make_group(self, name: str) -> str:
        """A group; its id."""
        return Made.model_validate_json(self._call("POST", "/groups", MakeGroup(name=name)).content).ids[0]

    def remove_all_groups(self) -> None:
        """No groups."""
        self._call("DELETE", "/groups")

    def set_administrator(self, *, administrator: bool) -> None:
        """Whether the user is the contract's administrator."""
        self._call("PUT", "/rights", Rights(administrator=administrator))

    def rotate(self) -> About:
        """A new password; the old one and its tokens are dead, and the account is not locked."""
        return About.model_validate_json(self._call("POST", "/password/rotate").content)

    def end_sessions(self) -> None:
        """Let every token be refused; new ones are to be had."""
        self._call("DELETE", "/sessions")
