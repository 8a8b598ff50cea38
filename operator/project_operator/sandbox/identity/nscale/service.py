"""The embedded nscale server as an `IdentityService`: routing, the checks in the server's order, and its answers."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote
from uuid import UUID

from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.exchange import Answer, Outcome, Request, Route, Subject
from project_operator.sandbox.identity.fault_answers import HTML_TYPE, JSON_TYPE, page
from project_operator.sandbox.identity.nscale import (
    bodies,
    groups,
    organizations,
    projects,
    readings,
    service_accounts,
    sessions,
    views,
)
from project_operator.sandbox.identity.nscale.authorization import Caller
from project_operator.sandbox.identity.nscale.bodies import WriteBody
from project_operator.sandbox.identity.nscale.dialects import Collision
from project_operator.sandbox.identity.nscale.operations import Call, Operation, Reply
from project_operator.sandbox.identity.nscale.refusals import (
    ERROR_CODES,
    Refusal,
    invalid,
    method_not_allowed,
    not_found,
)
from project_operator.sandbox.identity.nscale.resources import Project
from project_operator.sandbox.identity.nscale.state import State

OPERATIONS: Final[tuple[Operation, ...]] = (
    *projects.OPERATIONS,
    *groups.OPERATIONS,
    *service_accounts.OPERATIONS,
    *organizations.OPERATIONS,
    *sessions.OPERATIONS,
)
UNKNOWN_PATH: Final = "unknownPath"
UNKNOWN_METHOD: Final = "unknownMethod"

_NO_CACHE: Final = ("cache-control", "no-cache")
_NO_STORE: Final = ("cache-control", "no-store")
_CERTIFICATE_WANTED: Final = Answer(
    HTTPStatus.BAD_REQUEST, page("400 No required SSL certificate was sent"), (HTML_TYPE,)
)
"""What nginx says (N3.4-3, N6-16)."""
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_SPARE_DOCUMENTS: Final = 10_000
_UUID_PARAMETERS: Final = ("organizationID", "projectID")


class _Undeclared(Exception):
    """The answer does not fit the OpenAPI document: the server panics and the connection closes (N0-10)."""


class NscaleService:
    """One server. Requests are handled one at a time, each at one instant of the clock."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self._clock = clock
        self._by_name = {operation.name: operation for operation in OPERATIONS}
        self._templates: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = {}
        for operation in OPERATIONS:
            segments = tuple(operation.template.split("/"))
            same_length = self._templates.setdefault(len(segments), [])
            methods = next((methods for known, methods in same_length if known == segments), None)
            if methods is None:
                methods = {}
                same_length.append((segments, methods))
            methods[operation.method] = operation
        self._encoded: dict[str, tuple[str, int, bytes]] = {}

    def route(self, method: str, path: str) -> Route:
        """Parameters are single segments of the raw path, so an encoded slash stays inside of one (N1-6)."""
        if (method, path) == ("POST", sessions.TOKEN_PATH):
            return Route(sessions.TOKEN_OPERATION, path)
        segments = path.split("/")
        for template, methods in self._templates.get(len(segments), ()):
            if not all(t == s or (t[:1] == "{" and s) for t, s in zip(template, segments, strict=True)):
                continue
            parameters = {t[1:-1]: unquote(s) for t, s in zip(template, segments, strict=True) if t[:1] == "{"}
            operation = methods.get(method)
            if operation is organizations.VERSION_OPERATION and not self.state.dialect.version_endpoint:
                break
            return Route(operation.name if operation else UNKNOWN_METHOD, "/".join(template), parameters)
        return Route(UNKNOWN_PATH, path)

    def handle(self, route: Route, request: Request) -> Outcome:
        """Path, then authentication and rights, then the body's schema, then the operation itself (N1.3-11)."""
        now = self._clock.now()
        state = self.state
        state.advance(now)
        revision = state.store.revision
        operation = self._by_name.get(route.operation)
        caller: Caller | None = None
        project_id = ""
        if state.settings.certificate_required and not request.client_certificate:
            return Outcome(_CERTIFICATE_WANTED)
        if route.operation == sessions.TOKEN_OPERATION:
            return self._grant(request, now)
        try:
            if operation is None:
                raise method_not_allowed() if route.operation == UNKNOWN_METHOD else not_found()
            self._check_path(route.parameters)
            authorization = request.headers.get("authorization")
            caller = state.authenticate(authorization, now, certificate=request.client_certificate)
            access = state.access(caller, route.parameters.get("organizationID", ""), now)
            body = self._validated(operation, request)
            call = Call(state, now, caller, access, route.parameters, lambda: _decoded(body))
            answer, project_id = self._run(operation, call, request)
        except Refusal as refusal:
            answer = self._refused(refusal, request)
        except _Undeclared:
            return Outcome(None, state.store.revision != revision, caller.id if caller else "", project_id)
        return Outcome(answer, state.store.revision != revision, caller.id if caller else "", project_id)

    def _grant(self, request: Request, now: float) -> Outcome:
        """New tokens for a form; errors are OAuth's and so without a challenge (N3.1-5, N3.1-6)."""
        revision = self.state.store.revision
        email = ""
        try:
            document, email = sessions.grant(self.state, request.headers, request.body, now)
        except Refusal as refusal:
            error = readings.error_document(refusal.code, refusal.description, None)
            answer = Answer(refusal.status, views.encode(error), (_NO_STORE, JSON_TYPE))
        else:
            answer = Answer(HTTPStatus.OK, views.encode(document), (_NO_STORE, JSON_TYPE))
        return Outcome(answer, self.state.store.revision != revision, email)

    def subject(self, request: Request) -> Subject:
        """Name and tags in the body."""
        return bodies.subject(request.body)

    def without(self, answer: Answer, ids: frozenset[str]) -> Answer:
        """A listing without the objects that have these ids."""
        document = json.loads(answer.body or b"null")
        if not isinstance(document, list):
            return answer
        return answer.with_body(views.encode([item for item in document if item["metadata"]["id"] not in ids]))

    def error_body(self, status: int) -> bytes:
        """The error document of a status, for faults."""
        return views.encode(readings.error_document(ERROR_CODES[status], "switched on from outside", self._trace({})))

    def _check_path(self, parameters: Mapping[str, str]) -> None:
        if not self.state.dialect.uuid_paths:
            return
        for name in _UUID_PARAMETERS:
            value = parameters.get(name)
            if value is not None and not _is_uuid(value):
                raise invalid(f"invalid format for parameter {name}: error unmarshaling '{value}' text as UUID")

    def _validated(self, operation: Operation, request: Request) -> WriteBody | Refusal | None:
        if operation.body is None:
            return None
        return bodies.validate(operation.body, request.headers, request.body, terse=self.state.dialect.terse_validation)

    def _run(self, operation: Operation, call: Call, request: Request) -> tuple[Answer, str]:
        """Let the handler answer, and hold its answer against what is declared."""
        try:
            reply = operation.handler(call)
        except Refusal as refusal:
            declared = operation.refusals
            if operation.conflict_since_lock and self.state.dialect.put_collision is Collision.CONFLICT:
                declared |= {409}
            if refusal.status not in declared:
                raise _Undeclared from refusal
            return self._refused(refusal, request), ""
        if reply.document is None:
            return Answer(operation.success, b"", (_NO_CACHE,)), reply.project_id
        return Answer(operation.success, self._encode(reply), (_NO_CACHE, JSON_TYPE)), reply.project_id

    def _encode(self, reply: Reply) -> bytes:
        document = reply.document
        if isinstance(document, Project):
            return self._project(document)
        if isinstance(document, list) and document and isinstance(document[0], Project):
            return b"[" + b",".join(map(self._project, document)) + b"]"
        return views.encode(document)

    def _project(self, project: Project) -> bytes:
        """A project's document, made and verified once per version of the project."""
        dialect = self.state.dialect
        known = self._encoded.get(project.id)
        if known and known[0] == dialect.name and known[1] == project.resource_version:
            return known[2]
        document = views.project(project, dialect)
        if not readings.fits(document, dialect):
            raise _Undeclared
        if len(self._encoded) > _SPARE_DOCUMENTS + 2 * self.state.store.count(Project):
            self._encoded.clear()
        encoded = views.encode(document)
        self._encoded[project.id] = (dialect.name, project.resource_version, encoded)
        return encoded

    def _refused(self, refusal: Refusal, request: Request) -> Answer:
        document = readings.error_document(refusal.code, refusal.description, self._trace(request.headers))
        answer = Answer(refusal.status, views.encode(document), (_NO_CACHE, JSON_TYPE))
        if refusal.status == HTTPStatus.UNAUTHORIZED and self.state.dialect.www_authenticate:
            host = request.headers.get("host", "")
            challenge = (
                f'Bearer error="access_denied",error_description="{refusal.description}",'
                f'resource_metadata="https://{host}/.well-known/openid-protected-resource"'
            )
            answer = replace(answer, headers=(*answer.headers, ("www-authenticate", challenge)))
        return answer

    def _trace(self, headers: Mapping[str, str]) -> str | None:
        """The caller's trace id where it sent a W3C ``traceparent``, else a new one (N3.4-1)."""
        if not self.state.dialect.trace_id:
            return None
        sent = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        return sent[1] if sent else self.state.identifiers.digits()


def _decoded(body: WriteBody | Refusal | None) -> WriteBody:
    if body is None:
        raise AssertionError("the operation declares no body")
    if isinstance(body, Refusal):
        raise body
    return body


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
