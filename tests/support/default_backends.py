"""Default backends of the chart, one of every vendor: what deploy/examples has, said in values."""

import copy
from collections.abc import Mapping
from typing import Any, Final

import helm
from chart_installation import only

EXAMPLES: Final = {
    "nscale": ("01-identitybackend.yaml", True),
    "keystone": ("10-identitybackend-keystone.yaml", True),
    "openTelekomCloud": ("12-identitybackend-otc.yaml", True),
    "fujitsuK5": ("13-identitybackend-k5.yaml", True),
    "vmwareCSP": ("14-identitybackend-csp.yaml", False),
}
"""The example of a vendor, and whether its way in is the one that values need not name."""


def example(vendor: str) -> dict[str, Any]:
    """The IdentityBackend of an example."""
    file, _ = EXAMPLES[vendor]
    documents = helm.objects((helm.ROOT / "deploy" / "examples" / file).read_text(encoding="utf-8"))
    return next(one for one in documents if one["kind"] == "IdentityBackend")


def backend_values(vendor: str) -> dict[str, Any]:
    """Values of the chart that come to the example's spec."""
    spec = copy.deepcopy(example(vendor)["spec"])
    block = spec.pop(vendor)
    ((method, way),) = block["auth"].items()
    secret = way.pop("secretRef")
    if EXAMPLES[vendor][1]:
        assert way == {}, f"values must name {method} to set more of it"
        del block["auth"]
    return {"defaultBackend": {"enabled": True, vendor: block, "existingSecret": secret, "spec": spec}}


def default_backend(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the chart renders of them."""
    return only(helm.objects(helm.template(helm.WITHOUT_DEFINITIONS | dict(values))), "IdentityBackend")
