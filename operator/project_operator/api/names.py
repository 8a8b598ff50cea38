"""Every name that other systems see, written once.

Changing one of these orphans what carries it: finalizers that nobody removes, marks that nobody recognises.
"""

from typing import Final

GROUP: Final = "identity.project-operator.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

PROJECT_KIND: Final = "Project"
PROJECT_PLURAL: Final = "projects"
IDENTITY_BACKEND_KIND: Final = "IdentityBackend"
IDENTITY_BACKEND_PLURAL: Final = "identitybackends"
CLUSTER_IDENTITY_BACKEND_KIND: Final = "ClusterIdentityBackend"
CLUSTER_IDENTITY_BACKEND_PLURAL: Final = "clusteridentitybackends"

FINALIZER: Final = f"{GROUP}/finalizer"
FIELD_MANAGER: Final = "project-operator"
EVENT_REPORTER: Final = f"{GROUP}/project-operator"

CREDENTIALS_LABEL: Final = f"{GROUP}/credentials"
"""A Secret is read only when it carries this label with the value ``true``: both sides opt in."""

RECONCILE_ANNOTATION: Final = f"{GROUP}/reconcile-requested-at"
"""Set by people to any new value: "look again now". Echoed in ``status.lastHandledReconcileAt``."""

BACKEND_ANNOTATION: Final = f"{GROUP}/backend"
"""Written with the finalizer: which backend the record of intent is for, until status says it.

Why not in status: docs/adr, the record of intent carries its backend.
"""

ACCEPT_ABSENCE_ANNOTATION: Final = f"{GROUP}/accept-absence"
"""On a backend object: so many projects that vanished at once are really gone, says a person."""

MARK_TAG: Final = f"{GROUP}/mark"
"""Name of the remote tag whose value is the ownership mark."""

RESERVED_PREFIX: Final = f"{GROUP}/"
"""Tag names that start so are ours; user input may not use them."""
