"""The admin interface of the embedded IAM from the other side."""

from typing import Any

from project_operator.sandbox.identity.admin_client import AdminClient
from project_operator.sandbox.identity.otc.admin_models import (
    About,
    Made,
    MakeGroup,
    MakeProjects,
    MakeRole,
    Rights,
    Snapshot,
)
from project_operator.sandbox.identity.otc.settings import OTCSettings


class OTCAdminClient(AdminClient):
    """Each method raises SandboxError where the server refuses or does not answer."""

    def about(self) -> About:
        """What a client needs to know."""
        return About.model_validate_json(self._call("GET", "/about").content)

    def configure(self, **changes: Any) -> OTCSettings:
        """Change settings, by their Python names; the settings as they are now."""
        return self._configure(OTCSettings, changes)

    def catch_up(self) -> None:
        """Let reads show everything that was written."""
        self._call("POST", "/catch-up")

    def state(self) -> Snapshot:
        """All that there is, the vendor's own projects included."""
        return Snapshot.model_validate_json(self._call("GET", "/state").content)

    def make_projects(self, wanted: MakeProjects) -> tuple[str, ...]:
        """Projects that somebody else makes; their ids."""
        return Made.model_validate_json(self._call("POST", "/projects", wanted).content).ids

    def edit_project(self, project_id: str, **changes: Any) -> None:
        """What somebody else changes, by the names of `EditProject`."""
        self._call("PATCH", f"/projects/{project_id}", changes)

    def remove_project(self, project_id: str) -> None:
        """Let a project be gone at once."""
        self._call("DELETE", f"/projects/{project_id}")

    def remove_all_projects(self) -> None:
        """Let all projects but the vendor's own be gone."""
        self._call("DELETE", "/projects")

    def make_group(self, name: str) -> str:
        """A group; its id."""
        return Made.model_validate_json(self._call("POST", "/groups", MakeGroup(name=name)).content).ids[0]

    def remove_all_groups(self) -> None:
        """No groups, no roles but the system's, and nobody has any."""
        self._call("DELETE", "/groups")

    def make_role(self, display_name: str, type: str = "XA") -> str:  # noqa: A002 - the vendor's word
        """A policy of the account's own; its id."""
        wanted = MakeRole(display_name=display_name, type=type)
        return Made.model_validate_json(self._call("POST", "/roles", wanted).content).ids[0]

    def set_rights(self, *, administrator: bool) -> None:
        """Whether the user may manage projects."""
        self._call("PUT", "/rights", Rights(administrator=administrator))

    def rotate(self) -> About:
        """A new password; the old one and its tokens are dead."""
        return About.model_validate_json(self._call("POST", "/credentials/rotate").content)

    def end_sessions(self) -> None:
        """Let every token be refused; new ones are to be had."""
        self._call("DELETE", "/sessions")

    def fail_over(self) -> None:
        """Let every token be answered with 410; new ones are to be had."""
        self._call("POST", "/fail-over")
