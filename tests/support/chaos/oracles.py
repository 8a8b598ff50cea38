"""The operator's promises, each as a pure function over what a run left: what it finds is what was broken."""

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chaos.evidence import DELETE, Evidence, Object, Wish
from chaos.journal import API_SERVER, Entry
from project_operator.api.conditions import Reason
from project_operator.api.marks import MARK_PATTERN
from project_operator.api.names import FINALIZER, GROUP, IDENTITY_BACKEND_KIND, PROJECT_PLURAL


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """A promise that was not kept."""

    promise: str
    subject: str
    words: str

    def __str__(self) -> str:
        return f"{self.promise} {self.subject}: {self.words}"


Oracle = Callable[[Evidence], Iterator[Violation]]
Ends = Mapping[tuple[str, str], str]
"""How Projects ended, by backend and operation."""

_NEXT: Final[Mapping[str, frozenset[str]]] = {
    "pending": frozenset({"provisioning", "provisioned", "deprovisioning", "error", "unknown"}),
    "provisioning": frozenset({"provisioned", "deprovisioning", "error", "unknown"}),
    "provisioned": frozenset({"deprovisioning", "error", "unknown"}),
    "deprovisioning": frozenset({"error"}),
    "error": frozenset({"provisioning", "provisioned", "deprovisioning", "unknown"}),
    "unknown": frozenset({"pending", "provisioning", "provisioned", "deprovisioning", "error"}),
}
"""What ``status.provisioningStatus`` may be after what, of one remote project."""


def one_creation_each(evidence: Evidence) -> Iterator[Violation]:
    """I1: at most one project for each Project, at any time: not made twice, not held twice."""
    for uid, entries in _creations(evidence).items():
        if len(entries) > 1:
            numbers = ", ".join(str(entry.number) for entry in entries)
            yield Violation("I1", _name(evidence, uid), f"made {len(entries)} times, in requests {numbers}")
    held: dict[str, list[str]] = defaultdict(list)
    for remote in itertools.chain.from_iterable(evidence.remotes.values()):
        if remote.uid and not remote.leaving:
            held[remote.uid].append(remote.id)
    for uid, ids in held.items():
        if len(ids) > 1:
            yield Violation("I1", _name(evidence, uid), f"has {len(ids)} projects: {', '.join(sorted(ids))}")


def _creations(evidence: Evidence) -> dict[str, list[Entry]]:
    """Those that took effect, each as often as it did, by the uid in the mark."""
    made: dict[str, list[Entry]] = defaultdict(list)
    for entry in evidence.entries:
        if entry.place != API_SERVER and entry.request.method == "POST" and entry.took_effect:
            for found in MARK_PATTERN.finditer(entry.request.body.decode(errors="replace")):
                made[found[4]] += [entry] * entry.effects
    return made


def made_as_the_servers_tell(evidence: Evidence) -> Iterator[Violation]:
    """I1 and I5 by the servers' own logs: no creation went past the proxies, none was made twice, and none began before
    the API server had accepted a first patch of its Project.
    """
    accepted: dict[str, float] = {}
    for write in evidence.audited:
        if (write.verb, write.resource, write.refused) == ("patch", PROJECT_PLURAL, False):
            accepted.setdefault(write.name, write.answered_at)
    for place, made in evidence.made.items():
        passed = sum(
            entry.effects
            for entry in evidence.entries
            if entry.place == place and entry.request.method == "POST" and entry.subject in evidence.wishes
        )
        if len(made) != passed:
            yield Violation("logs", place, f"its own log has {len(made)} creations, and {passed} passed the proxy")
        for name, count in Counter(one.name for one in made if one.name).items():
            if count > 1:
                yield Violation("I1", name, f"made {count} times by the log of {place}")
        for one in made:
            if one.begun and accepted.get(one.name, one.begun) >= one.begun:
                yield Violation("I5", one.name, f"no patch was accepted before it was made at {one.begun}")


def nothing_without_an_owner(evidence: Evidence) -> Iterator[Violation]:
    """I2: whatever an identity server holds was there before, or is a Project's that lives or chose to leave it."""
    before = {remote.id for remotes in evidence.planted.values() for remote in remotes}
    left = {
        evidence.uid(wish.name) for wish in evidence.wishes.values() if wish.deletion_policy in {"Disable", "Orphan"}
    }
    for place, remotes in evidence.remotes.items():
        for remote in remotes:
            if remote.id in before or remote.leaving:
                continue
            wish = evidence.wishes.get(remote.name)
            if wish is None or wish.place != place:
                yield Violation("I2", remote.name, f"{place} holds {remote.id}, which nobody wanted there")
            elif evidence.uid(remote.name) in evidence.gone and evidence.uid(remote.name) not in left:
                yield Violation("I2", remote.name, f"{place} holds {remote.id}, and the Project is gone")


