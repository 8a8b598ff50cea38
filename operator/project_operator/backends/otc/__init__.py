"""Open Telekom Cloud.

`VENDOR` is for the registry; `OTCConfig` and `open_backend` make a connection without a backend object.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.backends.otc.backend import OTCBackend
from project_operator.backends.otc.config import LOAD, OTCConfig, endpoint, from_spec, member, region_names
from project_operator.backends.otc.names import RegionNames
from project_operator.backends.otc.unsupported import unsupported
from project_operator.backends.vendor import Capabilities, Surroundings, Vendor

__all__ = ["VENDOR", "OTCConfig", "open_backend"]


def open_backend(config: OTCConfig, surroundings: Surroundings) -> OTCBackend:
    """A connection; nothing is sent before its `connect`.

    Raises:
        ConnectionRefused: the URL is not allowed here, or the CA bundle cannot be read.
    """
    return OTCBackend(config, surroundings)


def _open(spec: IdentityBackendSpec, secret: Mapping[str, bytes], surroundings: Surroundings) -> OTCBackend:
    return open_backend(from_spec(spec, secret), surroundings)


def _configured(vendor: Vendor, spec: IdentityBackendSpec) -> Vendor:
    """With the region, which names have to begin with."""
    return replace(vendor, unsupported=partial(unsupported, region_names(member(spec))))


VENDOR = Vendor(
    key="open_telekom_cloud",
    title="Open Telekom Cloud",
    default_deletion_policy=DeletionPolicy.ORPHAN,
    capabilities=Capabilities(
        roles=True,
        disable=True,
        destroys="every cloud resource in it",
        fixed=frozenset({"parentID"}),
    ),
    open=_open,
    unsupported=partial(unsupported, RegionNames("region")),
    endpoint=endpoint,
    load=LOAD,
    configured=_configured,
)
