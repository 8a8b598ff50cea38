"""Argo CD on a bench: its Lua with what scripts from argocd-cm may use, and what it does before it runs one.

LuaJIT speaks the Lua that Argo CD's interpreter does, 5.1 with `goto`. Argo CD opens the libraries base, table and
package, and an `os` of `time` and `date` (its `util/lua`); a script has one second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lupa import luajit21

from project_operator.api.names import GROUP

ROOT: Final = Path(__file__).resolve().parents[2]
CUSTOMIZATIONS: Final = ROOT / "deploy" / "argocd" / "resource_customizations" / GROUP
_LIMITS: Final = """
    jit.off()
    local clock, seconds = os.clock, ...
    local deadline = clock() + seconds
    debug.sethook(function()
        if clock() > deadline then error("the script takes longer than " .. seconds .. " s") end
    end, "", 1000)
    debug.setmetatable("", nil)
    for _, name in ipairs({"string", "math", "io", "debug", "coroutine", "jit", "bit", "ffi", "python"}) do
        _G[name] = nil
        package.loaded[name] = nil
    end
    os = {time = os.time, date = os.date}
    package.loaded.os = os
"""


@dataclass(frozen=True)
class Health:
    """What Argo CD shows of an object."""

    status: str
    message: str


def run(script: str, obj: Mapping[str, Any], *, seconds: float = 1.0) -> Any:
    """What a script returns for an object, as Python's own types; Argo CD waits for it for one second.

    Raises luajit21.LuaError where it fails, or takes longer.
    """
    lua = luajit21.LuaRuntime()
    lua.execute(_LIMITS, seconds)
    lua.execute("obj = ...", lua.table_from(obj, recursive=True))
    return _plain(lua.execute(script))


def health(obj: Mapping[str, Any]) -> Health:
    """The health of an object of ours; that of one that is being deleted no script decides."""
    if obj["metadata"].get("deletionTimestamp"):
        finalizers = obj["metadata"].get("finalizers")
        blocked = f"; blocked by finalizers: {', '.join(finalizers)}" if finalizers else ""
        return Health("Progressing", f"Pending deletion{blocked}")
    said = run((CUSTOMIZATIONS / obj["kind"] / "health.lua").read_text(encoding="utf-8"), obj)
    return Health(said["status"], said.get("message", ""))


def action(name: str, obj: Mapping[str, Any]) -> Any:
    """An object of ours after an action of its kind."""
    script = CUSTOMIZATIONS / obj["kind"] / "actions" / name / "action.lua"
    return run(script.read_text(encoding="utf-8"), obj)


def _plain(value: Any) -> Any:
    if luajit21.lua_type(value) != "table":
        return value
    entries = dict(value)
    if entries and set(entries) == set(range(1, len(entries) + 1)):
        return [_plain(entries[number]) for number in range(1, len(entries) + 1)]
    return {key: _plain(entry) for key, entry in entries.items()}
