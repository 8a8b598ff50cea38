"""The admin interface of the embedded platform from the other side."""

from typing import Any

from project_operator.sandbox.identity.admin_client import AdminClient
from project_operator.sandbox.identity.csp.admin_models import (
    About,
    Made,
    MakeGroup,
    MakeProjects,
    MakeRole,
    RoleSnapshot,
    Snapshot,
)
from project_operator.sandbox.identity.csp.settings import CSPSettings


class CSPAdminClient(AdminClient):
    """Each method raises SandboxError where the server refuses or does not answer."""

    def about(self) -> About:
        """What a client needs to know."""
        return About.model_validate_json(self._call("GET", "/about").content)

    def configure(self, **changes: Any) -> CSPSettings:
        """Change settings, by their Python names; the settings as they are now."""
        return self._configure(CSPSettings, changes)

    def catch_up(self) -> None:
        """Let reads show everything that was written."""
        self._call("POST", "/catch-up")

    def state(self) -> Snapshot:
        """All that there is, without the default project."""
        return Snapshot.model_validate_json(self._call("GET", "/state").content)

    def make_projects(self, wanted: MakeProjects) -> tuple[str, ...]:
        """Projects that somebody else makes; their ids."""
        return Made.model_validate_json(self._call("POST", "/projects", wanted).content).ids

    def edit_project(self, project_id: str, **changes: Any) -> None:
        """What somebody else changes, by the Python names of `EditProject`."""
        names = {"display_name": "displayName", "parent_id": "parentId"}
        self._call("PATCH", f"/projects/{project_id}", {names.get(name, name): it for name, it in changes.items()})

    def remove_project(self, project_id: str) -> None:
        """Let somebody else delete a project, softly."""
        self._call("DELETE", f"/projects/{project_id}")

    def remove_all_projects(self) -> None:
        """Let all projects but the default one be gone without a trace."""
        self._call("DELETE", "/projects")

    def make_group(self, name: str, *roles: RoleSnapshot) -> str:
        """A group; its id."""
        wanted = MakeGroup(display_name=name, roles=roles)
        return Made.model_validate_json(self._call("POST", "/groups", wanted).content).ids[0]

    def remove_all_groups(self) -> None:
        """No groups, and nobody was written to."""
        self._call("DELETE", "/groups")

    def set_role(self, role: str) -> None:
        """The role of every caller."""
        self._call("PUT", "/role", MakeRole(role=role))

    def rotate(self) -> About:
        """New credentials; the old ones and their access tokens are dead."""
        return About.model_validate_json(self._call("POST", "/credentials/rotate").content)

    def end_sessions(self) -> None:
        """Let every access token be refused; new ones are to be had."""
        self._call("DELETE", "/sessions")
