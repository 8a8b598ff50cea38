"""The admin interface of an embedded server: what no vendor offers.

It has a prefix and a token of its own, is struck by no fault and does not show in the request log.
"""

import hmac
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from project_operator.sandbox.identity.faults import Fault, FaultBook, FaultState
from project_operator.sandbox.identity.request_log import OperationCounts, RequestLog, RequestRecord

PREFIX: Final = "/_admin"

M = TypeVar("M", bound=BaseModel)
_RECORDS: Final = TypeAdapter(list[RequestRecord])
_COUNTS: Final = TypeAdapter(dict[str, OperationCounts])
_FAULTS: Final = TypeAdapter(list[FaultState])


async def body_of(model: type[M], request: Request) -> M:
    """The request's body as ``model``; 400 naming the field otherwise."""
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{field}: {first['msg']}") from None


async def changed(settings: M, request: Request) -> M:
    """``settings`` with the changes in the request's body; 400 naming the field where they cannot be."""
    present = settings.model_dump(by_alias=True)
    try:
        changes: Any = await request.json()
        return type(settings).model_validate({**present, **changes})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, TypeError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from None


def document(value: BaseModel) -> Response:
    """A model as a JSON response."""
    return Response(value.model_dump_json(by_alias=True), media_type="application/json")


def nothing() -> Response:
    """Done, and nothing to say."""
    return Response(status_code=HTTPStatus.NO_CONTENT)


class _RequireToken:
    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            presented = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(presented, self._expected):
                refusal = JSONResponse(
                    {"error": "send the admin token as: Authorization: Bearer …"}, HTTPStatus.UNAUTHORIZED
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _explained(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    detail = error.detail if isinstance(error, HTTPException) else str(error)
    return JSONResponse({"error": detail}, status)


def admin_application(token: str, faults: FaultBook, log: RequestLog, vendor_routes: Sequence[Route]) -> Starlette:
    """Faults and request log, and beside them what the vendor's server adds."""

    async def add_fault(request: Request) -> Response:
        fault_id = faults.add(await body_of(Fault, request))
        return JSONResponse({"id": fault_id}, HTTPStatus.CREATED)

    async def list_faults(_: Request) -> Response:
        return Response(_FAULTS.dump_json(faults.state(), by_alias=True), media_type="application/json")

    async def clear_faults(_: Request) -> Response:
        faults.clear()
        return nothing()

    async def remove_fault(request: Request) -> Response:
        if not faults.remove(request.path_params["id"]):
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no fault with this id in force")
        return nothing()

    async def list_requests(request: Request) -> Response:
        query = request.query_params
        after = int(query.get("after", "0")) if query.get("after", "0").isdecimal() else 0
        found = log.records(after=after, operation=query.get("operation", ""))
        return Response(_RECORDS.dump_json(list(found), by_alias=True), media_type="application/json")

    async def clear_requests(_: Request) -> Response:
        log.clear()
        return nothing()

    async def count_requests(_: Request) -> Response:
        return Response(_COUNTS.dump_json(log.counts()), media_type="application/json")

    handlers: dict[Any, Any] = {HTTPException: _explained}
    return Starlette(
        routes=[
            Mount(
                PREFIX,
                routes=[
                    Route("/faults", add_fault, methods=["POST"]),
                    Route("/faults", list_faults, methods=["GET"]),
                    Route("/faults", clear_faults, methods=["DELETE"]),
                    Route("/faults/{id:int}", remove_fault, methods=["DELETE"]),
                    Route("/requests", list_requests, methods=["GET"]),
                    Route("/requests", clear_requests, methods=["DELETE"]),
                    Route("/requests/counts", count_requests, methods=["GET"]),
                    *vendor_routes,
                ],
            )
        ],
        middleware=[Middleware(_RequireToken, token=token)],
        exception_handlers=handlers,
    )
