"""Each oracle finds what it is for, in evidence made up for it, and nothing where all is well."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from audit import Write
from chaos.evidence import CREATE, Evidence, Wish
from chaos.journal import API_SERVER, Entry
from chaos.oracles import ORACLES, Violation, end_of, ends_as_without_faults, judge
from chaos.sites import Made, Remote
from chaos.wire import Request

from project_operator.api.marks import Mark
from project_operator.api.names import FINALIZER

UID = "00000000-0000-4000-8000-000000000001"
MARK = str(Mark.of(cluster_id="c", namespace="ns", name="web", namespace_uid="n", uid=UID))
SPEC = {"backendRef": {"name": "nscale"}, "description": "one of web"}
STORED = {
    "backendRef": {"kind": "IdentityBackend", "name": "nscale"},
    "description": "one of web",
    "deletionProtection": False,
    "managementPolicy": "Manage",
    "missingPolicy": "Report",
    "suspend": False,
}
WISH = Wish("web", "nscale", CREATE, (SPEC,), {"team": "blue"}, {"example.com/owner": "me"}, "Delete")
READY = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "", "observedGeneration": 1}


def state(*, finalizers: Sequence[str] = (FINALIZER,), deleting: bool = False, **status: Any) -> dict[str, Any]:
    """The Project as the API server shows it."""
    metadata: dict[str, Any] = {
        "name": "web",
        "uid": UID,
        "generation": 1,
        "labels": {"team": "blue"},
        "annotations": {"example.com/owner": "me", "identity.project-operator.dev/backend": "{}"},
        "finalizers": list(finalizers),
    }
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"kind": "Project", "metadata": metadata, "spec": STORED, "status": status}


def asked(
    number: int, place: str, method: str, path: str, body: Any = None, *, status: int | None = 200, **facts: Any
) -> Entry:
    """A request about the Project; the server's answer was there before the next one came."""
    text = json.dumps(body).encode() if body is not None else b""
    effects = int(status is not None and status < 400)
    facts = {"status": status, "answered_at": None if status is None else number, "told": status} | facts
    facts.setdefault("effects", effects)
    return Entry(number, place, Request(method, path, (), text), "web", 0.0, 1, **facts)


def patched(number: int, document: Mapping[str, Any]) -> Entry:
    """A patch that the API server answered with that object."""
    return asked(number, API_SERVER, "PATCH", "/projects/web", {}, document=document)


def remote(project_id: str = "p", *, uid: str = UID, name: str = "web", leaving: bool = False) -> Remote:
    text = json.dumps({"id": project_id, "name": name, "description": f"one of {name}", "mark": uid})
    return Remote(project_id, name, uid, leaving, text)


def written(at: float, verb: str = "patch", subresource: str = "", code: int = 200) -> Write:
    """What the audit log has of a write to the Project."""
    return Write(verb, "projects", subresource, "ns", "web", code, at)


FINALIZED = patched(1, state())
MADE = asked(2, "nscale", "POST", "/projects", {"name": "web", "description": "one of web", "mark": MARK}, status=202)
NAMED = patched(3, state(id="p", provisioningStatus="provisioning"))
DONE = patched(4, state(id="p", provisioningStatus="provisioned", conditions=[READY], observedGeneration=1))
STRANGER = remote("s", uid="", name="stranger")
GOOD = Evidence(
    wishes={"web": WISH},
    entries=(FINALIZED, MADE, NAMED, DONE),
    history={UID: tuple(entry.document for entry in (FINALIZED, NAMED, DONE))},  # type: ignore[misc]  # they are objects
    gone=frozenset(),
    remotes={"nscale": (remote(), STRANGER)},
    planted={"nscale": (STRANGER,)},
    made={"nscale": (Made("web", 2.0),)},
    audited=(written(1.0), written(3.0, subresource="status"), written(4.0, subresource="status")),
    said={"log": "all is well"},
    secrets=frozenset({"hunter2-hunter2"}),
)
LEFT = patched(5, state(finalizers=(), deleting=True, id="p"))
GONE = replace(
    GOOD,
    entries=(*GOOD.entries, LEFT),
    audited=(*GOOD.audited, written(5.0)),
    gone=frozenset({UID}),
    history={
        UID: (
            *GOOD.history[UID],
            state(finalizers=(), deleting=True, id="p", observedGeneration=1, provisioningStatus="provisioned"),
        )
    },
    remotes={"nscale": (STRANGER,)},
)


