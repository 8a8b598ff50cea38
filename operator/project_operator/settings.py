"""Every knob of the operator's process: one field, one environment variable, one line of the reference.

What belongs to one identity backend (rate limit, interval, consistency bounds) is in its ``IdentityBackend`` object
instead.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from project_operator.errors import ConfigurationError

ENV_PREFIX: Final = "PROJECT_OPERATOR_"
TYPO_LIKENESS: Final = 0.9
"""How like a setting's variable an unknown one must be to be taken for a slip of it (difflib's ratio)."""


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
DnsLabels = Annotated[tuple[DnsLabel, ...], NoDecode, BeforeValidator(_split)]
ClusterIds = Annotated[tuple[Annotated[str, StringConstraints(max_length=253)], ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """The operator's settings, frozen. Durations are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True
    )

    cluster_id: str = Field(default="", max_length=253)
    """What tells this cluster's marks from those of another. Empty: the uid of the namespace `kube-system`. Must be set
    anew in a cluster that was restored from the etcd of another one that lives on; and to that of the former cluster
    where this one takes its place (or, where that is not known, to `sha256:` and the 16 hex digits that the marks of
    its projects begin with)."""

    restore: bool = False
    """Whether a Project that was restored from a backup, without its status, takes up the project that carries the mark
    of an earlier object of its namespace and name. To be switched off when all Projects are Ready again."""

    other_clusters: ClusterIds = ()
    """The cluster ids (or `sha256:` and 16 hex digits) of clusters that live on beside this one at the same backends. A
    project that one of them made for a Project of the same namespace and name does not stand in the way of one here."""

    namespaces: DnsLabels = ()
    """Namespaces to watch. Empty: all of them."""

    secret_namespaces: DnsLabels = ()
    """Namespaces whose labelled Secrets are watched, where the operator may not read them everywhere. Empty: those of
    `PROJECT_OPERATOR_NAMESPACES`."""

    default_backend: DnsLabel = "default"
    """Name of the backend object that serves a Project without `spec.backendRef`. A Project that was made with another
    one stops with the reason `BackendChanged`."""

    default_backend_kind: Literal["IdentityBackend", "ClusterIdentityBackend"] = "IdentityBackend"
    """Kind of that object: an `IdentityBackend` is in the Project's own namespace, a `ClusterIdentityBackend` serves
    those that it selects."""

    cluster_backends: bool = True
    """Whether there are `ClusterIdentityBackend` objects. They and the labels of all namespaces are watched, for which
    the operator needs rights in the whole cluster."""

    workers: int = Field(default=32, ge=1, le=512)
    """How many Projects of one identity backend are worked on at once. Those of others do not count, so that a backend
    that does not answer holds up nobody else's."""

    resync_interval: float = Field(default=600.0, ge=1, le=86400)
    """How often an object is looked at again though nothing is known to have changed."""

    poll_fastest: float = Field(default=0.5, ge=0.1, le=60)
    """The shortest pause between two looks at a project whose operation is under way."""

    poll_slowest: float = Field(default=10.0, ge=0.1, le=600)
    """The longest such pause."""

    send_validity: float = Field(default=5.0, gt=0, le=60)
    """How long after asking for its guarded write a creation may still be sent (S in the protocol)."""

    sweep_interval: float = Field(default=600.0, ge=1, le=86400)
    """How often the watched kinds are listed, without their content, to find what a watch missed."""

    lease_namespace: Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$")] = ""
    """Namespace of the Leases by which several replicas share the backend objects: one of them is in charge of each,
    the others stand by. Empty: this process is the only one, which nothing but whoever starts it sees to."""

    lease_duration: int = Field(default=12, ge=3, le=60)
    """How long a replica must not have renewed its Lease before the others take over what it was in charge of. It stops
    by itself after two thirds of that."""

    shutdown_grace: float = Field(default=10.0, gt=0, le=600)
    """How long calls under way may take to end after SIGTERM. What does not end is taken up by the next start."""

    allow_http: bool = False
    """Whether identity backends may be reached over plain http, where credentials travel in the clear. For the
    sandbox."""

    allowed_addresses: Networks = ()
    """Address ranges where identity backends may be although they are refused by default: loopback, link-local,
    unspecified, multicast and reserved ones, the metadata services of clouds, and the cluster's own Services and Pods.
    Only the API server itself is refused always."""

    denied_addresses: Networks = ()
    """Further address ranges where no identity backend may be."""

    service_ranges: Networks = ()
    """Address ranges of the cluster's Services. Empty: as its ServiceCIDR objects say (Kubernetes 1.33 and newer)."""

    pod_ranges: Networks = ()
    """Address ranges of the cluster's Pods. Empty: as `spec.podCIDRs` of its Nodes say, if
    `PROJECT_OPERATOR_READ_NODES` is true."""

    read_nodes: bool = False
    """Whether the operator may list the Nodes, for their ranges of Pods. Some network plug-ins do not use these."""

    kubeconfig: Path | None = None
    """A kubeconfig file. Empty: the pod's ServiceAccount, else `$KUBECONFIG`, else `~/.kube/config`."""

    context: str = ""
    """The context of the kubeconfig. Empty: its current one."""

    health_address: str = "0.0.0.0"  # noqa: S104 - kubelet and Prometheus are outside
    """Address that `/healthz`, `/readyz` and `/metrics` listen on."""

    health_port: int = Field(default=8080, ge=0, le=65535)
    """Their port. 0: any free one, which the log says."""

    log_format: Literal["auto", "text", "json"] = "auto"
    """`text` for people, `json` for machines, `auto`: text on a terminal, else json."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe records that are written."""

    @model_validator(mode="after")
    def _default_is_served(self) -> Self:
        if self.default_backend_kind == "ClusterIdentityBackend" and not self.cluster_backends:
            raise ValueError(
                f"{variable('default_backend_kind')} must not be ClusterIdentityBackend where "
                f"{variable('cluster_backends')} is false"
            )
        return self

    @model_validator(mode="after")
    def _poll_bounds(self) -> Self:
        if self.poll_fastest > self.poll_slowest:
            raise ValueError(
                f"{variable('poll_fastest')} must not be more than {variable('poll_slowest')}; "
                f"they are {self.poll_fastest} and {self.poll_slowest}"
            )
        return self


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings that the environment gives, and ``overrides`` (from the command line) before it.

    Raises:
        ConfigurationError: names each wrong variable, what it was and what is allowed; also one that is a slip of a
            setting's name.
    """
    _refuse_slips(os.environ)
    try:
        return Settings(**overrides or {})
    except ValidationError as error:
        raise ConfigurationError("; ".join(dict.fromkeys(_complaint(problem) for problem in error.errors()))) from None


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return f"{ENV_PREFIX}{field.upper()}"


def reference() -> str:
    """The text of ``docs/reference/settings.md``."""
    rows = [
        f"| `{variable(name)}` | {_allowed(schema)} | {_default(schema)} | {' '.join(schema['description'].split())} |"
        for name, schema in _schemas().items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "The operator's process reads these environment variables when it starts. A value that is not allowed ends",
            "it with exit code 2 and a line that names the variable. What belongs to one identity backend is in its",
            "`IdentityBackend` object.",
            "",
            "| variable | allowed | default | meaning |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _refuse_slips(environ: Mapping[str, str]) -> None:
    known = [variable(name) for name in Settings.model_fields]
    for name in environ:
        if name in known or not name.startswith(ENV_PREFIX):
            continue
        if near := get_close_matches(name, known, n=1, cutoff=TYPO_LIKENESS):
            raise ConfigurationError(f"{name} is not a setting; did you mean {near[0]}?")


def _complaint(problem: Any) -> str:
    if not problem["loc"]:
        return str(problem["ctx"]["error"])
    field = str(problem["loc"][0])
    allowed = _allowed(_schemas()[field]).replace("`", "")
    return f"{variable(field)}: {str(problem['input'])!r} is not allowed; must be {allowed}"


def _schemas() -> dict[str, Any]:
    """Each setting's JSON schema, the source of what is said about it."""
    properties: dict[str, Any] = Settings.model_json_schema()["properties"]
    return properties


