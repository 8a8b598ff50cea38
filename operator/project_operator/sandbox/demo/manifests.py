"""What the demo applies before a user comes: the namespace, the credential, and the backend object."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent
from typing import Final

from project_operator.api.names import API_VERSION, CREDENTIALS_LABEL

NAMESPACE: Final = "demo"
SECRET: Final = "credentials"  # noqa: S105 - the name of a Secret
BACKEND: Final = "default"
"""The name that serves Projects which name no backend."""


@dataclass(frozen=True)
class Pace:
    """How fast an embedded identity server is, in seconds; a real one takes the time it takes."""

    read_lag: float = 0.2
    """Reads see a state that is this old."""
    provisioning: float = 4.0
    """From the POST until the project is provisioned."""
    deprovisioning: float = 2.0
    """From the DELETE until it is gone."""


def backend_manifests(member: str, secret: Mapping[str, str], settings: str = "") -> str:
    """YAML of the Namespace, the labelled Secret with what ``secret`` holds, and the IdentityBackend.

    ``member`` is YAML of the member of the union, ``settings`` of what else the spec says. The consistency bounds hold
    for every `Pace` whose reads lag less than a second: a request to a server of a demo takes effect when it arrives,
    or never.
    """
    spec = f"{member.strip()}\n{settings.strip()}".strip()
    held = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in secret.items())
    return f"""\
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
---
apiVersion: v1
kind: Secret
metadata:
  name: {SECRET}
  namespace: {NAMESPACE}
  labels:
    {CREDENTIALS_LABEL}: "true"
stringData:
{held}---
apiVersion: {API_VERSION}
kind: IdentityBackend
metadata:
  name: {BACKEND}
  namespace: {NAMESPACE}
spec:
{indent(spec, "  ")}
  # Far shorter than the defaults (10s, 60s, 15s, 60s): a server on this machine keeps these bounds, another may not.
  consistency:
    readLag: 1s
    inFlightBound: 2s
  timeout: 2s
  interval: 2s
"""
