"""What the data says about a status code is what the backend's table of answers and the core make of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
import scripted_keystone

from project_operator import errors
from project_operator.backends.calls import Answer
from project_operator.backends.csp.errors import ANSWERS as CSP
from project_operator.backends.csp.errors import Operation as CSPOperation
from project_operator.backends.k5.dialect import K5
from project_operator.backends.keystone_v3.errors import Operation as KeystoneOperation
from project_operator.backends.nscale.errors import ANSWERS as NSCALE
from project_operator.backends.nscale.errors import Operation as NscaleOperation
from project_operator.backends.openstack.dialect import OPENSTACK
from project_operator.backends.otc.errors import ANSWERS as OTC
from project_operator.backends.registry import shipped
from project_operator.errors import BackendError
from project_operator.reconcile.absorb import reason_for
from vendor_pages import Row, RowKind, load

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NSCALE_CODES = {400: "invalid_request", 401: "access_denied", 403: "forbidden", 409: "conflict", 500: "server_error"}
"""As the examples on its page pair them."""


def nscale_says(status: int) -> BackendError | None:
    document = {"error": NSCALE_CODES.get(status, ""), "error_description": "…"}
    answer = Answer(status, httpx.Headers(), json.dumps(document).encode())
    return NSCALE.classify(NscaleOperation.CREATE_PROJECT, answer, now=NOW)


def keystone_says(status: int) -> BackendError | None:
    by_policy = scripted_keystone.forbidden("create_project")
    answer = by_policy if status == by_policy.status else scripted_keystone.error(status, "…")
    return OPENSTACK.answers.classify(KeystoneOperation.CREATE_PROJECT, answer, now=NOW)


def k5_says(status: int) -> BackendError | None:
    by_policy = scripted_keystone.forbidden("create_project")
    answer = by_policy if status == by_policy.status else scripted_keystone.error(status, "…")
    return K5.answers.classify(KeystoneOperation.CREATE_PROJECT, answer, now=NOW)


def csp_says(status: int) -> BackendError | None:
    document = {"message": "…", "statusCode": status, "requestId": "0af7651916cd43dd"}
    answer = Answer(status, httpx.Headers(), json.dumps(document).encode())
    return CSP.classify(CSPOperation.CREATE_PROJECT, answer, now=NOW)


def otc_says(status: int) -> BackendError | None:
    by_policy = "Policy doesn't allow iam:projects:createProject to be performed."
    return OTC.classify(KeystoneOperation.CREATE_PROJECT, scripted_keystone.error(status, by_policy), now=NOW)


BACKENDS: dict[str, Callable[[int], BackendError | None]] = {
    "nscale": nscale_says,
    "keystone": keystone_says,
    "open_telekom_cloud": otc_says,
    "fujitsu_k5": k5_says,
    "vmware_csp": csp_says,
}
CODES = [
    pytest.param(page.backend, row, id=f"{page.backend}-{row.name}")
    for page in load().values()
    for row in page.rows
    if page.backend and row.kind is RowKind.STATUS_CODE
]


def disagreement(backend: str, row: Row) -> str:
    """What is so instead of what the row says; "" where it is right."""
    assert row.outcome is not None
    error = BACKENDS[backend](int(row.name))
    if error is None:
        return "it is a success" if row.outcome.error else ""
    found = (type(error).__name__, str(reason_for(error)))
    return "" if found == (row.outcome.error, row.outcome.reason) else f"it is {' and '.join(found)}"


@pytest.mark.parametrize(("backend", "row"), CODES)
def test_each_status_code_of_a_finished_backends_page_means_what_its_row_says(backend: str, row: Row) -> None:
    assert disagreement(backend, row) == ""


@pytest.mark.parametrize(("backend", "row"), CODES)
def test_that_check_notices_a_row_that_says_something_else(backend: str, row: Row) -> None:
    assert row.outcome is not None
    wrong = "Throttled" if row.outcome.error != "Throttled" else "NameTaken"
    assert disagreement(backend, row.model_copy(update={"outcome": row.outcome.model_copy(update={"error": wrong})}))


def test_every_backend_that_is_shipped_is_asked() -> None:
    assert set(BACKENDS) == {vendor.key for vendor in shipped()}


def test_every_error_that_is_named_is_one_of_a_backend() -> None:
    for page in load().values():
        named = {row.outcome.error for row in page.rows if row.outcome and row.outcome.error}
        assert all(issubclass(getattr(errors, name), BackendError) for name in named)
