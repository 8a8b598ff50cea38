"""What a write makes of an object: whose metadata is whose, isolation of status, generations, deletion. Pure.

After apiserver 0.37 ``pkg/registry/rest`` and apiextensions-apiserver 0.37 ``pkg/registry/customresource``.
"""

import base64
import json
from typing import Any, Final

from project_operator.sandbox.controlplane.emulated.kinds import DEFINITIONS, NAMESPACES, SECRETS, Kind, Object
from project_operator.sandbox.controlplane.emulated.schema import Walk
from project_operator.sandbox.controlplane.emulated.status import FieldError, conflict, invalid, wrong

CLEANUP: Final = "customresourcecleanup.apiextensions.k8s.io"
MARKS: Final = ("deletionTimestamp", "deletionGracePeriodSeconds")
OURS: Final = ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion", *MARKS)
STALE: Final = "the object has been modified; please apply your changes to the latest version and try again"


def created(kind: Kind, body: Object, metadata: Object) -> Object:
    """A new object from what the user sent, and what of its metadata is the server's."""
    content = without(body, "status" * kind.status) | {"metadata": _theirs(body["metadata"]) | metadata}
    if kind.schema is not None or kind is DEFINITIONS:
        content["metadata"]["generation"] = 1
    if kind is DEFINITIONS:
        content["metadata"]["finalizers"] = [CLEANUP]
    if kind is NAMESPACES:
        labels = content["metadata"].get("labels", {}) | {"kubernetes.io/metadata.name": metadata["name"]}
        content["metadata"]["labels"] = labels
        content |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    return _completed(kind, content)


def updated(kind: Kind, old: Object, body: Object, *, status: bool) -> Object:
    """The object after an update of it, or of its status alone, to ``body``.

    Raises :class:`Refused`: 409 for another resourceVersion; 422 for another uid, for a custom resource without
    resourceVersion, and for a finalizer added to what is being deleted.
    """
    was, given = old["metadata"], body["metadata"]
    name, version = was["name"], given.get("resourceVersion")
    if not version and kind.schema is not None:
        raise invalid(kind, name, wrong("metadata.resourceVersion", 0, "must be specified for an update"))
    if version and version != was["resourceVersion"]:
        raise conflict(kind, name, STALE)
    if status:  # metadata is not looked at, so a wrong uid goes unnoticed: as on the real server
        return without(old, "status") | {key: body[key] for key in ("status",) if key in body}
    if given.get("uid", was["uid"]) != was["uid"]:
        raise invalid(kind, name, wrong("metadata.uid", given["uid"], "field is immutable"))
    added = sorted(set(given.get("finalizers") or ()) - set(was.get("finalizers") or ()))
    if added and "deletionTimestamp" in was:
        text = "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
        text += f"[]string{{{', '.join(map(json.dumps, added))}}}"
        raise invalid(kind, name, FieldError("metadata.finalizers", text, "FieldValueForbidden"))
    kept = ("status",) * kind.status + ("spec",) * (kind is NAMESPACES)
    content = without(body, *kept) | {"metadata": _theirs(given) | {key: was[key] for key in OURS if key in was}}
    content = _completed(kind, content | {key: old[key] for key in kept if key in old})
    if "generation" in was and without(content, "metadata", *kept) != without(old, "metadata", *kept):
        content["metadata"]["generation"] += 1
    return content


def deleted(old: Object, now: str) -> Object:
    """The object once its deletion was asked for: it goes when nothing holds it any more."""
    metadata = old["metadata"] | dict(zip(MARKS, (now, 0), strict=True))
    if "generation" in metadata:
        metadata["generation"] += 1
    phase = {"status": {"phase": "Terminating"}} if old.get("status", {}).get("phase") == "Active" else {}
    return old | {"metadata": metadata} | phase


def is_held(content: Object) -> bool:
    """Whether finalizers keep a deleted object: its own, or those in the spec of a namespace."""
    return bool(content["metadata"].get("finalizers") or (content.get("spec") or {}).get("finalizers"))


def released(kind: Kind, content: Object) -> Object:
    """A deleted namespace or definition whose contents are gone, without the finalizer that waited for them."""
    if kind is NAMESPACES:
        return content | {"spec": {"finalizers": []}}
    finalizers = [finalizer for finalizer in content["metadata"]["finalizers"] if finalizer != CLEANUP]
    return content | {"metadata": content["metadata"] | {"finalizers": finalizers}}


def conformed(kind: Kind, content: Object, *, status: bool = False) -> tuple[Object, list[str]]:
    """The object pruned and defaulted by its schema, and what was pruned.

    Raises :class:`Refused` (422) when it does not fit, or with ``status``, when its status does not.
    """
    if kind.schema is None:
        return content, []
    walk = Walk()
    result = walk.conform(kind.schema, without(content, "metadata")) | {"metadata": content["metadata"]}
    if errors := [error for error in walk.errors if error.field.startswith("status") or not status]:
        raise invalid(kind, content["metadata"]["name"], *errors)
    return result, walk.unknown


def without(content: Object, *keys: str) -> Object:
    return {key: value for key, value in content.items() if key not in keys}


def _theirs(metadata: Object) -> Object:
    return {key: value for key, value in without(metadata, *OURS, "managedFields").items() if value}


def _completed(kind: Kind, content: Object) -> Object:
    if kind is SECRETS:
        texts = content.pop("stringData", None) or {}
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        return {"type": "Opaque"} | content | {"data": (content.get("data") or {}) | encoded}
    return _established(content) if kind is DEFINITIONS else content


def _established(content: Object) -> Object:
    """A CustomResourceDefinition, checked as far as this server relies on it, and served at once."""
    spec, metadata = content.get("spec") or {}, content["metadata"]
    names, versions = spec.get("names") or {}, spec.get("versions") or []
    if metadata["name"] != f"{names.get('plural')}.{spec.get('group')}":
        error = wrong("metadata.name", metadata["name"], 'must be spec.names.plural+"."+spec.group')
        raise invalid(DEFINITIONS, metadata["name"], error)
    if not versions or not all((version.get("schema") or {}).get("openAPIV3Schema") for version in versions):
        error = FieldError("spec.versions[0].schema.openAPIV3Schema", "Required value", "FieldValueRequired")
        raise invalid(DEFINITIONS, metadata["name"], error)
    names = {"singular": names["kind"].lower(), "listKind": f"{names['kind']}List"} | names
    done: Any = {"status": "True", "lastTransitionTime": metadata["creationTimestamp"]}
    reasons = {"NamesAccepted": "NoConflicts", "Established": "InitialNamesAccepted"}
    status = {
        "acceptedNames": names,
        "conditions": [done | {"type": name, "reason": reason} for name, reason in reasons.items()],
        "storedVersions": [version["name"] for version in versions if version.get("storage")],
    }
    return content | {"spec": {"conversion": {"strategy": "None"}} | spec | {"names": names}, "status": status}
