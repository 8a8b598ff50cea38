"""The kinds that are served: a table of builtin ones, and those that CustomResourceDefinitions add."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Object = dict[str, Any]
"""An API object as stored: without ``apiVersion`` and ``kind``, and never changed in place."""

AGE: Final = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
PHASE: Final = {"name": "Status", "type": "string", "jsonPath": ".status.phase"}


@dataclass(frozen=True, eq=False)
class Kind:
    """One resource in one version.

    ``schema`` is None for builtin kinds; ``columns`` are additionalPrinterColumns; ``renamed`` maps fields as sent to
    fields as stored.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    status: bool = False
    names: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[Mapping[str, Any], ...] = (AGE,)
    schema: Mapping[str, Any] | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As in ``projects.identity.project-operator.dev``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage(self) -> str:
        """Where its objects lie: with those of other versions, and for Events with those of the other group."""
        return self.plural if self.renamed else self.resource


NAMESPACES: Final = Kind(
    *("", "v1", "namespaces", "Namespace", False, True, {"shortNames": ["ns"]}, (PHASE, AGE)),
)
SERVICE_ACCOUNTS: Final = Kind("", "v1", "serviceaccounts", "ServiceAccount", names={"shortNames": ["sa"]})
SECRETS: Final = Kind("", "v1", "secrets", "Secret")
DEFINITIONS: Final = Kind(
    *("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False, True),
    {"shortNames": ["crd"]},
)
NEWER: Final = ("regarding", "note", "reportingController", "deprecatedSource", "deprecatedCount")
OLDER: Final = ("involvedObject", "message", "reportingComponent", "source", "count")
EVENT_FIELDS: Final = dict(zip(NEWER, OLDER, strict=True))
"""What events.k8s.io/v1 calls otherwise than core/v1, which shows the same objects."""

BUILTIN: Final = (
    NAMESPACES,
    SERVICE_ACCOUNTS,
    SECRETS,
    DEFINITIONS,
    Kind("", "v1", "configmaps", "ConfigMap", names={"shortNames": ["cm"]}),
    Kind("", "v1", "events", "Event", names={"shortNames": ["ev"]}),
    Kind("events.k8s.io", "v1", "events", "Event", renamed=EVENT_FIELDS),
    Kind("coordination.k8s.io", "v1", "leases", "Lease"),
)


def defined_by(definition: Object) -> Iterator[Kind]:
    """The kinds that a CustomResourceDefinition serves, one a version."""
    spec, names = definition["spec"], definition["spec"]["names"]
    for version in (version for version in spec["versions"] if version.get("served")):
        yield Kind(
            *(spec["group"], version["name"], names["plural"], names["kind"], spec["scope"] == "Namespaced"),
            status="status" in version.get("subresources", {}),
            names=names,
            columns=tuple(version.get("additionalPrinterColumns", (AGE,))),
            schema=version["schema"]["openAPIV3Schema"],
        )
