"""Whatever people write, in whatever order, on the real API server: what counts in the end is what they wrote last.

`tests/unit/runtime/test_random_edits.py` does the same thousands of times with the core alone. Here the API server has
its say about every spec, the operator is a process that is killed, and the identity server is the embedded one. Two
oracles look at the end of each script: what came of it is what comes of the last specs alone, of Projects that are new
(so what was refused, or wrong, before leaves nothing behind); and then nothing is written any more.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from edit_scripts import Edit, Script, scripts
from operator_process import QUICK, OperatorProcess
from scenario import Scenario, condition
from simulation.families import FAMILIES
from spec_values import Setting, Spec
from waiting import wait_until

from project_operator.api import names
from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.api.marks import ORPHANED, Mark
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS
from project_operator.sandbox.controlplane.plane import ControlPlane

NSCALE: Final = FAMILIES["nscale"]
AT_ONCE: Final = 20
"""Scripts that are drawn at a time."""
WITHIN: Final = 90.0
_REFUSED: Final = httpx.codes.UNPROCESSABLE_ENTITY


@pytest.fixture
def scene(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Scenario]:
    """An operator of its own, with a backend that is Ready."""
    log = tmp_path / "operator.log"
    control_plane.kubectl("apply", "--server-side", "-k", "crds/")
    control_plane.wait_established(*(crd_name(kind) for kind in KINDS))
    with OperatorProcess(control_plane.kubeconfig, log, QUICK) as operator:
        made = Scenario(control_plane, operator.wait_ready(), None, "soak")
        made.open()
        try:
            made.objects.create(SECRETS, made.secret())
            made.objects.create(IDENTITY_BACKENDS, made.backend())
            made.wait_ready("default", kind="IdentityBackend")
            yield made
        finally:
            made.close()


def test_what_counts_is_what_was_written_last(
    scene: Scenario, soak_seconds: float, soak_seed: int, record_property: Callable[[str, object], None]
) -> None:
    begun = time.monotonic()
    done, ends, turns = Counter[str](), Counter[str](), 0
    setting = _setting(scene)
    while time.monotonic() - begun < soak_seconds:
        drawn = scripts(NSCALE, setting, soak_seed + turns // AT_ONCE, AT_ONCE)
        for script in drawn:
            if time.monotonic() - begun >= soak_seconds:
                break
            try:
                ends += _told(scene, script, done)
            except BaseException as error:
                error.add_note(f"seed {soak_seed}, script {turns}: {script}")
                if isinstance(error, httpx.HTTPStatusError):
                    error.add_note(f"the API server: {error.response.text}")
                error.add_note(scene.report())
                raise
            turns += 1
    minutes = (time.monotonic() - begun) / 60
    told = ", ".join(f"{count} {what}" for what, count in sorted(done.items()))
    reasons = ", ".join(f"{count} {reason}" for reason, count in ends.most_common())
    record_property("figures", f"seed {soak_seed}, {minutes:.1f} min, {turns} scripts ({told}); compared: {reasons}")
    assert turns, "not one script was told"
    assert ends["Succeeded"] >= ends.total() / 2, "too few were Ready to see anything"


def _setting(scene: Scenario) -> Setting:
    admin = scene.identity.admin
    ids = tuple(admin.make_group(name, "reader") for name in ("dev", "ops"))
    return Setting({**NSCALE.setting.words, "groups[].id": ids}, NSCALE.setting.absent, NSCALE.setting.present)


def _told(scene: Scenario, script: Script, done: Counter[str]) -> Counter[str]:
    """Tell one script and compare its end; how many Projects ended how."""
    for edit in script.edits:
        _do(scene, edit)
        done[edit.what] += 1
        _one_mark_each(scene)
    for name, spec in script.last.items():
        scene.objects.create(PROJECTS, scene.project(f"new-{name}", **spec))

    def equal() -> bool:
        return all(
            _outcome(scene, name, spec) == _outcome(scene, f"new-{name}", spec) for name, spec in script.last.items()
        )

    def settled() -> bool:
        known = [_outcome(scene, f"new-{name}", spec) for name, spec in script.last.items()]
        return all(one["reason"] not in {"", "Progressing", "BackendNotReady"} for one in known)

    wait_until(lambda: settled() and equal(), "what was edited to be as what is new", within=WITHIN)
    _nothing_is_written(scene)
    ends = Counter(_outcome(scene, name, spec)["reason"] for name, spec in script.last.items())
    _clear(scene)
    return ends


def _do(scene: Scenario, edit: Edit) -> None:
    match edit.what:
        case "write":
            _write(scene, edit.name, edit.spec)
        case "spoil":
            with pytest.raises(httpx.HTTPStatusError) as refused:
                _replace(scene, edit.name, edit.spec)
            assert refused.value.response.status_code in {httpx.codes.BAD_REQUEST, _REFUSED}
        case "delete":
            _delete(scene, edit.name)
        case "drift":
            known = (scene.find(edit.name) or {}).get("status", {}).get("id")
            if known in {one.id for one in scene.identity.admin.projects() if one.deletion_time is None}:
                scene.identity.admin.edit_project(known, description="somebody's")
        case "kill":
            scene.operator.kill()
            scene.operator.start()
        case "revoke":
            account = scene.identity.service_account_id
            scene.identity.admin.revoke(account)
            wait_until(lambda: not _is_ready(scene.get("default", "IdentityBackend")), "the revocation to be seen")
            scene.identity.admin.restore(account)


def _write(scene: Scenario, name: str, spec: Spec) -> None:
    """What is to be only observed has to be there: the API server refuses it before."""
    there = scene.find(name)
    if spec.get("managementPolicy") == "Observe" and not (there or {}).get("status", {}).get("id"):
        spec = {field: value for field, value in spec.items() if field != "managementPolicy"}
    if there is None:
        scene.objects.create(PROJECTS, scene.project(name, **spec))
    else:
        _replace(scene, name, spec)


def _replace(scene: Scenario, name: str, spec: Any) -> None:
    """`kubectl replace`, as far as the spec goes."""
    before = scene.get(name)["spec"]
    scene.objects.patch(PROJECTS, name, {"spec": _instead(before, spec)})


def _instead(before: Any, after: Any) -> Any:
    """The merge patch that makes ``after`` of ``before``."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return after
    gone = {key: None for key in before if key not in after}
    return gone | {key: _instead(before.get(key), value) for key, value in after.items()}