def with_history(*states: Mapping[str, Any]) -> Evidence:
    return replace(GOOD, history={UID: states})


BROKEN: dict[str, tuple[str, Callable[[], Evidence]]] = {
    "made twice": ("I1", lambda: replace(GOOD, entries=(*GOOD.entries, replace_number(MADE, 5)))),
    "made twice by one request": ("I1", lambda: replace(GOOD, entries=(FINALIZED, twice(MADE), NAMED, DONE))),
    "made twice by the server's own log": (
        "I1",
        lambda: replace(GOOD, made={"nscale": (Made("web", 2.0), Made("web", 2.5))}),
    ),
    "made past the proxy": ("logs", lambda: replace(GOOD, made={"nscale": (Made("", 0.0), Made("", 0.0))})),
    "held twice": ("I1", lambda: replace(GOOD, remotes={"nscale": (remote(), remote("q"), STRANGER)})),
    "held for nobody": (
        "I2",
        lambda: replace(GOOD, remotes={"nscale": (remote(), remote("q", uid="", name="other"), STRANGER)}),
    ),
    "held in another place": (
        "I2",
        lambda: replace(
            GOOD, remotes={**GOOD.remotes, "k5": (remote("q", uid=""),)}, planted={**GOOD.planted, "k5": ()}
        ),
    ),
    "held for one that is gone": ("I2", lambda: replace(GONE, remotes={"nscale": (remote(), STRANGER)})),
    "a stranger was changed": (
        "I3",
        lambda: replace(GOOD, remotes={"nscale": (remote(), replace(STRANGER, text="{}"))}),
    ),
    "a stranger was deleted": ("I3", lambda: replace(GOOD, remotes={"nscale": (remote(),)})),
    "a stranger was to be changed": (
        "I3",
        lambda: replace(GOOD, entries=(*GOOD.entries, asked(5, "nscale", "PUT", "/projects/s", {}, status=403))),
    ),
    "taken for gone": (
        "I4",
        lambda: with_history(state(id="p", conditions=[{"type": "Ready", "reason": "Missing"}])),
    ),
    "made anew for it": ("I4", lambda: with_history(state(goneIDs=["p"]))),
    "no finalizer": ("I5", lambda: replace(GOOD, entries=(MADE, NAMED, DONE))),
    "a finalizer that nobody confirmed": (
        "I5",
        lambda: replace(GOOD, entries=(late(FINALIZED, 2), MADE, NAMED, DONE)),
    ),
    "made before a patch was accepted": ("I5", lambda: replace(GOOD, made={"nscale": (Made("web", 0.5),)})),
    "made with no patch accepted": (
        "I5",
        lambda: replace(GOOD, audited=(written(1.0, code=409),)),
    ),
    "made after the end": ("I6", lambda: replace(GONE, entries=(*GONE.entries, replace_number(MADE, 6)))),
    "left with the finalizer": ("I6", lambda: replace(GONE, remotes={"nscale": (remote(), STRANGER)})),
    "Ready before it was done": ("I7", lambda: replace(GOOD, entries=(FINALIZED, late(MADE, 4), NAMED, DONE))),
    "Ready and never done": ("I7", lambda: replace(GOOD, entries=(FINALIZED, unanswered(MADE), NAMED, DONE))),
    "never settled": ("I8", lambda: replace(GOOD, unsettled={"web": "Progressing"})),
    "written in the quiet": ("I8", lambda: replace(GOOD, quiet=(DONE,))),
    "written in the quiet by the audit log": ("I8", lambda: replace(GOOD, quiet_audited=(written(9.0),))),
    "a secret in the log": ("I10", lambda: replace(GOOD, said={"log": "token hunter2-hunter2 refused"})),
    "a secret in status": ("I10", lambda: with_history(state(id="hunter2-hunter2"))),
    "a secret sent to the API server": (
        "I10",
        lambda: replace(
            GOOD, entries=(*GOOD.entries, asked(5, API_SERVER, "POST", "/events", {"note": "hunter2-hunter2"}))
        ),
    ),
    "the id changes": ("I12", lambda: with_history(state(id="p"), state(id="q"))),
    "the id is cleared": ("I12", lambda: with_history(state(id="p"), state())),
    "back to pending": (
        "I12",
        lambda: with_history(state(provisioningStatus="provisioned"), state(provisioningStatus="pending")),
    ),
    "an older generation": ("I12", lambda: with_history(state(observedGeneration=2), state(observedGeneration=1))),
    "both conditions": (
        "I12",
        lambda: with_history(state(conditions=[{"type": "Stalled"}, {"type": "Reconciling"}])),
    ),
    "spec rewritten": ("I13", lambda: with_history({**state(), "spec": {**STORED, "description": "ours"}})),
    "replaced by the audit log": (
        "I13",
        lambda: replace(GOOD, audited=(*GOOD.audited[:2], written(4.0, verb="update"))),
    ),
    "patched past the proxy": ("logs", lambda: replace(GOOD, audited=(*GOOD.audited, written(5.0)))),
    "a label taken": ("I13", lambda: with_history(without("labels"))),
    "deleted, and nobody asked for it": (
        "I14",
        lambda: replace(GOOD, entries=(*GOOD.entries, asked(5, "nscale", "DELETE", "/projects/p", status=202))),
    ),
    "an annotation taken": ("I13", lambda: with_history(without("annotations"))),
}


