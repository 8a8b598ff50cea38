"""Fujitsu K5 (FJcloud-O).

`VENDOR` is for the registry; `KeystoneConfig` and `open_backend` make a connection without a backend object.
"""

from collections.abc import Mapping
from typing import Final

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.backends.k5.backend import K5Backend
from project_operator.backends.k5.config import LOAD, endpoint, from_spec
from project_operator.backends.k5.unsupported import unsupported
from project_operator.backends.keystone_v3.config import KeystoneConfig
from project_operator.backends.vendor import Capabilities, Surroundings, Vendor

__all__ = ["VENDOR", "KeystoneConfig", "open_backend"]


def open_backend(config: KeystoneConfig, surroundings: Surroundings) -> K5Backend:
    """A connection; nothing is sent before its `connect`.

    Raises:
        ConnectionRefused: the URL is not allowed here, or the CA bundle cannot be read.
    """
    return K5Backend(config, surroundings)


def _open(spec: IdentityBackendSpec, secret: Mapping[str, bytes], surroundings: Surroundings) -> K5Backend:
    return open_backend(from_spec(spec, secret), surroundings)


VENDOR: Final = Vendor(
    key="fujitsu_k5",
    title="Fujitsu K5",
    default_deletion_policy=DeletionPolicy.DISABLE,
    capabilities=Capabilities(delete=False, roles=True, disable=True, ignores_case=True),
    open=_open,
    unsupported=unsupported,
    endpoint=endpoint,
    load=LOAD,
)
