"""What GitOps tools say of each stage in the life of an object of ours: the table, and the recorded snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import argo_cd
import yaml
from kstatus import kstatus, wait_returns

TABLE: Final = argo_cd.ROOT / "tests" / "gitops" / "lifecycle.yaml"


@dataclass(frozen=True)
class Verdicts:
    """What each tool says of an object."""

    kstatus: str
    health: str
    wait: bool


@dataclass(frozen=True)
class Row:
    """A row of the table: a stage in the life of an object."""

    kind: str
    name: str
    situation: str
    expected: Verdicts

    @property
    def path(self) -> Path:
        """Where the snapshot of this stage lies."""
        return argo_cd.CUSTOMIZATIONS / self.kind / "testdata" / f"{self.name}.yaml"

    def snapshot(self) -> dict[str, Any]:
        """The object at this stage, as it was recorded."""
        recorded: dict[str, Any] = yaml.load(self.path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        return recorded


def verdicts(obj: Mapping[str, Any]) -> Verdicts:
    """What the tools say of an object."""
    return Verdicts(kstatus(obj), argo_cd.health(obj).status, wait_returns(obj))


def rows() -> tuple[Row, ...]:
    """The table."""
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return tuple(
        Row(kind, name, row.pop("situation"), Verdicts(**row)) for kind, of in table.items() for name, row in of.items()
    )


ROWS: Final = rows()


def row(kind: str, name: str) -> Row:
    """The row of a stage."""
    return next(one for one in ROWS if (one.kind, one.name) == (kind, name))
