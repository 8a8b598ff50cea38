"""The five kinds of backend, as far as the core can tell them apart: what the real ones say that they can do and cannot
hold, over the simulated backend.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from spec_values import Setting, Spec

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import ProjectSpec
from project_operator.backends import csp, k5, nscale, openstack, otc
from project_operator.backends.base import Group, Role
from project_operator.backends.vendor import Vendor

GROUPS: Final = (Group("g1", "dev"), Group("g2", "ops"))
ROLES: Final = (Role("r1", "reader"), Role("r2", "admin"))
_SECRET: Final = {"secretRef": {"name": "token"}}
_PASSWORD: Final = {"password": _SECRET}


@dataclass(frozen=True)
class Family:
    """One kind."""

    vendor: Vendor
    member: Mapping[str, Any]
    """The member of the union in the spec of its backend object."""
    backend: Mapping[str, Any] = field(default_factory=dict)
    """What the simulated backend is told."""
    names: tuple[str, ...] = ("web-1", "web-2", "größe", "a b")
    roles: bool = True

    @property
    def setting(self) -> Setting:
        """What makes sense in a spec for it; much of that it still refuses."""
        ids = {"groups[].id": ("g1", "g2"), "groups[].roles[].id": ("r1", "r2")}
        names = {"groups[].name": ("dev", "ops", "nobody"), "groups[].roles[].name": ("reader", "admin", "nothing")}
        places = {"roles": frozenset({"groups[].roles"}), "plain": frozenset[str]()}
        return Setting(
            {"name": self.names, "keystone.domainID": ("org", "elsewhere"), **ids, **names},
            # The default backend object is the only one, and trees are told elsewhere.
            absent=frozenset({"backendRef", "parentRef", "parentID", "import"})
            | places["plain" if self.roles else "roles"],
            present=places["roles" if self.roles else "plain"],
        )

    def as_compared(self, name: str) -> str:
        """A name of a project as this kind of backend compares it with others."""
        return name.casefold() if self.vendor.capabilities.ignores_case else name

    def held(self, spec: Spec, name: str) -> Spec:
        """``spec`` without what this kind of backend says that it cannot hold, as the Project ``name`` has it."""
        backend = IdentityBackendSpec.model_validate(self.member)
        vendor = self.vendor.configured(self.vendor, backend)
        while True:
            parsed = ProjectSpec.model_validate(spec)
            policy = parsed.deletion_policy or vendor.default_deletion_policy
            refused = (
                *vendor.unsupported(parsed, name=parsed.name or name, deletion_policy=policy),
                *vendor.unsupported_here(parsed, backend, "org"),
            )
            if not refused:
                return spec
            first = refused[0].path
            field = re.split(r"[.\[]", first)[1]
            spec = {key: value for key, value in spec.items() if key != field}
            if first == "metadata.name":
                spec |= {"name": self.names[0]}


FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        "nscale": Family(
            nscale.VENDOR,
            {"nscale": {"url": "https://identity", "auth": {"serviceAccountToken": _SECRET}}},
            roles=False,
        ),
        "keystone": Family(
            openstack.VENDOR,
            {"keystone": {"url": "https://identity", "domain": {"id": "org"}, "auth": _PASSWORD}},
            {"keystone": True},
        ),
        "otc": Family(
            otc.VENDOR,
            {
                "openTelekomCloud": {
                    "url": "https://identity",
                    "domain": {"name": "org"},
                    "region": "eu-de",
                    "auth": _PASSWORD,
                }
            },
            {"keystone": True},
            names=("eu-de_web-1", "eu-de_web-2", "eu-de_größe", "web"),
        ),
        "k5": Family(
            k5.VENDOR,
            {"fujitsuK5": {"url": "https://identity.region", "domain": {"name": "org"}, "auth": _PASSWORD}},
            {"keystone": True, "deletes": False},
            names=("web-1", "web-2", "web", "WEB-1"),
        ),
        "csp": Family(
            csp.VENDOR,
            {
                "vmwareCSP": {
                    "url": "https://identity",
                    "organization": "org",
                    "auth": {"clientCredentials": _SECRET},
                }
            },
            {"repeats_creation": False, "deletes": False, "provision_delay": 0.0},
            roles=False,
        ),
    }
)
