"""Calls to the API server: a read, a paged listing, a creation, and guarded writes, the patch and the deletion.

No call is sent twice by us, and no write by the HTTP library either: what is lost stays lost until the caller has
read the object again.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import aiohttp

from project_operator import __version__
from project_operator.api import names
from project_operator.errors import (
    ConfigurationError,
    KubeConflict,
    KubeError,
    KubeForbidden,
    KubeNotFound,
    KubeUnavailable,
)
from project_operator.kube import answers
from project_operator.kube.access import ClusterAccess
from project_operator.kube.beginning import Beginning
from project_operator.kube.resources import LEASES, Resource
from project_operator.kube.sieve import Seen, Sieve, nothing_seen
from project_operator.kube.token import Token

USER_AGENT: Final = f"project-operator/{__version__}"
TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)
KEEPALIVE_SECONDS: Final = 30.0
AT_ONCE: Final = 128
"""Requests of ours under way, for however many backends there is work: each has a connection, and so a file descriptor.
None waits for a backend. Those about Leases do not count: a renewal that waits for its turn comes too late.
"""

_SERVER: Final = Resource("", "", "version", "Info", namespaced=False)
"""The API server itself, as far as requests are counted; only the command line asks."""

_JSON: Final = {"Accept": "application/json"}
_METADATA_LIST: Final = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json"}
_MERGE_PATCH: Final = {"Accept": "application/json", "Content-Type": "application/merge-patch+json"}
_JSON_BODY: Final = {"Accept": "application/json", "Content-Type": "application/json"}
_AS_US: Final = {"fieldManager": names.FIELD_MANAGER}

CallObserver = Callable[[str, Resource, str, float], None]
"""Told of each finished call: verb (get, list, patch, create, delete), resource, code, seconds.