def replace_number(entry: Entry, number: int) -> Entry:
    return replace(entry, number=number, answered_at=number)


def twice(entry: Entry) -> Entry:
    return replace(entry, passed_on=2, effects=2)


def late(entry: Entry, answered_at: int) -> Entry:
    return replace(entry, answered_at=answered_at)


def unanswered(entry: Entry) -> Entry:
    return replace(entry, status=None, answered_at=None)


def without(field: str) -> dict[str, Any]:
    found = state()
    return {**found, "metadata": {**found["metadata"], field: {}}}


@pytest.mark.parametrize("evidence", [GOOD, GONE], ids=["living", "gone"])
def test_nothing_is_found_where_all_is_well(evidence: Evidence) -> None:
    assert judge(evidence) == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found(name: str) -> None:
    promise, evidence = BROKEN[name]
    found = judge(evidence())
    assert promise in {violation.promise for violation in found}, found


def test_every_oracle_can_fail() -> None:
    """Each finds something in one of those cases, and is the one that finds it."""
    finding = {oracle.__name__ for oracle in ORACLES for _, evidence in BROKEN.values() if list(oracle(evidence()))}
    assert finding == {oracle.__name__ for oracle in ORACLES}


def test_an_end_is_compared_without_what_is_another_each_time() -> None:
    def renamed(text: str) -> str:
        return text.replace("web", "shop")

    same = renamed(end_of(GOOD, WISH))
    reference = {("nscale", CREATE): end_of(GOOD, WISH)}
    assert "web" not in same
    assert list(ends_as_without_faults(GOOD, reference)) == []
    other = replace(GOOD, remotes={"nscale": (replace(remote(), text='{"id": "p", "description": "none"}'), STRANGER)})
    found = list(ends_as_without_faults(other, reference))
    assert [(violation.promise, violation.subject) for violation in found] == [("end", "web")]
    assert isinstance(found[0], Violation)
