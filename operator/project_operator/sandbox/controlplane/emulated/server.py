"""The API over HTTP: paths, users, content types, lists in chunks, watches, the audit log."""

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TextIO
from uuid import uuid4

from aiohttp import web

from project_operator.sandbox.controlplane.emulated import discovery, patches, views
from project_operator.sandbox.controlplane.emulated.cluster import Change, Cluster, Stored
from project_operator.sandbox.controlplane.emulated.kinds import SERVICE_ACCOUNTS, Kind, Object
from project_operator.sandbox.controlplane.emulated.rules import without
from project_operator.sandbox.controlplane.emulated.status import Refused, bad_request, conflict, invalid, wrong

VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
NAMED: Final = {"update", "patch", "delete"}
READS: Final = {"list", "watch"}
EVENTS: Final = {(False, True): "ADDED", (True, True): "MODIFIED", (True, False): "DELETED"}
PUBLIC: Final = ("/version", "/healthz", "/livez", "/readyz")
NOBODY: Final = "system:anonymous"
PATCHES: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "application/merge-patch+json": patches.merge,
    "application/strategic-merge-patch+json": patches.merge,
    "application/json-patch+json": patches.operate,
}
BOOKMARKS: Final = 60.0
"""Seconds of silence after which a watch that asked for bookmarks gets one."""
LISTS: Final = 64
"""How many lists can be under way, each in chunks; the oldest is given up first."""


class Target(NamedTuple):
    """What a path is about; empty where it does not say."""

    api_version: str = ""
    namespace: str = ""
    resource: str = ""
    name: str = ""
    subresource: str = ""


def locate(path: str) -> Target:
    match path.strip("/").split("/"):
        case ["apis", group, version, *rest]:
            version = f"{group}/{version}"
        case ["api", version, *rest]:
            pass
        case _:
            return Target()
    if rest[:1] == ["namespaces"] and rest[2:] and rest[2] != "status":
        return Target(version, rest[1], *rest[2:5])
    return Target(version, "", *rest[:3])


