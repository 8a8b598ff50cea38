"""The admin interface from the other side: a blocking client for tests, the demo and benchmarks."""

import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from project_operator.backends.trust import system_trust
from project_operator.errors import SandboxError
from project_operator.sandbox.identity.admin import PREFIX
from project_operator.sandbox.identity.faults import Fault, FaultState
from project_operator.sandbox.identity.request_log import OperationCounts, RequestRecord

_RECORDS = TypeAdapter(list[RequestRecord])
_COUNTS = TypeAdapter(dict[str, OperationCounts])
_FAULTS = TypeAdapter(list[FaultState])


Settings = TypeVar("Settings", bound=BaseModel)


class AdminClient:
    """What every embedded server has: faults and the request log.

    Each method raises SandboxError where the server refuses or does not answer.
    """

    def __init__(self, url: str, token: str, *, ca_bundle: str = "") -> None:
        """``ca_bundle`` is PEM text; empty: what this machine trusts."""
        verify = ssl.create_default_context(cadata=ca_bundle) if ca_bundle else system_trust()
        self._client = httpx.Client(
            base_url=f"{url}{PREFIX}",
            headers={"authorization": f"Bearer {token}"},
            verify=verify,
            trust_env=False,
            timeout=30.0,
            # For calls that follow each other at once. The server closes what is idle for longer, and a connection
            # that was kept until then would now and then be found closed.
            limits=httpx.Limits(keepalive_expiry=0.1),
        )

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add_fault(self, fault: Fault) -> int:
        """Put a fault in force; its id."""
        return int(self._call("POST", "/faults", fault).json()["id"])

    def faults(self) -> list[FaultState]:
        """All faults in force and how often they struck."""
        return _FAULTS.validate_json(self._call("GET", "/faults").content)

    def remove_fault(self, fault_id: int) -> None:
        """Take one fault out of force; requests it holds are dropped."""
        self._call("DELETE", f"/faults/{fault_id}")

    def clear_faults(self) -> None:
        """Take all faults out of force."""
        self._call("DELETE", "/faults")

    def requests(self, *, after: int = 0, operation: str = "") -> list[RequestRecord]:
        """The request log, in the order of arrival."""
        return _RECORDS.validate_json(
            self._call("GET", "/requests", query={"after": str(after), "operation": operation}).content
        )

    def counts(self) -> dict[str, OperationCounts]:
        """Totals by operation."""
        return _COUNTS.validate_json(self._call("GET", "/requests/counts").content)

    def clear_requests(self) -> None:
        """Forget the request log and its totals."""
        self._call("DELETE", "/requests")

    def _configure(self, settings: type[Settings], changes: Mapping[str, Any]) -> Settings:
        """Change settings, by their Python names; the settings as they are now."""
        names = {name: field.alias or name for name, field in settings.model_fields.items()}
        body = {names.get(name, name): value for name, value in changes.items()}
        return settings.model_validate_json(self._call("PATCH", "/settings", body).content)

    def _call(
        self,
        method: str,
        path: str,
        body: BaseModel | Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        document = body.model_dump(mode="json", by_alias=True) if isinstance(body, BaseModel) else body
        try:
            response = self._client.request(method, path, json=document, params=query)
        except httpx.HTTPError as error:
            raise SandboxError(
                f"the embedded identity server at {self._client.base_url} did not answer: {error}"
            ) from error
        if response.is_error:
            raise SandboxError(f"the embedded identity server refused {method} {PREFIX}{path}: {response.text}")
        return response
