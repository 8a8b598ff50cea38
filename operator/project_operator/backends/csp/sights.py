"""What one connection has seen of projects, and which of them are people's to manage (V9-4)."""

from collections.abc import Iterable

from project_operator.backends.base import RemoteProject
from project_operator.backends.csp.payloads import CUSTOM, VRN, Sight


class Sights:
    """The last sight of each project. Belongs to one connection."""

    def __init__(self) -> None:
        self.default_id = ""
        """The own id of the organization's default project (V2-20); "" as long as it is not known."""
        self._by_id: dict[str, Sight] = {}

    def replace(self, sights: Iterable[Sight]) -> tuple[RemoteProject, ...]:
        """A list was read; the projects in it that may be managed."""
        self._by_id = {sight.project.id: sight for sight in sights}
        return tuple(sight.project for sight in self._by_id.values() if not self.why_not(sight))

    def saw(self, sight: Sight) -> None:
        """A read showed it, or it was just made."""
        self._by_id[sight.project.id] = sight

    def lost(self, project_id: str) -> None:
        """It is not there."""
        self._by_id.pop(project_id, None)

    def why_not(self, sight: Sight) -> str:
        """Why a project is not managed; "" where it may be."""
        if sight.project.id == self.default_id:
            return "it is the organization's default project"
        if sight.type not in {CUSTOM, ""}:
            return f"it is of the type {sight.type}, and so none of those that people make"
        if not (sight.type or self.default_id):
            return (
                "its type is not told, and it may be the organization's default project, which this credential is not"
                " shown"
            )
        return ""

    def of(self, project_id: str) -> Sight | None:
        """The last sight of a project."""
        return self._by_id.get(project_id)

    def sharing_vrn(self, project_id: str, vrn: str) -> tuple[str, ...]:
        """The ids of other projects with this VRN."""
        return tuple(
            other
            for other, sight in self._by_id.items()
            if other != project_id and sight.project.content.particulars.get(VRN) == vrn
        )