def _delete(scene: Scenario, name: str) -> None:
    free = {"deletionProtection": False, "suspend": False}
    scene.objects.patch(PROJECTS, name, {"spec": free})
    scene.delete(name)


def _is_ready(obj: dict[str, Any]) -> bool:
    return bool(condition(obj, "Ready").get("status") == "True")


def _outcome(scene: Scenario, name: str, spec: Spec) -> dict[str, Any]:
    """What became of ``spec``, without what differs between any two Projects."""
    obj = scene.get(name)
    status, ready = obj.get("status", {}), condition(obj, "Ready")
    current = ready.get("observedGeneration") == obj["metadata"]["generation"]
    stalled = condition(obj, "Stalled").get("reason")
    told = {
        "reason": ready.get("reason", "") if current else "",
        "ready": ready.get("status"),
        "stalled": stalled,
        "deletionPolicy": status.get("deletionPolicy"),
    }
    if not (current and _is_ready(obj)):
        return told
    remote = next((one for one in scene.identity.admin.projects() if one.id == status["id"]), None)
    assert remote is not None, f"{name} is Ready, and its project is not there"
    managed: dict[str, Any] = {"name": remote.name}
    if "description" in spec:
        managed["description"] = remote.description or ""
    if "tags" in spec:
        managed["tags"] = sorted((one.name, one.value) for one in remote.tags if one.name != names.MARK_TAG)
    if "groups" in spec:
        managed["groups"] = sorted(remote.group_ids)
    rest = {field: status.get(field) for field in ("operation", "drift", "plan", "condemned", "healthStatus")}
    return told | {"managed": managed, "rest": rest}


def _one_mark_each(scene: Scenario) -> None:
    """I1, at any time."""
    marks = Counter(one.tag(names.MARK_TAG) for one in scene.identity.admin.projects() if one.deletion_time is None)
    assert [mark for mark, count in marks.items() if mark and mark != ORPHANED and Mark.parse(mark) and count > 1] == []


def _nothing_is_written(scene: Scenario) -> None:
    """For three intervals of the backend object."""

    def versions() -> dict[str, str]:
        return {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in scene.objects.list(PROJECTS)}

    def still() -> bool:
        before, start = versions(), scene.last_call()
        scene.wait_for_listings(3)
        return before == versions() and not scene.calls(after=start)

    wait_until(still, "everything to stand still", within=WITHIN)


def _clear(scene: Scenario) -> None:
    """People let everything go; what policies leave in the backend goes too."""
    for raw in scene.objects.list(PROJECTS):
        if "deletionTimestamp" not in raw["metadata"]:
            _delete(scene, raw["metadata"]["name"])
    wait_until(lambda: not scene.objects.list(PROJECTS), "every Project to be gone", within=WITHIN)
    scene.identity.admin.remove_all_projects()
