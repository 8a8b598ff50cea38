"""What the demo applies before a user comes: the namespace, the credential, and the backend object."""

import json
from dataclasses import dataclass
from textwrap import indent
from typing import Final

from project_operator.api.names import API_VERSION, CREDENTIALS_LABEL

NAMESPACE: Final = "demo"
SECRET: Final = "nscale"  # noqa: S105 - the name of a Secret
BACKEND: Final = "default"
"""The name that serves Projects which name no backend."""


@dataclass(frozen=True)
class Pace:
    """How fast the embedded identity server is, in seconds."""

    read_lag: float = 0.2
    """Reads see a state that is this old."""
    provisioning: float = 4.0
    """From the POST until the project is provisioned."""
    deprovisioning: float = 2.0
    """From the DELETE until it is gone."""


def backend_manifests(url: str, token: str, ca_bundle: str) -> str:
    """YAML of the Namespace, the labelled Secret with ``token``, and the IdentityBackend at ``url``.

    ``ca_bundle`` is PEM. The consistency bounds hold for every `Pace` whose reads lag less than a second: a request to
    the embedded server takes effect when it arrives, or never.
    """
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
  token: {json.dumps(token)}
---
apiVersion: {API_VERSION}
kind: IdentityBackend
metadata:
  name: {BACKEND}
  namespace: {NAMESPACE}
spec:
  nscale:
    url: {url}
    auth:
      serviceAccountToken:
        secretRef:
          name: {SECRET}
    caBundle: |
{indent(ca_bundle.strip(), " " * 6)}
  # Far shorter than the defaults (10s, 60s, 15s, 60s): the embedded server keeps these bounds, a real one may not.
  consistency:
    readLag: 1s
    inFlightBound: 2s
  timeout: 2s
  interval: 2s
"""