class Server:
    """``audit_log`` gets a line a request (two a watch), in the shape of audit.k8s.io/v1 at level Metadata."""

    def __init__(self, history: int, audit_log: TextIO | None) -> None:
        self.cluster = Cluster(lambda: _time(datetime.now(UTC)), history)
        self._audit_log = audit_log
        self._users: dict[str, str] = {}
        self._lists: OrderedDict[str, tuple[int, Sequence[Stored]]] = OrderedDict()

    def issue_token(self, user: str) -> str:
        """A bearer token for this user; it does not expire."""
        self._users[token := secrets.token_urlsafe(24)] = user
        return token

    def compact(self) -> None:
        """As after a compaction of etcd: watches from versions until now, and lists begun until now, answer 410."""
        self.cluster.compact()
        self._lists.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one request; what it stores is stored at one moment, after the body has been read."""
        target = locate(request.path)
        user = self._users.get(request.headers.get("Authorization", "").removeprefix("Bearer "), NOBODY)
        many = "watch" if request.query.get("watch") in {"1", "true"} else "list"
        verb = VERBS.get(request.method) or ("get" if target.name or not target.resource else many)
        group, _, version = target.api_version.rpartition("/")
        about = target._asdict() | {"apiGroup": group, "apiVersion": version, "api_version": ""}
        event: Object = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": str(uuid4())}
        event |= {
            "verb": verb,
            "user": {"username": user},
            "requestURI": request.path_qs,
            "sourceIPs": [request.remote],
        }
        event |= {"userAgent": request.headers.get("User-Agent", ""), "requestReceivedTimestamp": _precisely()}
        event |= {"objectRef": {field: value for field, value in about.items() if value}} if target.resource else {}
        try:
            response = await self._answer(request, target, verb, event)
        except Refused as refusal:
            response = web.json_response(refusal.body, status=refusal.code)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = f"EMULATED: cannot make sense of the request: {error!r}"
            response = web.json_response(bad_request(why).body, status=400)
        self._audit(event, "ResponseComplete", response.status)
        return response

    def _audit(self, event: Object, stage: str, code: int) -> None:
        if self._audit_log:
            outcome = {"responseStatus": {"metadata": {}, "code": code}, "stageTimestamp": _precisely()}
            print(json.dumps({"stage": stage} | event | outcome), file=self._audit_log, flush=True)

    async def _answer(self, request: web.Request, target: Target, verb: str, event: Object) -> web.StreamResponse:
        if request.path in PUBLIC[1:]:
            return web.Response(text="ok")
        if event["user"]["username"] == NOBODY and request.path not in PUBLIC:
            raise Refused(401, "Unauthorized", "Unauthorized")
        kind = self.cluster.kinds.get((target.api_version, target.resource))
        document = None if target.resource else discovery.document(request.path, self.cluster.kinds.values())
        if document is not None:
            return web.json_response(document)
        subresources = {"", "status" * bool(kind and kind.status), "token" * (kind is SERVICE_ACCOUNTS)}
        if kind is None or target.subresource not in subresources:
            return web.Response(status=404, text="404 page not found\n")
        if (kind.namespaced > bool(target.namespace) and verb not in READS) or (verb in NAMED and not target.name):
            raise Refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
        if verb == "list":
            return _json(200, self._list(request, kind, target.namespace))
        if verb == "watch":
            self._audit(event, "ResponseStarted", 200)
            return await self._watch(request, kind, target.namespace)
        if "dryRun" in request.query:
            raise bad_request("EMULATED: no dry run")
        raw = await request.read()
        if target.subresource == "token":
            self.cluster.read(kind, (target.namespace, target.name))
            token = self.issue_token(f"system:serviceaccount:{target.namespace}:{target.name}")
            status = {"token": token, "expirationTimestamp": _time(datetime.now(UTC) + timedelta(hours=1))}
            identity = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}}
            return web.json_response(identity | {"spec": {"audiences": []}, "status": status}, status=201)
        return self._one(request, kind, target, verb, raw)

    def _one(self, request: web.Request, kind: Kind, target: Target, verb: str, raw: bytes) -> web.Response:
        """The verbs on one object."""
        cluster, key, warnings = self.cluster, (target.namespace, target.name), list[str]()

        def pruned(unknown: list[str]) -> None:
            texts, mode = [f'unknown field "{path}"' for path in unknown], request.query.get("fieldValidation", "Warn")
            detail = f"strict decoding error: {', '.join(texts)}"
            if texts and mode == "Strict" and verb == "patch":
                raise invalid(None, "", wrong("patch", raw.decode(), detail))
            if texts and mode == "Strict":
                what = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}'
                raise bad_request(f"{what}: {detail}")
            warnings.extend(texts * (mode == "Warn"))

        if verb == "create":
            content = cluster.create(kind, target.namespace, _sent(kind, _decoded(request, raw)), pruned)
        elif verb == "get":
            content = cluster.read(kind, key)
        elif verb == "delete":
            content = cluster.delete(kind, key, _decoded(request, raw).get("preconditions") or {})
            if key not in cluster.objects[kind.storage]:
                details = {"name": target.name, "group": kind.group, "kind": kind.plural}
                success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
                return web.json_response(success | {"details": details | {"uid": content["metadata"]["uid"]}})
        else:
            change = _patch(request, kind, raw) if verb == "patch" else lambda _: _decoded(request, raw)
            old = cluster.read(kind, key)
            body = _sent(kind, change({"apiVersion": kind.api_version, "kind": kind.kind} | old))
            was, uid = old["metadata"]["uid"], body["metadata"].get("uid")
            if verb == "update" and uid not in {was, None}:
                text = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {was}"
                raise conflict(kind, target.name, text)
            content = cluster.update(kind, key, body, pruned, status=target.subresource == "status")
        view = views.asked_for(request.headers.get("Accept", ""))
        answer = _json(201 if verb == "create" else 200, views.one(kind, Stored(content), view, datetime.now(UTC)))
        for text in warnings:
            answer.headers.add("Warning", f"299 - {json.dumps(text)}")
        return answer

    def _list(self, request: web.Request, kind: Kind, namespace: str) -> bytes:
        """One chunk; all chunks of a list show the same moment."""
        token, _, position = request.query.get("continue", "").partition(":")
        if token and token not in self._lists:
            raise Refused(410, "Expired", "The provided continue parameter is too old to display a consistent list.")
        fresh = None if token else (self.cluster.version, self._present(request, kind, namespace))
        version, items = fresh or self._lists[token]
        start, token = int(position or 0), token or secrets.token_hex(8)
        end = start + int(request.query.get("limit") or 0) or len(items)
        metadata: Object = {"resourceVersion": str(version)}
        if end < len(items):
            metadata |= {"continue": f"{token}:{end}", "remainingItemCount": len(items) - end}
            self._lists[token] = version, items
        if len(self._lists) > LISTS:
            self._lists.popitem(last=False)
        view = views.asked_for(request.headers.get("Accept", ""))
        return views.many(kind, items[start:end], metadata, view, datetime.now(UTC))

    def _present(self, request: web.Request, kind: Kind, namespace: str) -> list[Stored]:
        matches, objects = _matcher(request.query, namespace), self.cluster.objects[kind.storage]
        return [objects[key] for key in sorted(objects) if matches(objects[key].content)]

    async def _watch(self, request: web.Request, kind: Kind, namespace: str) -> web.StreamResponse:
        """Changes until the client's timeout; one error (410) where earlier changes are known no longer."""
        query, clock, matches = request.query, asyncio.get_running_loop().time, _matcher(request.query, namespace)
        view, listing = views.asked_for(request.headers.get("Accept", "")), query.get("sendInitialEvents") == "true"
        since = 0 if listing else int(query.get("resourceVersion") or 0)
        ends = clock() + int(query.get("timeoutSeconds") or 1800)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)

        def event(name: str, shown: bytes) -> bytes:
            return b'{"type":"' + name.encode() + b'","object":' + shown + b"}\n"

        def bookmark(annotations: Mapping[str, str]) -> bytes:
            metadata = {"resourceVersion": str(self.cluster.version), "annotations": annotations}
            return event("BOOKMARK", views.one(kind, Stored({"metadata": metadata}), "", datetime.now(UTC)))

        def seen(change: Change) -> bytes:
            was, is_now = (state is not None and matches(state.content) for state in (change.old, change.new))
            shown = views.one(kind, change.last, view, datetime.now(UTC)) if was or is_now else b""
            return event(EVENTS[was, is_now], shown) if shown else b""

        subscription = self.cluster.subscribe(kind, since or self.cluster.version)
        if subscription is None:
            refusal = Refused(410, "Expired", f"too old resource version: {since} ({self.cluster.version})")
            await response.write(event("ERROR", json.dumps(refusal.body).encode()))
            return response
        try:
            present = self._present(request, kind, namespace) if not since else ()
            changes: list[Change | None] = [Change(0, None, stored, stored) for stored in present]
            await response.write(b"".join(seen(change) for change in changes if change))
            if listing:
                await response.write(bookmark({"k8s.io/initial-events-end": "true"}))
            while None not in changes and (left := ends - clock()) > 0:
                try:
                    async with asyncio.timeout(min(left, BOOKMARKS)):
                        changes = [await subscription.get()]
                    changes += [subscription.get_nowait() for _ in range(subscription.qsize())]
                    await response.write(b"".join(seen(change) for change in changes if change))
                except TimeoutError:
                    await response.write(bookmark({}) if query.get("allowWatchBookmarks") == "true" else b"")
        finally:
            self.cluster.unsubscribe(kind, subscription)
        return response


