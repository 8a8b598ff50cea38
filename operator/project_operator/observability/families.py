"""Every metric there is: its name and type, its labels and what they can say, what it means. `metrics` counts them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from itertools import product
from typing import Final, Literal

from project_operator.api.conditions import Reason
from project_operator.api.names import CLUSTER_IDENTITY_BACKEND_PLURAL, IDENTITY_BACKEND_PLURAL, PROJECT_PLURAL
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import ManagementPolicy
from project_operator.backends.base import HealthStatus, ProvisioningStatus

NONE: Final = "none"
"""Where an object says nothing."""
OTHER: Final = "other"
"""In place of whatever a label cannot say."""

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SLOW: Final = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)
_LONG: Final = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400)

FEW: Final = 32
"""Of so many series a counter shows all from the start."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label and everything that it can say. Whatever else there may be becomes `OTHER`."""

    name: str
    values: frozenset[str]
    shown: str
    """The values, for people."""

    def said(self, value: str) -> str:
        """``value``, if it is one of ours."""
        return value if value in self.values else OTHER


def _label(name: str, values: Iterable[str], shown: str = "") -> Label:
    found = tuple(values)
    return Label(name, frozenset(found), shown or ", ".join(f"`{value}`" for value in found))


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, what it is, what it means, its labels, the bounds of its buckets (seconds), and which of a
    counter's series are told apart from the start where it has more than `FEW`.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    meaning: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()
    expected: tuple[tuple[str, ...], ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """Its labels by name, in their order."""
        return tuple(label.name for label in self.labels)

    @property
    def from_the_start(self) -> tuple[tuple[str, ...], ...]:
        """The series of a counter that begin at 0, by the values of their labels: the first of anything is an increase
        then, and so in its rate.
        """
        if math.prod(len(label.values) for label in self.labels) > FEW:
            return self.expected
        return tuple(product(*(label.values for label in self.labels)))

    def said(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """``values`` of its labels, as they may stand in a series."""
        return tuple(label.said(value) for label, value in zip(self.labels, values, strict=True))


OUTCOMES: Final = ("done", "working", "retrying", "stalled", "gone", "standby", "error")
"""What a look at an object can come to: the four that conditions can say, the object is gone, it is another replica's,
and a failure of the operator's own or of the API server's.
"""

_KIND = _label("kind", (PROJECT_PLURAL, IDENTITY_BACKEND_PLURAL, CLUSTER_IDENTITY_BACKEND_PLURAL))
_OUTCOME = _label("outcome", OUTCOMES)
_PRIORITY = _label("priority", ("changed", "routine"))
_BACKEND = _label("backend", IdentityBackendSpec.one_of)
_OPERATION = _label(
    "operation",
    (
        *("connect", "list_projects", "get_project", "create_project", "update_project", "delete_project"),
        *("list_groups", "list_roles", "verify_read_access"),
    ),
)
_STATUS = tuple(str(int(status)) for status in HTTPStatus)
_BACKEND_CODE = _label("code", ("ok", "error", *_STATUS), "`ok`, an HTTP status, `error`")
_KUBE_CODE = _label("code", ("error", *_STATUS), "an HTTP status, `error`")
_USABLE = _label("ready", ("true", "false"))
_READY = _label("ready", ("true", "false", "unknown"))
_STATE = _label("state", ("closed", "open", "half_open"))
_RENEWED = _label("renewed", ("true", "false"))
_PROVISIONING = _label("provisioning_status", (*map(str, ProvisioningStatus), NONE))
_HEALTH = _label("health_status", (*map(str, HealthStatus), NONE))
_REASON = _label("reason", (*map(str, Reason), NONE), "a [reason](reasons.md), `none`")
_STALLED = _label("stalled", ("true", "false"))
_POLICY = _label("management_policy", map(str, ManagementPolicy))
_TARGET = _label("target", ("backend", "api_server"))
_API_SERVER_ERRORS = ("KubeError", "KubeConflict", "KubeNotFound", "KubeInvalid", "KubeForbidden", "KubeUnavailable")
_RETRIED = (
    *(Reason.BACKEND_UNAVAILABLE, Reason.THROTTLED, Reason.OUTCOME_UNKNOWN, Reason.PROGRESSING_WITH_RETRY),
    *(Reason.CREDENTIALS_REJECTED, Reason.PERMISSION_DENIED, Reason.REQUEST_REFUSED, Reason.DELETION_BLOCKED),
    *(Reason.ENDPOINT_INVALID, Reason.ORGANIZATION_NOT_FOUND, Reason.SECRET_INVALID),
)
"""Why a call to a backend is tried again."""
_CAUSE = _label(
    "reason",
    (*map(str, Reason), *_API_SERVER_ERRORS),
    "a [reason](reasons.md); of the API server the name of the error, such as `KubeUnavailable`",
)
_VERB = _label("verb", ("get", "list", "watch", "patch", "create", "delete"))
_RESOURCE = _label(
    "resource",
    (
        *_KIND.values,
        *("secrets", "namespaces", "events", "leases", "customresourcedefinitions"),
        *("services", "endpointslices", "servicecidrs", "nodes"),
    ),
    "a plural, such as `projects`",
)
_RESULT = _label("result", ("written", "failed", "dropped"))
_END = _label("reason", ("definition_gone", "forbidden", "error"))
_CHANGE = _label("change", ("gained", "given", "lost"))

BUILD: Final = Family(
    "project_operator_build_info",
    "info",
    "What is running.",
    (Label("version", frozenset(), "the operator's version"),),
)
RECONCILES: Final = Family(
    "project_operator_reconciles_total", "counter", "Looks at one object, by what came of them.", (_KIND, _OUTCOME)
)
RECONCILE_SECONDS: Final = Family(
    "project_operator_reconcile_duration_seconds", "histogram", "How long a look at one object took.", (_KIND,), _FAST
)
RETRIES: Final = Family(
    "project_operator_retries_total",
    "counter",
    "Failures after which the same is tried again by itself, after a pause that grows.",
    (_TARGET, _CAUSE),
    expected=(
        *(("backend", str(reason)) for reason in _RETRIED),
        *(("api_server", name) for name in _API_SERVER_ERRORS),
    ),
)
QUEUE_DEPTH: Final = Family(
    "project_operator_queue_depth", "gauge", "Objects that are due and not yet looked at.", (_PRIORITY,)
)
QUEUE_OLDEST: Final = Family(
    "project_operator_queue_oldest_seconds",
    "gauge",
    "How long the first of the objects that are due has been due.",
    (_PRIORITY,),
)
QUEUE_WAIT: Final = Family(
    "project_operator_queue_wait_seconds",
    "histogram",
    "How long objects that were due waited for a worker.",
    (_PRIORITY,),
    _SLOW,
)
BACKEND_CALLS: Final = Family(
    "project_operator_backend_requests_total",
    "counter",
    "Requests to identity backends; those of one operation, such as the pages of a list, count as one. `code` is the "
    "HTTP status that it failed with, `error` where it failed without an answer.",
    (_BACKEND, _OPERATION, _BACKEND_CODE),
)
BACKEND_SECONDS: Final = Family(
    "project_operator_backend_request_duration_seconds",
    "histogram",
    "How long they took, answered or not, the wait for their turn included.",
    (_BACKEND, _OPERATION),
    _FAST,
)
CONNECTIONS: Final = Family(
    "project_operator_backend_connections",
    "gauge",
    "Backend objects that this replica is in charge of, by vendor and readiness.",
    (_BACKEND, _USABLE),
)
BREAKERS: Final = Family(
    "project_operator_backend_breakers",
    "gauge",
    "Connections to identity backends, by vendor and state of their circuit breaker.",
    (_BACKEND, _STATE),
)
CREDENTIALS: Final = Family(
    "project_operator_backend_credential_expiry_timestamp_seconds",
    "gauge",
    "When the credential that ends first of those in use ends, in seconds since 1970; `renewed`: the operator replaces "
    "it before.",
    (_BACKEND, _RENEWED),
)
PROJECTS: Final = Family(
    "project_operator_projects",
    "gauge",
    "Projects, by what their status says.",
    (_PROVISIONING, _HEALTH, _READY),
)
NOT_READY: Final = Family(
    "project_operator_projects_not_ready",
    "gauge",
    "Projects that are not Ready, by the reason that they give and whether a person must act; with `spec.suspend` they"
    " count as `Suspended`.",
    (_REASON, _STALLED),
)
DRIFTED: Final = Family(
    "project_operator_projects_drifted",
    "gauge",
    "Projects whose `status.drift` names a difference between spec and backend, but for those with `spec.suspend`.",
    (_POLICY,),
)
READY_SECONDS: Final = Family(
    "project_operator_project_ready_duration_seconds",
    "histogram",
    "How long Projects took to become Ready for the first time: from the creation of the object; where its spec was"
    " edited meanwhile, or its project was made anew, from when the project began to be made. A pause with"
    " `spec.suspend` after that counts.",
    (_BACKEND,),
    _LONG,
)
KUBE_CALLS: Final = Family(
    "project_operator_kube_requests_total",
    "counter",
    "Requests to the API server; `error`: no answer came.",
    (_VERB, _RESOURCE, _KUBE_CODE),
)
KUBE_SECONDS: Final = Family(
    "project_operator_kube_request_duration_seconds",
    "histogram",
    "How long requests to the API server took, answered or not; of a watch, until its answer began.",
    (_VERB, _RESOURCE),
    _FAST,
)
EVENTS: Final = Family(
    "project_operator_events_total", "counter", "Kubernetes Events, by what came of them.", (_RESULT,)
)
WATCHES: Final = Family(
    "project_operator_watch_restarts_total",
    "counter",
    "Watches that ended and began anew, by kind and cause.",
    (_RESOURCE, _END),
)
LEADERSHIP_UNITS: Final = Family(
    "project_operator_leadership_units",
    "gauge",
    "Backend objects that this replica sees and somebody is to be in charge of; the Projects without one count as one.",
)
LEADERSHIP: Final = Family(
    "project_operator_leadership_led",
    "gauge",
    "Backend objects that this replica is in charge of; the Projects without one count as one.",
)
REPLICAS: Final = Family(
    "project_operator_leadership_replicas",
    "gauge",
    "Replicas that share the work, as this one sees it; 0: it works alone.",
)
LEADERSHIP_CHANGES: Final = Family(
    "project_operator_leadership_changes_total",
    "counter",
    "Leaderships that this replica `gained`, that it has `given` away, and that it `lost`.",
    (_CHANGE,),
)

FAMILIES: Final = (
    BUILD,
    RECONCILES,
    RECONCILE_SECONDS,
    RETRIES,
    QUEUE_DEPTH,
    QUEUE_OLDEST,
    QUEUE_WAIT,
    BACKEND_CALLS,
    BACKEND_SECONDS,
    CONNECTIONS,
    BREAKERS,
    CREDENTIALS,
    PROJECTS,
    NOT_READY,
    DRIFTED,
    READY_SECONDS,
    KUBE_CALLS,
    KUBE_SECONDS,
    EVENTS,
    WATCHES,
    LEADERSHIP_UNITS,
    LEADERSHIP,
    REPLICAS,
    LEADERSHIP_CHANGES,
)


def reference() -> str:
    """The text of ``docs/reference/metrics.md``."""
    rows = [
        f"| `{family.name}` | {family.kind} | {', '.join(f'`{name}`' for name in family.label_names)} |"
        f" {family.meaning} |"
        for family in FAMILIES
    ]
    labels = {(label.name, label.shown): label for family in FAMILIES for label in family.labels}
    says = [
        f"| `{label.name}` | {', '.join(f'`{one.name}`' for one in FAMILIES if label in one.labels)} | {label.shown} |"
        for label in labels.values()
    ]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Served at `/metrics` on the health port, in the text formats of Prometheus and OpenMetrics. Durations are",
            "in seconds. No label names an object, so the number of series does not grow with the number of Projects.",
            "The standard `process_*` metrics are there too.",
            "",
            "Each replica sees every Project, so across replicas take the `max` of",
            f"`{PROJECTS.name}`, `{NOT_READY.name}`, `{DRIFTED.name}` and",
            f"`{LEADERSHIP_UNITS.name}`, and the `sum` of everything else. Alerts and a dashboard are in",
            "`deploy/monitoring` ([how to use them](../how-to/monitor.md)).",
            "",
            "| metric | type | labels | meaning |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "## Labels",
            "",
            f"A label says one of these, and `{OTHER}` where it would have to say something else.",
            "",
            "| label | of | says |",
            "| --- | --- | --- |",
            *says,
            "",
        ]
    )
