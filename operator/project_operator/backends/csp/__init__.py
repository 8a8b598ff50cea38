"""VMware Cloud Services Platform.

`VENDOR` is for the registry; `CSPConfig` and `open_backend` make a connection without a backend object.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from project_operator.api.v1alpha1.csp import CSPCapabilities
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.backends.csp.backend import CSPBackend
from project_operator.backends.csp.config import LOAD, CSPConfig, endpoint, from_spec, member
from project_operator.backends.csp.payloads import SCOPES
from project_operator.backends.csp.unsupported import unsupported
from project_operator.backends.vendor import Capabilities, Surroundings, Vendor

__all__ = ["VENDOR", "CSPConfig", "open_backend"]

PARENT: Final = "parentID"


def open_backend(config: CSPConfig, surroundings: Surroundings) -> CSPBackend:
    """A connection; nothing is sent before its `connect`.

    Raises:
        ConnectionRefused: the URL is not allowed here, or the CA bundle cannot be read.
    """
    return CSPBackend(config, surroundings)


def _open(spec: IdentityBackendSpec, secret: Mapping[str, bytes], surroundings: Surroundings) -> CSPBackend:
    return open_backend(from_spec(spec, secret), surroundings)


def _configured(vendor: Vendor, spec: IdentityBackendSpec) -> Vendor:
    switched_on = member(spec).capabilities
    capabilities = replace(
        vendor.capabilities,
        delete=switched_on.delete,
        roles=bool(switched_on.group_roles),
        fixed=frozenset({SCOPES} if switched_on.reparent else {SCOPES, PARENT}),
    )
    return replace(vendor, capabilities=capabilities, unsupported=partial(unsupported, switched_on))


VENDOR: Final = Vendor(
    key="vmware_csp",
    title="VMware Cloud Services Platform",
    default_deletion_policy=DeletionPolicy.ORPHAN,
    capabilities=Capabilities(delete=False, repeats_creation=False, fixed=frozenset({SCOPES, PARENT})),
    open=_open,
    unsupported=partial(unsupported, CSPCapabilities()),
    endpoint=endpoint,
    load=LOAD,
    configured=_configured,
)
