"""The objects that the bench applies."""

from collections.abc import Mapping
from typing import Any, Final

from bench.identity import TOKEN
from project_operator.api import names

Object = dict[str, Any]

NAMESPACE: Final = "bench"
SECRET: Final = "credentials"  # noqa: S105 - a name
DEFAULT: Final = "default"
PROJECTS: Final = f"/apis/{names.GROUP}/v1alpha1/namespaces/{NAMESPACE}/projects"
BACKENDS: Final = f"/apis/{names.GROUP}/v1alpha1/namespaces/{NAMESPACE}/identitybackends"
SECRETS: Final = f"/api/v1/namespaces/{NAMESPACE}/secrets"


def project(name: str, **spec: Any) -> Object:
    """A Project; of the default backend, unless ``spec`` says otherwise."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": "Project",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


def of_backend(name: str) -> dict[str, str]:
    """A Project's `backendRef`."""
    return {"kind": "IdentityBackend", "name": name}


def nscale(url: str) -> Object:
    """The member of a backend object for the fast identity server."""
    return {"nscale": {"url": url, "auth": {"serviceAccountToken": {"secretRef": {"name": SECRET}}}}}


def backend(name: str, member: Mapping[str, Any], interval: str = "10m") -> Object:
    """An IdentityBackend whose limits are not what is measured. The bounds of consistency are waits, no work: they are
    short so that what is deleted is not waited for longer than it is worked on.
    """
    return {
        "apiVersion": names.API_VERSION,
        "kind": "IdentityBackend",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            **member,
            "interval": interval,
            "timeout": "5s",
            "consistency": {"readLag": "1s", "inFlightBound": "5s"},
            "rateLimit": {"requestsPerSecond": 1000, "burst": 1000, "maxInFlight": 64},
        },
    }


def secret(data: Mapping[str, str] | None = None) -> Object:
    """The labelled Secret that all of them name; with the fast identity server's token, or with ``data``."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": NAMESPACE, "labels": {names.CREDENTIALS_LABEL: "true"}},
        "stringData": dict(data or {"token": TOKEN}),
    }