def strangers_untouched(evidence: Evidence) -> Iterator[Violation]:
    """I3: what is nobody's here is as it was, byte for byte, and no change of it was asked for."""
    for place, planted in evidence.planted.items():
        now = {remote.id: remote.text for remote in evidence.remotes[place]}
        for remote in planted:
            if now.get(remote.id) != remote.text:
                yield Violation("I3", remote.name, f"{place}: was {remote.text}, is {now.get(remote.id)}")
            for entry in evidence.entries:
                if entry.place == place and entry.writes and f"/{remote.id}" in entry.request.path:
                    yield Violation("I3", remote.name, f"{place} was asked to change it: {entry}")


def no_absence_believed(evidence: Evidence) -> Iterator[Violation]:
    """I4: nothing goes away here, so nothing is ever taken for gone, whatever a listing or an answer says."""
    for states in evidence.history.values():
        for state in states:
            status = state.get("status") or {}
            missing = any(one.get("reason") == Reason.MISSING for one in status.get("conditions") or [])
            if missing or status.get("goneIDs"):
                words = f"project {status.get('id') or status.get('goneIDs')} was taken for gone"
                yield Violation("I4", state["metadata"]["name"], words)
                break


def finalizer_first(evidence: Evidence) -> Iterator[Violation]:
    """I5: before the first write to the backend the API server has confirmed our finalizer."""
    held: dict[str, int] = {}
    for entry in evidence.entries:
        document = _object(entry)
        if entry.answered_at is not None and document is not None and FINALIZER in _finalizers(document):
            held.setdefault(entry.subject, entry.answered_at)
    for entry in evidence.entries:
        if entry.place != API_SERVER and entry.writes and entry.subject in evidence.wishes and entry.passed_on:
            since = held.get(entry.subject)
            if since is None or since >= entry.number:
                yield Violation("I5", entry.subject, f"no finalizer was confirmed before {entry}")


def finalizer_last(evidence: Evidence) -> Iterator[Violation]:
    """I6: after the finalizer has left nothing is made, and with `Delete` nothing is left."""
    left: dict[str, int] = {}
    for entry in evidence.entries:
        document = _object(entry)
        if document is not None and "deletionTimestamp" in document["metadata"] and not _finalizers(document):
            left.setdefault(entry.subject, entry.number)
    for entry in evidence.entries:
        made = entry.place != API_SERVER and entry.request.method == "POST" and entry.took_effect
        if made and entry.subject in left and (entry.answered_at or 0) > left[entry.subject]:
            yield Violation("I6", entry.subject, f"was made after the finalizer had left: {entry}")
    for wish in evidence.wishes.values():
        uid = evidence.uid(wish.name)
        if wish.deletion_policy == "Delete" and uid in evidence.gone:
            for remote in evidence.remotes[wish.place]:
                if remote.uid == uid and not remote.leaving:
                    yield Violation("I6", wish.name, f"the Project is gone, and {wish.place} holds {remote.id}")


def ready_means_applied(evidence: Evidence) -> Iterator[Violation]:
    """I7: `Ready` for a generation is written only after the backend has done what that generation asks for."""
    for wish in evidence.wishes.values():
        for generation, spec in enumerate(wish.specs, 1):
            phrase = str(spec.get("description", "")).encode()
            done = [
                entry.answered_at
                for entry in evidence.about.get(wish.name, ())
                if entry.place == wish.place
                and entry.writes
                and entry.took_effect
                and entry.answered_at is not None
                and phrase in entry.request.body
            ]
            first = min(done, default=None)
            for entry in evidence.about.get(wish.name, ()):
                document = _object(entry)
                if document is None or _ready_for(document) != generation:
                    continue
                if first is None or first >= entry.number:
                    yield Violation("I7", wish.name, f"generation {generation} is called Ready before it was: {entry}")


