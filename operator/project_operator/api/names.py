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
"""On a Project: something may exist in the backend. On a backend object and its Secret: a Project still needs it."""
FIELD_MANAGER: Final = "project-operator"
EVENT_REPORTER: Final = f"{GROUP}/project-operator"

CREDENTIALS_LABEL: Final = f"{GROUP}/credentials"
"""A Secret is read only when it carries this label with the value ``true``: both sides opt in."""

RECONCILE_ANNOTATION: Final = f"{GROUP}/reconcile-requested-at"
"""Set by people to any new value: "look again now". Echoed in ``status.lastHandledReconcileAt``."""

REPEAT_CREATION_ANNOTATION: Final = f"{GROUP}/repeat-creation"
"""Set by people to the word that a Project's message gives: "send one more creation", where it is not known what came
of the last one and the backend is of a kind that cannot tell.
"""

BACKEND_ANNOTATION: Final = f"{GROUP}/backend"
"""Written with the finalizer: which backend the record of intent is for, until status says it.

Why not in status: docs/adr, the record of intent carries its backend.
"""

ACCEPT_ABSENCE_ANNOTATION: Final = f"{GROUP}/accept-absence"
"""On a backend object: so many projects that vanished at once are really gone, says a person."""

ALLOW_DELETION_ANNOTATION: Final = f"{GROUP}/allow-deletion"
"""On one of our CustomResourceDefinitions: ``true`` says that it is meant to go, with every object of its kind."""

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
"""On Secrets that the operator made: its name (Kubernetes' recommended labels)."""

REPLACES_ANNOTATION: Final = f"{GROUP}/replaces"
"""On a Secret that the operator made: digest of the value in the user's Secret that its own stands for."""

EXPIRES_ANNOTATION: Final = f"{GROUP}/expires-at"
"""On a Secret that the operator made: when what it holds expires."""

REPLACING_ANNOTATION: Final = f"{GROUP}/replacing"
"""On a Secret that the operator made: a new credential was asked for and is not in here yet. Which attempt, for which
value of the user's, and since when."""

LEASE_LABEL: Final = f"{GROUP}/lease"
"""On Leases: what it is about, ``replica`` or ``backend``."""

LEASE_SCOPE_LABEL: Final = f"{GROUP}/lease-scope"
"""On the Lease of a replica: digest of what it looks after; those with the same share the work."""

LEASE_LEAVING_LABEL: Final = f"{GROUP}/lease-leaving"
"""On the Lease of a replica that is about to end: ``true``; it is given nothing any more."""

LEASE_BACKEND_LABEL: Final = f"{GROUP}/lease-backend"
"""On the Lease of a backend object: its uid; "" stands for the Projects that have none."""

MARK_TAG: Final = f"{GROUP}/mark"
"""Name of the remote tag whose value is the ownership mark."""

RESERVED_PREFIX: Final = f"{GROUP}/"
"""Tag names that start so are ours; user input may not use them."""
