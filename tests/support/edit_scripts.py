"""What people do to a few Projects, one thing after the other, made from the schema: the same for the same seed."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from simulation.families import Family
from spec_values import Setting, Spec, edited, is_valid, specs, spoiled

NAMES: Final = ("shop", "mail", "wiki")
STEPS: Final = 12
WHATS: Final = ("write", "write", "write", "write", "spoil", "spoil", "delete", "drift", "kill", "revoke")
HELD: Final = 0.6
"""How many of the specs are made such that the backend can hold them."""


@dataclass(frozen=True)
class Edit:
    """One thing that is done; ``what`` is "write", "spoil" (which the API server refuses), "delete", "drift" (somebody
    changes the project in the backend), "kill" (of the operator) or "revoke" (of its credential, for a moment).
    """

    what: str
    name: str = ""
    spec: Any = None


@dataclass(frozen=True)
class Script:
    """Edits in order, and what was written last of the Projects that were not deleted."""

    edits: tuple[Edit, ...]
    last: dict[str, Spec]


def scripts(family: Family, setting: Setting, number: int, count: int) -> list[Script]:
    """``count`` scripts that the seed ``number`` gives."""
    taken, refused = specs(setting), spoiled(setting)
    found: list[Script] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def draw(data: st.DataObject) -> None:
        # Drawn one by one, what is done would be dull in the first scripts: they are the shortest that there are.
        dice = Random(number + data.draw(st.integers(0, 2**32)))  # noqa: S311 - to be repeated
        writer = _Writer(family)
        for name in NAMES:
            writer.write(name, data.draw(taken))
        for _ in range(STEPS):
            what, name = dice.choice(WHATS), dice.choice(NAMES)
            match what:
                case "write":
                    writer.write(name, data.draw(taken), held=dice.random() < HELD)
                case "spoil":
                    writer.note(Edit(what, name, data.draw(refused)))
                case "delete":
                    writer.delete(name)
                case _:
                    writer.note(Edit(what, name))
        found.append(writer.script())

    draw()
    return found


class _Writer:
    """Keeps to what an API server takes, and to what can be compared with a life that had only its end: a list that a
    spec no longer manages is never managed again.
    """

    def __init__(self, family: Family) -> None:
        self._family = family
        self._edits: list[Edit] = []
        self._last: dict[str, Spec] = {}
        self._released: dict[str, set[str]] = {name: set() for name in NAMES}
        self._gone: set[str] = set()

    def note(self, edit: Edit) -> None:
        if edit.name not in self._gone:
            self._edits.append(edit)

    def write(self, name: str, spec: Spec, *, held: bool = True) -> None:
        spec = self._family.held(spec, name) if held else spec
        before = self._last.get(name, {})
        if before:
            spec = edited(before, spec)
        released = self._released[name]
        spec = {"name": name} | {field: value for field, value in spec.items() if field not in released}
        released |= {field for field in ("tags", "groups") if field in before and field not in spec}
        if name not in self._gone and is_valid(spec):
            self._last[name] = spec
            self.note(Edit("write", name, spec))

    def delete(self, name: str) -> None:
        if name in self._last:
            self.note(Edit("delete", name, self._last.pop(name)))
            self._gone.add(name)

    def script(self) -> Script:
        for name, spec in list(self._last.items()):
            self.write(name, self._family.held(spec, name) | {"managementPolicy": "Manage", "suspend": False})
        return Script(tuple(self._edits), dict(self._last))
