"""The kinds that are served, and how ``kubectl get`` shows them."""

from dataclasses import dataclass
from typing import Final

from project_operator.api.names import (
    CLUSTER_IDENTITY_BACKEND_KIND,
    CLUSTER_IDENTITY_BACKEND_PLURAL,
    IDENTITY_BACKEND_KIND,
    IDENTITY_BACKEND_PLURAL,
    PROJECT_KIND,
    PROJECT_PLURAL,
)
from project_operator.api.schema import ApiModel
from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackend
from project_operator.api.v1alpha1.identitybackend import IdentityBackend
from project_operator.api.v1alpha1.project import Project


@dataclass(frozen=True, slots=True)
class Column:
    """A printer column."""

    name: str
    path: str
    """JSONPath from the root of the object."""
    description: str
    type: str = "string"
    wide: bool = False
    """Whether it shows only with ``-o wide``."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind: its model and what a model cannot say."""

    model: type[ApiModel]
    """Has the fields ``metadata``, ``spec`` and ``status``."""
    kind: str
    plural: str
    short_name: str
    columns: tuple[Column, ...]
    selectable: tuple[str, ...] = ()
    """JSONPaths that field selectors may use."""
    category: str = "identity"
    namespaced: bool = True


def _condition(name: str, field: str) -> str:
    return f'.status.conditions[?(@.type=="{name}")].{field}'


READY: Final = Column("Ready", _condition("Ready", "status"), "Whether what the spec asks for is so in the backend.")
MESSAGE: Final = Column("Message", _condition("Ready", "message"), "Why it is ready or not.", wide=True)
AGE: Final = Column("Age", ".metadata.creationTimestamp", "Time since creation.", type="date")

_OF_BACKENDS: Final = (
    READY,
    Column("Organization", ".status.organizationName", "Organization that holds the projects."),
    Column("Projects", ".status.projects", "How many Projects use it.", type="integer"),
    Column("Principal", ".status.principal", "Who the credential is to the backend.", wide=True),
    MESSAGE,
    AGE,
)

KINDS: Final = (
    Kind(
        Project,
        PROJECT_KIND,
        PROJECT_PLURAL,
        "iproj",
        (
            READY,
            Column("Provisioning", ".status.provisioningStatus", "Provisioning status in the backend."),
            Column("Health", ".status.healthStatus", "Health status in the backend."),
            Column("Backend", ".status.backendRef.name", "Backend object that the project is made with."),
            Column("ID", ".status.id", "Id of the project in the backend.", wide=True),
            Column("Policy", ".spec.managementPolicy", "What is done about differences.", wide=True),
            MESSAGE,
            AGE,
        ),
        selectable=(".spec.backendRef.name", ".status.id", ".status.provisioningStatus"),
    ),
    Kind(IdentityBackend, IDENTITY_BACKEND_KIND, IDENTITY_BACKEND_PLURAL, "ibackend", _OF_BACKENDS),
    Kind(
        ClusterIdentityBackend,
        CLUSTER_IDENTITY_BACKEND_KIND,
        CLUSTER_IDENTITY_BACKEND_PLURAL,
        "cibackend",
        _OF_BACKENDS,
        namespaced=False,
    ),
)
