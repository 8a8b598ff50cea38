"""ValidatingAdmissionPolicies: what the API server itself refuses, for people, before the operator has to hold it.

They are a second wall. Each promise holds without them too, but a request that is refused with a reason is a better
answer than an object that cannot go (Kubernetes, "Validating Admission Policy", admissionregistration.k8s.io/v1).
"""

from dataclasses import dataclass
from typing import Any, Final

from project_operator.api.crd import HEADER, crd_name, to_yaml
from project_operator.api.kinds import KINDS
from project_operator.api.names import ALLOW_DELETION_ANNOTATION, CREDENTIALS_LABEL, FINALIZER, GROUP, PROJECT_PLURAL

OPERATOR_USER: Final = "system:serviceaccount:project-operator:project-operator"
"""Who the operator is to the API server, as the documentation installs it; the chart puts its own ServiceAccount there.
"""
NAME_PREFIX: Final = "project-operator"
"""What the names of the policies begin with; the chart puts its full name there."""

_HAD_FINALIZER: Final = f"has(oldObject.metadata.finalizers) && '{FINALIZER}' in oldObject.metadata.finalizers"
_HAS_FINALIZER: Final = f"has(object.metadata.finalizers) && '{FINALIZER}' in object.metadata.finalizers"


@dataclass(frozen=True, slots=True)
class AdmissionPolicy:
    """One policy, with the binding that puts it in force in the whole cluster."""

    name: str
    """Without the prefix; also the name of its file."""
    group: str
    resources: tuple[str, ...]
    operation: str
    expression: str
    """CEL: what is let through."""
    message: str
    """CEL: what is said of the rest, with the way out."""
    only_where: str
    """CEL: what is judged at all."""
    labels: tuple[tuple[str, str], ...] = ()
    """Only objects with these labels are judged, which the API server knows before it runs any CEL."""
    knows_operator: bool = False
    """Whether the expression asks for ``variables.operator``, the operator's user name."""


_DELETION_PROTECTION: Final = AdmissionPolicy(
    name="deletion-protection",
    group=GROUP,
    resources=(PROJECT_PLURAL,),
    operation="DELETE",
    only_where="oldObject != null",
    expression="!has(oldObject.spec) || !has(oldObject.spec.deletionProtection) || !oldObject.spec.deletionProtection",
    message=(
        "'`spec.deletionProtection` is true: set it to false first, with kubectl --namespace='"
        f" + oldObject.metadata.namespace + ' patch {PROJECT_PLURAL}.{GROUP} ' + oldObject.metadata.name"
        r""" + ' --type=merge --patch=\'{"spec":{"deletionProtection":false}}\''"""
    ),
)
_DEFINITIONS: Final = AdmissionPolicy(
    name="definitions",
    group="apiextensions.k8s.io",
    resources=("customresourcedefinitions",),
    operation="DELETE",
    only_where=(
        f"oldObject != null && oldObject.metadata.name in [{', '.join(repr(crd_name(kind)) for kind in KINDS)}]"
    ),
    expression=(
        "has(oldObject.metadata.annotations)"
        f" && '{ALLOW_DELETION_ANNOTATION}' in oldObject.metadata.annotations"
        f" && oldObject.metadata.annotations['{ALLOW_DELETION_ANNOTATION}'] == 'true'"
    ),
    message=(
        "'every ' + oldObject.spec.names.kind + ' of the cluster goes with this definition: if that is meant, allow it"
        " first, with kubectl annotate customresourcedefinition ' + oldObject.metadata.name + '"
        f" {ALLOW_DELETION_ANNOTATION}=true'"
    ),
)
_FINALIZERS: Final = AdmissionPolicy(
    name="finalizers",
    group=GROUP,
    resources=tuple(kind.plural for kind in KINDS),
    operation="UPDATE",
    only_where=_HAD_FINALIZER,
    expression=f"{_HAS_FINALIZER} || request.userInfo.username == variables.operator",
    message=(
        f"'the finalizer {FINALIZER} is the record that something may be in the backend, and only '"
        " + variables.operator + ' takes it away, when that is gone. To let a Project go without its project, set"
        " `spec.deletionPolicy: Orphan`; to replace an object, keep its `metadata.finalizers`'"
    ),
    knows_operator=True,
)
_CREDENTIALS: Final = AdmissionPolicy(
    name="credentials-finalizers",
    group="",
    resources=("secrets",),
    operation="UPDATE",
    only_where=_HAD_FINALIZER,
    expression=f"{_HAS_FINALIZER} || request.userInfo.username == variables.operator",
    message=(
        "'this Secret is in use by a backend object, and only ' + variables.operator + ' takes the finalizer"
        f" {FINALIZER} away, when it is not any more'"
    ),
    labels=((CREDENTIALS_LABEL, "true"),),
    knows_operator=True,
)

POLICIES: Final = (_DELETION_PROTECTION, _DEFINITIONS, _FINALIZERS, _CREDENTIALS)


def policy_yaml(policy: AdmissionPolicy) -> str:
    """The policy and its binding, as the file that is committed."""
    return HEADER + "---\n".join(to_yaml(document) for document in (_policy(policy), _binding(policy)))


def policies_kustomization_yaml() -> str:
    """What lets ``kubectl apply --server-side -k deploy/policies/`` find the policies."""
    return HEADER + to_yaml(
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [f"{policy.name}.yaml" for policy in POLICIES],
        }
    )


def _policy(policy: AdmissionPolicy) -> dict[str, Any]:
    constraints: dict[str, Any] = {
        "resourceRules": [
            {
                "apiGroups": [policy.group],
                "apiVersions": ["*"],
                "operations": [policy.operation],
                "resources": list(policy.resources),
            }
        ]
    }
    if policy.labels:
        constraints["objectSelector"] = {"matchLabels": dict(policy.labels)}
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": constraints,
        "matchConditions": [{"name": "only-where", "expression": policy.only_where}],
    }
    if policy.knows_operator:
        spec["variables"] = [{"name": "operator", "expression": f"'{OPERATOR_USER}'"}]
    spec["validations"] = [
        {"expression": policy.expression, "messageExpression": policy.message, "reason": "Forbidden"}
    ]
    return _document("ValidatingAdmissionPolicy", policy, spec)


def _binding(policy: AdmissionPolicy) -> dict[str, Any]:
    spec = {"policyName": f"{NAME_PREFIX}-{policy.name}", "validationActions": ["Deny"]}
    return _document("ValidatingAdmissionPolicyBinding", policy, spec)


def _document(kind: str, policy: AdmissionPolicy, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": f"{NAME_PREFIX}-{policy.name}"},
        "spec": spec,
    }
