"""Which kinds of backend there are. Filled by ``app.py``; nothing is registered by being imported."""

from collections.abc import Iterable, Iterator

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends import csp, k5, nscale, openstack, otc
from project_operator.backends.vendor import Vendor
from project_operator.errors import ConfigurationError


class Registry:
    """Vendors by the key of their member in the union of `IdentityBackendSpec`."""

    def __init__(self, vendors: Iterable[Vendor] = ()) -> None:
        self._vendors: dict[str, Vendor] = {}
        for vendor in vendors:
            self.register(vendor)

    def register(self, vendor: Vendor) -> None:
        """Add a kind of backend.

        Raises:
            ConfigurationError: its key is taken, or is no member of the union.
        """
        if vendor.key not in IdentityBackendSpec.one_of:
            raise ConfigurationError(
                f"backend {vendor.key!r} is no member of the union in IdentityBackend.spec; members are "
                f"{', '.join(IdentityBackendSpec.one_of)}"
            )
        if vendor.key in self._vendors:
            raise ConfigurationError(f"backend {vendor.key!r} is registered twice; each kind has one implementation")
        self._vendors[vendor.key] = vendor

    def vendor_of(self, spec: IdentityBackendSpec) -> Vendor:
        """The vendor of the one member that ``spec`` has, with what ``spec`` switches on.

        Raises:
            ConfigurationError: this operator was built without it.
        """
        for key in spec.one_of:
            if getattr(spec, key) is not None:
                if key in self._vendors:
                    vendor = self._vendors[key]
                    return vendor.configured(vendor, spec)
                known = ", ".join(self._vendors) or "none"
                raise ConfigurationError(f"this operator has no backend {key!r}; it has: {known}")
        raise AssertionError("a parsed spec has one type of backend")

    def __iter__(self) -> Iterator[Vendor]:
        return iter(self._vendors.values())


def shipped() -> Registry:
    """A new registry with every kind of backend in this package."""
    return Registry([nscale.VENDOR, openstack.VENDOR, otc.VENDOR, k5.VENDOR, csp.VENDOR])
