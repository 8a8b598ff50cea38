"""Every knob of the operator's process: one field, one environment variable, one line of the reference.

What belongs to one identity backend (rate limit, interval, consistency bounds) is in its ``IdentityBackend`` object
instead.
"""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENV_PREFIX: Final = "PROJECT_OPERATOR_"

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class Settings(BaseSettings):
    """The operator's settings, frozen. Durations are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True
    )

    cluster_id: str = Field(default="", max_length=253)
    """What tells this cluster's marks from another's.

    Empty: the uid of the namespace `kube-system`. Set it anew in a cluster restored from another's etcd.
    """

    namespaces: Annotated[tuple[DnsLabel, ...], NoDecode, BeforeValidator(_split)] = ()
    """Namespaces to watch, separated by commas. Empty: all of them."""

    default_backend: DnsLabel = "default"
    """Name of the `IdentityBackend`, in the Project's own namespace, that a Project without `spec.backendRef` uses."""

    workers: int = Field(default=32, ge=1, le=512)
    """How many objects are worked on at once."""

    allow_http: bool = False
    """Whether identity backends may be reached over plain http.

    For the sandbox; credentials would travel in the clear.
    """

    allow_private_addresses: bool = False
    """Whether identity backends may be at loopback, link-local and other addresses that a tenant should not reach through the operator."""

    kubeconfig: Path | None = None
    """A kubeconfig file. Empty: the pod's ServiceAccount, else `$KUBECONFIG`, else `~/.kube/config`."""

    context: str = ""
    """The kubeconfig's context. Empty: its current one."""

    health_address: str = Field(default="0.0.0.0", min_length=1)  # noqa: S104 - the kubelet and Prometheus come from outside the pod
    """Address that `/healthz`, `/readyz` and `/metrics` listen on."""

    health_port: int = Field(default=8080, ge=0, le=65535)
    """Their port. 0: any free one, said in the log."""

    log_format: Literal["auto", "text", "json"] = "auto"
    """`text` for people, `json` for machines, `auto`: text on a terminal, else json."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe records that are written."""

    shutdown_grace: float = Field(default=10.0, gt=0, le=600)
    """How long calls under way may take to finish after SIGTERM; what does not is taken up by the next start from what the object records."""

    send_validity: float = Field(default=5.0, gt=0, le=60)
    """How long after asking for its guarded write a creation may still be sent (S in the protocol)."""

    poll_fastest: float = Field(default=0.5, ge=0.1, le=60)
    """Shortest pause between two looks at a project whose operation is under way."""

    poll_slowest: float = Field(default=10.0, ge=0.1, le=600)
    """Longest pause between two looks at a project whose operation is under way."""

    sweep_interval: float = Field(default=600.0, ge=1, le=86400)
    """How often the watched kinds are listed by metadata, to find deletions that a watch missed."""


def load_settings() -> Settings:
    """The settings that the environment gives.

    Raises:
        ConfigurationError: names each wrong variable, what it was and what is allowed.
    """
    raise NotImplementedError
