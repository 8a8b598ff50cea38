"""nscale Identity.

`VENDOR` is for the registry; `NscaleConfig` and `open_backend` make a connection without a backend object.
"""

from collections.abc import Mapping

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.backends.nscale.backend import NscaleBackend
from project_operator.backends.nscale.config import NscaleConfig, endpoint, from_spec, replaces
from project_operator.backends.nscale.unsupported import unsupported
from project_operator.backends.vendor import Capabilities, Surroundings, Vendor

__all__ = ["VENDOR", "NscaleConfig", "open_backend"]


def open_backend(config: NscaleConfig, surroundings: Surroundings) -> NscaleBackend:
    """A connection; nothing is sent before its `connect`.

    Raises:
        ConnectionRefused: the URL is not allowed here, or the CA bundle cannot be read.
    """
    return NscaleBackend(config, surroundings)


def _open(spec: IdentityBackendSpec, secret: Mapping[str, bytes], surroundings: Surroundings) -> NscaleBackend:
    return open_backend(from_spec(spec, secret), surroundings)


VENDOR = Vendor(
    key="nscale",
    title="nscale Identity",
    default_deletion_policy=DeletionPolicy.DELETE,
    capabilities=Capabilities(),
    open=_open,
    unsupported=unsupported,
    endpoint=endpoint,
    replaces=replaces,
)
