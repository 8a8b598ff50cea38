"""Kubeconfig files: made, read, and turned into another user's."""

import base64
from pathlib import Path
from typing import Any

import yaml

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.certificates import KeyPair

CONTEXT = "project-operator-sandbox"


def _embedded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode("ascii")


def with_certificate(server: str, authority: Path, user: KeyPair) -> dict[str, Any]:
    """A kubeconfig for a user with a client certificate; all of it inside, so the file can be copied."""
    credentials = {
        "client-certificate-data": _embedded(user.certificate),
        "client-key-data": _embedded(user.key),
    }
    return _document({"server": server, "certificate-authority-data": _embedded(authority)}, credentials, "default")


def with_token(other: dict[str, Any], token: str, namespace: str) -> dict[str, Any]:
    """The kubeconfig of a bearer of `token`, for the cluster that `other` points at."""
    context = _named(other, "contexts", "context", other["current-context"])
    cluster = _named(other, "clusters", "cluster", context["cluster"])
    return _document(cluster, {"token": token}, namespace)


def current_context(file: Path) -> str | None:
    """The context in force. Raises SandboxError when the file cannot be read as a kubeconfig."""
    return read(file).get("current-context") or None


def read(file: Path) -> dict[str, Any]:
    """The file's content. Raises SandboxError when it cannot be read as a kubeconfig."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SandboxError(f"{file} cannot be read as a kubeconfig: {error}") from error
    if not isinstance(document, dict):
        raise SandboxError(f"{file} is no kubeconfig")
    return document


def write(document: dict[str, Any], file: Path) -> Path:
    """Write a kubeconfig that its owner alone can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return file


def _document(cluster: dict[str, Any], user: dict[str, str], namespace: str) -> dict[str, Any]:
    context = {"cluster": CONTEXT, "user": CONTEXT, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": CONTEXT, "user": user}],
        "contexts": [{"name": CONTEXT, "context": context}],
        "current-context": CONTEXT,
    }


def _named(document: dict[str, Any], plural: str, singular: str, name: str) -> dict[str, Any]:
    for entry in document.get(plural) or ():
        if entry.get("name") == name:
            found: dict[str, Any] = entry[singular]
            return found
    raise SandboxError(f"the kubeconfig has no {singular} named {name}")