def _allowed(schema: Mapping[str, Any]) -> str:
    """What a value may be, in words."""
    match schema:
        case {"enum": values}:
            *others, last = (f"`{value}`" for value in values)
            words = f"{', '.join(others)} or {last}"
        case {"type": "boolean"}:
            words = "`true` or `false`"
        case {"type": "integer"}:
            words = f"an integer {_range(schema)}"
        case {"type": "number"}:
            words = f"a number of seconds {_range(schema)}"
        case {"type": "array", "items": items}:
            words = f"{_items(items)}, separated by commas"
        case {"pattern": _}:
            words = "a DNS label (lower-case letters, digits and `-`, at most 63)"
        case {"maxLength": limit}:
            words = f"text of at most {limit} characters"
        case {"type": "string"}:
            words = "text"
        case _:
            words = "a path"
    return words


def _items(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"pattern": _}:
            return "names of namespaces"
        case {"maxLength": _}:
            return "cluster ids"
        case _:
            return "networks such as `10.0.0.0/8`"


def _range(schema: Mapping[str, Any]) -> str:
    lowest = f"from {schema['minimum']:g}" if "minimum" in schema else f"above {schema['exclusiveMinimum']:g}"
    return f"{lowest} to {schema['maximum']:g}"


def _default(schema: Mapping[str, Any]) -> str:
    value = schema["default"]
    if value in ("", [], None):
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