The code is the HTTP status, or "error" where no answer came.
"""

AnswerObserver = Callable[[str, KubeError | None], None]
"""Told how each request of a session ended: verb (list, watch), and why it failed, or None."""


@dataclass(frozen=True, slots=True)
class Page:
    """Of a listing."""

    items: list[dict[str, Any]]
    anew: bool
    """The listing began here: pages before this one count no more."""
    version: int
    """The resourceVersion of all pages: of what is newer they say nothing."""


class KubeApi:
    """The API server, over one pool of connections. Construct it inside a running event loop; close it with `aclose`.

    Every method raises one of the `KubeError` classes and nothing else. After `KubeUnavailable` a write may or may
    not have been applied.
    """

    def __init__(self, access: ClusterAccess, *, on_call: CallObserver | None = None) -> None:
        self._access = access
        self._on_call = on_call
        self._token = Token(access.authorization)
        self._server = access.server.rstrip("/")
        self._room = asyncio.Semaphore(AT_ONCE)
        # Unbounded: our own requests have their bound, and a watch must not wait for a connection.
        self._connector = aiohttp.TCPConnector(
            limit=0, ssl=access.ssl_context or True, keepalive_timeout=KEEPALIVE_SECONDS
        )
        self._session = self._new_session()

    @property
    def server(self) -> str:
        """Scheme, host and port."""
        return self._server

    def session(
        self, resource: Resource, on_answer: AnswerObserver, seen: Seen = nothing_seen
    ) -> aiohttp.ClientSession:
        """A session over the shared connections, with our credentials, for Kopf, which closes what it is given.

        Its requests count as those of ``resource``. A listing shows it where its watch is to begin, and no objects
        (`beginning`); a watch leaves out what is ``seen`` (`sieve`).
        """
        return self._new_session(_Reporting(resource, self._on_call, on_answer, seen), self._authorize)

    async def serves(self, resource: Resource) -> bool:
        """Whether the API server knows the kind. Asks what anybody who is logged in may ask (``system:discovery``)."""
        path = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
        try:
            answer = await self._call("get", resource, "GET", path, headers=_JSON)
        except KubeNotFound:
            return False
        return any(kind.get("name") == resource.plural for kind in answer.get("resources") or [])

    async def version(self) -> str:
        """The version of the API server, such as ``v1.36.2``. Asks what anybody may (``system:public-info-viewer``)."""
        answer = await self._call("get", _SERVER, "GET", "/version", headers=_JSON)
        return str(answer.get("gitVersion") or "")

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        """One object."""
        return await self._call("get", resource, "GET", resource.path(namespace, name), headers=_JSON)

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        """Merge ``changes`` into ``obj`` if it still is what ``obj`` says, and return it as it is then.

        Guarded by uid and resourceVersion of ``obj`` (protocol R1): `KubeConflict` means that it changed, or is
        another object of the same name; `KubeNotFound` that it is gone. Nothing was applied to ``obj`` then.
        """
        metadata = obj["metadata"]
        guard = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        path = resource.path(metadata.get("namespace"), metadata["name"], subresource)
        patched = await self._call(
            "patch",
            resource,
            "PATCH",
            path,
            headers=_MERGE_PATCH,
            params=_AS_US,
            body={**changes, "metadata": {**changes.get("metadata", {}), **guard}},
        )
        # The status subresource takes no notice of a uid. Only an API server restored from a backup can have another
        # object with this resourceVersion.
        if patched.get("metadata", {}).get("uid") != metadata["uid"]:
            raise KubeConflict(f"patch {path}: another object of this name was changed")
        return patched

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create one object. `KubeConflict`: there is one of that name."""
        return await self._call(
            "create", resource, "POST", resource.path(namespace), headers=_JSON_BODY, params=_AS_US, body=body
        )

    async def delete(self, resource: Resource, obj: Mapping[str, Any]) -> None:
        """Delete ``obj`` if it still is what ``obj`` says; guarded as `patch` is, with the same errors."""
        metadata = obj["metadata"]
        guard = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        path = resource.path(metadata.get("namespace"), metadata["name"])
        await self._call("delete", resource, "DELETE", path, headers=_JSON_BODY, body={"preconditions": guard})

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        metadata_only: bool = False,
        limit: int = 500,
    ) -> list[dict[str, Any]]:
        """Every object of the kind, as of one resourceVersion, fetched in pages of ``limit``.

        ``metadata_only``: objects without spec and status, where the API server can do so.
        """
        items: list[dict[str, Any]] = []
        async for page in self.pages(
            resource, namespace, label_selector=label_selector, metadata_only=metadata_only, limit=limit
        ):
            if page.anew:
                items.clear()
            items += page.items
        return items

    async def pages(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        metadata_only: bool = False,
        limit: int = 500,
    ) -> AsyncIterator[Page]:
        """The same, page by page; none is kept."""
        path = resource.path(namespace)
        headers = _METADATA_LIST if metadata_only else _JSON
        base = {"labelSelector": label_selector} if label_selector else {}
        page = {"limit": str(limit)}
        anew = True
        while True:
            try:
                answer = await self._call("list", resource, "GET", path, headers=headers, params={**base, **page})
            except KubeError as error:
                # 410: the pages took longer than the API server keeps their resourceVersion. Once more, in one piece.
                if error.status == HTTPStatus.GONE and "continue" in page:
                    page, anew = {}, True
                    continue
                raise
            metadata = answer.get("metadata") or {}
            yield Page(answer.get("items") or [], anew, int(metadata.get("resourceVersion") or 0))
            # It need not be in memory beside the next.
            del answer
            token, anew = metadata.get("continue"), False
            if not token:
                return
            page = {"limit": str(limit), "continue": token}

    async def aclose(self) -> None:
        """Close all connections, those of the sessions given to others too."""
        await self._session.close()
        await self._connector.close()

    def _new_session(self, *middlewares: aiohttp.ClientMiddlewareType) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=False,
            headers={"User-Agent": USER_AGENT},
            proxy=self._access.proxy,
            timeout=TIMEOUT,
            middlewares=middlewares,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def _authorize(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if header := self._token.fresh or await self._token.header():
            request.headers["Authorization"] = header
        if self._access.server_hostname:
            request.server_hostname = self._access.server_hostname
        response = await handler(request)
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._token.refused()
        return response

    async def _call(
        self,
        verb: str,
        resource: Resource,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        call = f"{verb} {path}"
        begun = time.monotonic()
        code = "error"
        try:
            header = self._token.fresh
            if header is None:
                header = await self._token.header()
            async with (
                self._room if resource != LEASES else nullcontext(),
                self._session.request(
                    method,
                    self._server + path,
                    params=params,
                    data=data,
                    headers={**headers, "Authorization": header} if header else headers,
                    server_hostname=self._access.server_hostname,
                    allow_redirects=False,
                ) as response,
            ):
                content = await response.read()
                code = str(response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _no_answer(call, error) from error
        except (ConfigurationError, OSError) as error:
            raise KubeForbidden(f"{call}: no credentials for the API server: {error}") from error
        except RuntimeError as error:
            if not self._session.closed:
                raise
            raise KubeUnavailable(f"{call}: not sent, as the operator is stopping") from error
        finally:
            if self._on_call is not None:
                self._on_call(verb, resource, code, time.monotonic() - begun)
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._token.refused()
        return answers.read(call, resource, response.status, response.headers, content)


class _Reporting:
    """Middleware that counts requests and tells how each ended, and shows no more of the answers than is needed."""

    def __init__(self, resource: Resource, on_call: CallObserver | None, on_answer: AnswerObserver, seen: Seen) -> None:
        self._resource = resource
        self._on_call = on_call
        self._on_answer = on_answer
        self._seen = seen

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if not request.url.path.endswith(f"/{self._resource.plural}"):
            return await handler(request)  # discovery
        verb = "watch" if "watch" in request.url.query else "list"
        call = f"{verb} {request.url.path}"
        begun = time.monotonic()
        code = "error"
        try:
            response = await handler(request)
            code = str(response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            self._on_answer(verb, _no_answer(call, error))
            raise
        finally:
            if self._on_call is not None:
                self._on_call(verb, self._resource, code, time.monotonic() - begun)
        if response.ok:
            less = Sieve(response.content, self._seen) if verb == "watch" else Beginning(response.content)
            response.content = cast("aiohttp.StreamReader", less)
            self._on_answer(verb, None)
        else:
            # What is read here stays readable for whoever asked.
            body = await response.read()
            self._on_answer(verb, answers.refusal(call, self._resource, response.status, response.headers, body))
        return response


def _no_answer(call: str, error: Exception) -> KubeUnavailable:
    """Timeouts have no words of their own, and some client errors show a proxy's address with its password."""
    cause = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError):
        cause += f": {error.os_error}"
    return KubeUnavailable(f"{call}: no answer from the API server ({cause})")
