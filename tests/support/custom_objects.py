"""Objects of our kinds on an API server, and what it complains of, as a person would read it."""

import json
from pathlib import Path
from typing import Any, Final

from kubernetes import client, config

from project_operator.api.kinds import KINDS
from project_operator.api.names import API_VERSION, GROUP, VERSION

PLURALS: Final = {kind.kind: kind.plural for kind in KINDS}
CLUSTER_WIDE: Final = frozenset(kind.kind for kind in KINDS if not kind.namespaced)
MERGE_PATCH: Final = "application/merge-patch+json"
NSCALE: Final = {
    "url": "https://identity.example.com",
    "auth": {"serviceAccountToken": {"secretRef": {"name": "credentials"}}},
}

FILLED_IN: Final[dict[str, dict[str, Any]]] = {
    "IdentityBackend": {"nscale": NSCALE},
    "ClusterIdentityBackend": {"nscale": NSCALE, "secretNamespace": "identity"},
}


class RefusedError(Exception):
    """The API server refused an object."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("; ".join(complaints))
        self.complaints = complaints


def manifest(kind: str, name: str, spec: dict[str, Any] | None) -> dict[str, Any]:
    """An object; that of a backend says `nscale`, and where its Secret is, unless its spec does."""
    needed = FILLED_IN.get(kind, {})
    filled = needed | spec if spec is not None else None
    body = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}}
    return body if filled is None else body | {"spec": filled}


def complaints_in(status: dict[str, Any]) -> list[str]:
    """What a Status of the API server says, one complaint each, `field: what is wrong`."""
    _, strict, unknown = status["message"].rpartition("strict decoding error: ")
    if strict:
        return [strict + unknown]
    # "<nil>" only says that rules were left out because of the other complaints.
    causes = (cause for cause in status["details"]["causes"] if cause["field"] != "<nil>")
    return [_plain(f"{cause['field']}: {cause['message']}") for cause in causes]


def _plain(complaint: str) -> str:
    """Servers before 1.36 show `"object"` where later ones show nothing."""
    return complaint.replace('Invalid value: "object": must ', "Invalid value: must ").replace(
        'Invalid value: "array": must ', "Invalid value: must "
    )


class CustomObjects:
    """Objects in one namespace, or in none where their kind is cluster-wide, written with strict validation, as kubectl
    does.
    """

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        connection = config.new_client_from_config(config_file=str(kubeconfig))  # type: ignore[no-untyped-call]  # the package leaves it untyped
        self._api = client.CustomObjectsApi(connection)
        self.namespace = namespace

    def create(self, kind: str, name: str, spec: dict[str, Any] | None) -> dict[str, Any]:
        """The object as stored. Raises RefusedError."""
        return self._call("create", kind, body=manifest(kind, name, spec))

    def patch(self, kind: str, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        """The object after a merge patch. Raises RefusedError."""
        return self._call("patch", kind, name=name, body=changes, _content_type=MERGE_PATCH)

    def patch_status(self, kind: str, name: str, status: dict[str, Any]) -> dict[str, Any]:
        """The object after a merge patch of its status subresource. Raises RefusedError."""
        return self._call(
            "patch",
            kind,
            "_status",
            name=name,
            body={"status": status},
            _content_type=MERGE_PATCH,
        )

    def _call(self, verb: str, kind: str, part: str = "", **arguments: Any) -> dict[str, Any]:
        scope = "cluster" if kind in CLUSTER_WIDE else "namespaced"
        method = getattr(self._api, f"{verb}_{scope}_custom_object{part}")
        where = {} if kind in CLUSTER_WIDE else {"namespace": self.namespace}
        try:
            answer: dict[str, Any] = method(
                group=GROUP,
                version=VERSION,
                **where,
                plural=PLURALS[kind],
                field_validation="Strict",
                **arguments,
            )
        except client.ApiException as error:
            raise RefusedError(complaints_in(json.loads(str(error.body)))) from error
        return answer
