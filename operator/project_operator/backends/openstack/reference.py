"""What the answers of OpenStack Keystone mean, as a page for people."""

from typing import Final

from project_operator.backends.keystone_v3.reference import error_page
from project_operator.backends.openstack.dialect import OPENSTACK

PAGE: Final = "docs/reference/errors-openstack.md"

ERROR_PAGE: Final = error_page(OPENSTACK.answers, "OpenStack Keystone")