def comes_to_rest(evidence: Evidence) -> Iterator[Violation]:
    """I8: when nothing breaks any more everything arrives, and then nothing is written."""
    for name, words in evidence.unsettled.items():
        yield Violation("I8", name, f"did not settle: {words}")
    for entry in evidence.quiet:
        yield Violation("I8", entry.subject, f"written in the quiet: {entry}")
    for write in evidence.quiet_audited:
        yield Violation("I8", write.name, f"written in the quiet, by the audit log: {write}")


def no_secret_told(evidence: Evidence) -> Iterator[Violation]:
    """I10: no secret in logs, Events and objects, nor in what is sent to the API server outside of Secrets."""
    told = dict(evidence.said)
    told["objects"] = json.dumps(list(evidence.history.values()))
    told["requests"] = "\n".join(
        entry.request.body.decode(errors="replace")
        for entry in evidence.entries
        if entry.place == API_SERVER and not entry.subject.startswith("secrets/")
    )
    for secret in evidence.secrets:
        for where, text in told.items():
            if secret in text:
                yield Violation("I10", where, f"holds a secret that begins with {secret[:4]}")


def legal_path(evidence: Evidence) -> Iterator[Violation]:
    """I12: what status says one after the other is a way that a project can go."""
    for states in evidence.history.values():
        for before, after in itertools.pairwise(states):
            for words in _illegal(before.get("status") or {}, after.get("status") or {}):
                yield Violation("I12", after["metadata"]["name"], words)
        for state in states:
            types = {one["type"] for one in (state.get("status") or {}).get("conditions") or []}
            if {"Reconciling", "Stalled"} <= types:
                yield Violation("I12", state["metadata"]["name"], "Reconciling and Stalled at once")


def nothing_deleted_unasked(evidence: Evidence) -> Iterator[Violation]:
    """I14: a backend is asked to delete only what its user has deleted, whatever else goes away meanwhile."""
    for wish in evidence.wishes.values():
        if wish.operation == DELETE:
            continue
        for entry in evidence.about.get(wish.name, ()):
            if entry.place != API_SERVER and entry.request.method == "DELETE" and entry.passed_on:
                yield Violation("I14", wish.name, f"nobody asked for this: {entry}")


def users_own(evidence: Evidence) -> Iterator[Violation]:
    """I13: spec, labels and annotations of users are as they wrote them."""
    for states in evidence.history.values():
        for state in states:
            metadata = state["metadata"]
            wish = evidence.wishes[metadata["name"]]
            theirs = {
                key: value
                for key, value in (metadata.get("annotations") or {}).items()
                if not key.startswith(f"{GROUP}/")
            }
            if not any(_is(state.get("spec"), spec) for spec in wish.specs):
                yield Violation("I13", wish.name, f"spec is {state.get('spec')}")
            if (metadata.get("labels") or {}) != wish.labels or theirs != wish.annotations:
                yield Violation("I13", wish.name, f"labels {metadata.get('labels')}, annotations {theirs}")


def patched_and_nothing_else(evidence: Evidence) -> Iterator[Violation]:
    """I13 by the audit log: of Projects the operator patches object and status, each time through the proxy; it makes,
    replaces and deletes none.
    """
    audited: Counter[str] = Counter()
    for write in evidence.audited:
        if write.resource == PROJECT_PLURAL:
            audited[write.name] += not write.refused
            if (write.verb, write.subresource) not in {("patch", ""), ("patch", "status")}:
                yield Violation("I13", write.name, f"the audit log has {write}")
    for name in evidence.wishes:
        passed = sum(
            entry.effects for entry in evidence.about.get(name, ()) if entry.place == API_SERVER and entry.writes
        )
        if audited[name] != passed:
            yield Violation("logs", name, f"the audit log has {audited[name]} patches, and {passed} passed the proxy")


def ends_as_without_faults(evidence: Evidence, reference: Ends) -> Iterator[Violation]:
    """The end is that of a run in which nothing broke; ``reference`` has it by backend and operation."""
    for wish in evidence.wishes.values():
        expected, found = reference.get((wish.place, wish.operation)), end_of(evidence, wish)
        if expected is not None and found != expected and wish.name not in evidence.unsettled:
            yield Violation("end", wish.name, f"differs from the run without faults:\n  {found}\n  {expected}")


ORACLES: Final[tuple[Oracle, ...]] = (
    one_creation_each,
    made_as_the_servers_tell,
    nothing_without_an_owner,
    strangers_untouched,
    no_absence_believed,
    finalizer_first,
    finalizer_last,
    ready_means_applied,
    comes_to_rest,
    no_secret_told,
    legal_path,
    users_own,
    patched_and_nothing_else,
    nothing_deleted_unasked,
)