def _matcher(query: Mapping[str, str], namespace: str) -> Callable[[Object], bool]:
    fields = query.get("fieldSelector", "") + f",metadata.namespace={namespace}" * bool(namespace)
    return views.selector(query.get("labelSelector", ""), fields.lstrip(","))


def _decoded(request: web.Request, raw: bytes) -> Any:
    if "protobuf" in request.content_type:
        text = "EMULATED: no protobuf, which kubectl create sends; use kubectl apply"
        raise Refused(415, "UnsupportedMediaType", text)
    try:
        return json.loads(raw or b"{}")
    except ValueError as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from error


def _patch(request: web.Request, kind: Kind, raw: bytes) -> Callable[[Object], Object]:
    form = request.content_type
    if form not in PATCHES or (kind.schema is not None and "strategic" in form):
        why = "EMULATED: no server-side apply; " * ("apply" in form)
        text = f"{why}accepted media types include: application/json-patch+json, application/merge-patch+json"
        raise Refused(415, "UnsupportedMediaType", text)
    patch = _decoded(request, raw)
    return lambda old: PATCHES[form](old, patch)


def _sent(kind: Kind, body: Object) -> Object:
    """What the user sent, as it is stored. Raises :class:`Refused` when it is of another kind."""
    if (version := body.get("apiVersion")) != kind.api_version:
        text = f"the API version in the data ({version}) does not match the expected API version ({kind.api_version})"
        raise bad_request(text)
    if body.get("kind") != kind.kind:
        raise invalid(kind, "", wrong("kind", body.get("kind"), f"must be {kind.kind}"))
    bare = without(body, "apiVersion", "kind")
    return {"metadata": {}} | {kind.renamed.get(field, field): value for field, value in bare.items()}


def _json(status: int, body: bytes) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _precisely() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
