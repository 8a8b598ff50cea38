"""What backend objects are made of, whatever their type: where they are, what they trust, how much they bear."""

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field

from project_operator.api.schema import ApiModel, Bool, Int, Rule, cel_string, matches
from project_operator.api.v1alpha1.types import Duration, ObjectName, duration_between


class SecretRef(ApiModel):
    """A Secret."""

    name: ObjectName
    """Name of the Secret, in the namespace of the backend object, or in its `secretNamespace` where it is in none. It
    must carry the label `identity.project-operator.dev/credentials: "true"`."""


class SecretKeyRef(SecretRef):
    """A key of a Secret."""

    key: Annotated[
        str,
        Field(max_length=253),
        matches("^[-._a-zA-Z0-9]+$", "must be the key of a Secret: letters, digits, '-', '_' and '.'"),
    ] = "token"
    """Key in the Secret."""


def _has_host(text: str) -> bool:
    try:
        url = urlsplit(text)
        return bool(url.hostname) and url.port != 0
    except ValueError:
        return False


_BASE_URL: Final = r"^https?://[^\s/?#@\\]+(/[^\s?#@\\]*)?$"

BaseURL = Annotated[
    str,
    Field(max_length=512),
    Rule(
        f"self.matches({cel_string(_BASE_URL)}) && isURL(self)",
        "must be an http or https URL without user, query and fragment, such as 'https://identity.example.com'",
        lambda text: re.fullmatch(_BASE_URL, text, re.ASCII) is not None and _has_host(text),
    ),
]

CABundle = Annotated[
    str,
    Field(max_length=65536),
    Rule(
        "self.contains('-----BEGIN CERTIFICATE-----')",
        "must be certificates in PEM, beginning with '-----BEGIN CERTIFICATE-----'",
        lambda text: "-----BEGIN CERTIFICATE-----" in text,
    ),
]


class RateLimit(ApiModel):
    """How much the backend is asked to bear. What is left out is as the type of backend has it."""

    requests_per_second: Annotated[Int, Field(ge=1, le=1000)] | None = None
    """Requests per second, on average. Default: 100 for nscale and Keystone, 10 for Fujitsu K5, 5 for Open Telekom
    Cloud and VMware CSP."""
    burst: Annotated[Int, Field(ge=1, le=1000)] | None = None
    """Requests that may come at once after a quiet time. Default: as many as `requestsPerSecond` has by default."""
    max_in_flight: Annotated[Int, Field(ge=1, le=64)] | None = None
    """Requests under way at one time. Default: 16 for nscale and Keystone, 8 for Fujitsu K5 and Open Telekom Cloud, 4
    for VMware CSP."""


class Breaker(ApiModel):
    """When calls stop because the backend gives no usable answers, and when it is tried again."""

    failure_threshold: Annotated[Int, Field(ge=1, le=100)] = 5
    """Calls in a row that get no usable answer (none in time, none at all, or a server error) before no further one
    begins."""
    longest_pause: Annotated[Duration, duration_between("1s", "1h")] = "60s"
    """How long until a read is tried, at most, that shows whether the backend answers again: about a second at first,
    then up to twice as long each time."""


class Consistency(ApiModel):
    """What is assumed of the backend; promises about duplicates hold within it."""

    read_lag: Annotated[Duration, duration_between("0s", "1h")] = "10s"
    """A read begun later than this after a write shows it."""
    in_flight_bound: Annotated[Duration, duration_between("1s", "1h")] = "60s"
    """A request takes effect at most so long after it was sent, if at all, even when the connection was lost. Not
    shorter than `timeout`."""


class Capabilities(ApiModel):
    """What the operator may do in the backend; switch off what a site forbids."""

    create: Bool = True
    """Whether projects may be created."""
    update: Bool = True
    """Whether projects may be changed."""
    delete: Bool = True
    """Whether projects may be deleted."""
