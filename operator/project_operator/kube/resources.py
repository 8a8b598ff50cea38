"""The kinds of object we talk about with the API server, and where each is served."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from project_operator.api import names


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind in one version. ``group`` is "" for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """``apiVersion`` as manifests write it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None, name: str = "", subresource: str = "") -> str:
        """The URL path, from ``/api`` or ``/apis`` on.

        ``namespace`` None (or "") means all namespaces, and is the only value that a cluster-wide kind takes.
        """
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if namespace:
            if not self.namespaced:
                raise ValueError(f"{self.plural} are not in namespaces, so {namespace!r} cannot be one")
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/" + "/".join(parts)


PROJECTS: Final = Resource(names.GROUP, names.VERSION, names.PROJECT_PLURAL, names.PROJECT_KIND)
IDENTITY_BACKENDS: Final = Resource(
    names.GROUP, names.VERSION, names.IDENTITY_BACKEND_PLURAL, names.IDENTITY_BACKEND_KIND
)
CLUSTER_IDENTITY_BACKENDS: Final = Resource(
    names.GROUP,
    names.VERSION,
    names.CLUSTER_IDENTITY_BACKEND_PLURAL,
    names.CLUSTER_IDENTITY_BACKEND_KIND,
    namespaced=False,
)
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
DEFINITIONS: Final = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
EVENTS: Final = Resource("events.k8s.io", "v1", "events", "Event")

CREDENTIALS_SELECTOR: Final = f"{names.CREDENTIALS_LABEL}=true"
"""The Secrets that we look at; the API server sends no others."""