def judge(evidence: Evidence, reference: Ends | None = None) -> list[Violation]:
    """All that was broken, sorted."""
    found = [violation for oracle in ORACLES for violation in oracle(evidence)]
    return sorted([*found, *ends_as_without_faults(evidence, reference or {})])


def ends(evidence: Evidence) -> Ends:
    """How each operation ended on each backend: what a reference run is for."""
    return {(wish.place, wish.operation): end_of(evidence, wish) for wish in evidence.wishes.values()}


_DEFAULTS: Final[Mapping[str, Any]] = {
    "deletionProtection": False,
    "managementPolicy": "Manage",
    "missingPolicy": "Report",
    "suspend": False,
}
_VOLATILE: Final = frozenset(
    {"creation_time", "modified_time", "modified_by", "created_by", "deletion_time", "revision", "vrn"}
)
_STATUS_VOLATILE: Final = frozenset({"attempt", "observed", "endpointID"})
_OPAQUE: Final = (
    (MARK_PATTERN, "MARK"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "TIME"),
)


def end_of(evidence: Evidence, wish: Wish) -> str:
    """How a Project ended, without what is another each time: ids, times, names."""
    uid = evidence.uid(wish.name)
    obj = None if uid in evidence.gone or not uid else evidence.history[uid][-1]
    status = (obj or {}).get("status") or {}
    document = {
        "spec": (obj or {}).get("spec"),
        "finalizers": ((obj or {}).get("metadata") or {}).get("finalizers"),
        "status": {key: value for key, value in status.items() if key not in _STATUS_VOLATILE},
        "remotes": sorted(
            json.dumps({key: value for key, value in json.loads(remote.text).items() if key not in _VOLATILE})
            for remote in evidence.remotes[wish.place]
            if remote.name == wish.name and not remote.leaving
        ),
    }
    text = json.dumps(document, sort_keys=True)
    for pattern, word in _OPAQUE:
        text = pattern.sub(word, text)
    backend = wish.specs[0]["backendRef"]["name"]
    text = text.replace(f'"kind": "{IDENTITY_BACKEND_KIND}", "name": "{backend}"', '"BACKEND"')
    ids = {remote.id for remote in evidence.remotes[wish.place] if remote.name == wish.name}
    for known in ids | {str(status.get("id") or "ID")}:
        text = text.replace(known, "ID")
    return text.replace(wish.name, "NAME")


def _illegal(before: Object, after: Object) -> Iterator[str]:
    if before.get("id") and after.get("id") != before["id"]:
        yield f"status.id went from {before['id']} to {after.get('id')}"
    if (after.get("observedGeneration") or -1) < (before.get("observedGeneration") or -1):
        yield f"observedGeneration went from {before['observedGeneration']} to {after.get('observedGeneration')}"
    then, now = before.get("provisioningStatus"), after.get("provisioningStatus")
    if then and now != then and now not in _NEXT.get(then, frozenset()):
        yield f"provisioningStatus went from {then} to {now}"
    for field in ("backendRef", "endpointID"):
        if before.get(field) and after.get(field) != before[field]:
            yield f"{field} went from {before[field]} to {after.get(field)}"


def _is(found: Any, written: Object) -> bool:
    """Whether a spec is what a user wrote, with what the API server fills in by itself."""
    return isinstance(found, Mapping) and {**_DEFAULTS, **_filled(written)} == found


def _filled(written: Object) -> dict[str, Any]:
    return {**written, "backendRef": {"kind": IDENTITY_BACKEND_KIND, **written["backendRef"]}}


def _object(entry: Entry) -> Any:
    """The Project that the API server answered a write with, if it did."""
    document = entry.document
    if entry.place != API_SERVER or not entry.took_effect or not isinstance(document, dict):
        return None
    return document if document.get("kind") == "Project" else None


def _finalizers(document: Object) -> list[str]:
    return list(document["metadata"].get("finalizers") or ())


def _ready_for(document: Object) -> int:
    """The generation that it is called Ready for; 0 for none."""
    for one in (document.get("status") or {}).get("conditions") or []:
        if one["type"] == "Ready" and one["status"] == "True":
            return int(one.get("observedGeneration") or 0)
    return 0


def _name(evidence: Evidence, uid: str) -> str:
    states = evidence.history.get(uid)
    return str(states[-1]["metadata"]["name"]) if states else uid
