"""OpenStack Keystone, Virtuozzo's included.

`VENDOR` is for the registry; `KeystoneConfig` and `open_backend` make a connection without a backend object.
"""

from collections.abc import Mapping

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.config import KeystoneConfig
from project_operator.backends.keystone_v3.payloads import DOMAIN_ID, IS_DOMAIN
from project_operator.backends.openstack.config import endpoint, from_spec
from project_operator.backends.openstack.dialect import OPENSTACK
from project_operator.backends.openstack.unsupported import unsupported, unsupported_here
from project_operator.backends.vendor import Capabilities, Surroundings, Vendor

__all__ = ["VENDOR", "KeystoneConfig", "open_backend"]


def open_backend(config: KeystoneConfig, surroundings: Surroundings) -> KeystoneBackend:
    """A connection; nothing is sent before its `connect`.

    Raises:
        ConnectionRefused: the URL is not allowed here, or the CA bundle cannot be read.
    """
    return KeystoneBackend(config, OPENSTACK, surroundings)


def _open(spec: IdentityBackendSpec, secret: Mapping[str, bytes], surroundings: Surroundings) -> KeystoneBackend:
    return open_backend(from_spec(spec, secret), surroundings)


VENDOR = Vendor(
    key="keystone",
    title="OpenStack Keystone",
    default_deletion_policy=DeletionPolicy.DELETE,
    capabilities=Capabilities(roles=True, disable=True, fixed=frozenset({"parentID", IS_DOMAIN, DOMAIN_ID})),
    open=_open,
    unsupported=unsupported,
    unsupported_here=unsupported_here,
    endpoint=endpoint,
)
