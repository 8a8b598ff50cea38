"""Names of projects and the region that each begins with (T1-9, T8-2, T8-3)."""

from dataclasses import dataclass

from project_operator.api.v1alpha1.otc import RegionPrefix


@dataclass(frozen=True, slots=True)
class RegionNames:
    """How names go over the wire for one region."""

    region: str
    mode: RegionPrefix = RegionPrefix.CHECK

    @property
    def prefix(self) -> str:
        """What every name of the region begins with."""
        return f"{self.region}_"

    @property
    def prepends(self) -> bool:
        """Whether the prefix is ours to put, and is not shown."""
        return self.mode is RegionPrefix.PREPEND

    def written(self, name: str) -> str:
        """``name`` as IAM has it."""
        return f"{self.prefix}{name}" if self.prepends else name

    def shown(self, wire: str) -> str | None:
        """The name that `written` makes ``wire`` of; None: it is a project of no such name, another region's or the
        vendor's own.
        """
        if not wire.startswith(self.prefix) or wire == self.prefix:
            return None
        return wire.removeprefix(self.prefix) if self.prepends else wire
