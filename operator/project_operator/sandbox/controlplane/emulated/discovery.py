"""What clients ask first: which groups, versions and kinds there are, and as much of their OpenAPI as kubectl needs."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from project_operator.sandbox.controlplane.emulated.kinds import Kind

VERSION: Final = {"major": "1", "minor": "37", "gitVersion": "v1.37.0-emulated", "platform": "EMULATED"}
VERBS: Final = ["create", "delete", "get", "list", "patch", "update", "watch"]


def document(path: str, kinds: Iterable[Kind]) -> dict[str, Any] | None:
    """The answer at this path; None where there is nothing to discover."""
    served: dict[str, list[Kind]] = {}
    for kind in kinds:
        served.setdefault(f"{'apis' if kind.group else 'api'}/{kind.api_version}", []).append(kind)
    groups = {kinds[0].group: _group(kinds[0].group, served) for kinds in served.values() if kinds[0].group}
    path = path.strip("/")
    answers: dict[str, Any] = {f"openapi/v3/{place}": _openapi(place, kinds) for place, kinds in served.items()}
    references = {
        place: {"serverRelativeURL": f"/openapi/v3/{place}?hash={_digest(answers[f'openapi/v3/{place}'])}"}
        for place in served
    }
    answers |= {"version": VERSION, "api": {"kind": "APIVersions", "versions": ["v1"]}}
    answers |= {"apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [*groups.values()]}}
    answers |= {f"apis/{name}": {"kind": "APIGroup", "apiVersion": "v1"} | group for name, group in groups.items()}
    answers |= {place: _resources(kinds) for place, kinds in served.items()}
    return (answers | {"openapi/v3": {"paths": references}}).get(path)


def _group(group: str, served: Iterable[str]) -> dict[str, Any]:
    places = [place.split("/") for place in served if place.startswith(f"apis/{group}/")]
    versions = [{"groupVersion": f"{group}/{version}", "version": version} for _, _, version in places]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resources(kinds: list[Kind]) -> dict[str, Any]:
    resources: list[dict[str, Any]] = []
    for kind in kinds:
        entry = {
            "name": kind.plural,
            "singularName": kind.kind.lower(),
            "namespaced": kind.namespaced,
            "kind": kind.kind,
        }
        names = {key: kind.names[key] for key in ("shortNames", "categories") if key in kind.names}
        resources.append(entry | names | {"verbs": VERBS})
        if kind.status:
            resources.append(entry | {"name": f"{kind.plural}/status", "verbs": ["get", "patch", "update"]})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": kinds[0].api_version, "resources": resources}


def _openapi(place: str, kinds: list[Kind]) -> dict[str, Any]:
    """For ``kubectl apply``, that the server validates; for ``kubectl explain``, the schemas of custom resources."""
    paths, schemas = {}, {}
    for kind in kinds:
        identity = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        patch = {
            "x-kubernetes-group-version-kind": identity,
            "parameters": [{"name": "fieldValidation", "in": "query"}],
        }
        paths[f"/{place}/{kind.plural}/{{name}}"] = {"patch": patch | {"responses": {}}}
        schemas[kind.kind] = {**(kind.schema or {"type": "object"}), "x-kubernetes-group-version-kind": [identity]}
    information = {"title": "EMULATED", "version": VERSION["gitVersion"]}
    return {"openapi": "3.0.0", "info": information, "paths": paths, "components": {"schemas": schemas}}


def _digest(answer: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(answer).encode()).hexdigest()
