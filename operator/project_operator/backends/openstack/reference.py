"""What the answers of OpenStack Keystone mean, as a page for people."""

from typing import Final

from project_operator.backends.keystone_v3 import reference
from project_operator.backends.openstack.dialect import OPENSTACK

PAGE: Final = "docs/reference/errors-openstack.md"


def error_reference() -> str:
    """The page, Markdown."""
    return reference.error_reference(OPENSTACK, "OpenStack Keystone")
