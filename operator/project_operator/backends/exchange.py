"""One request over one lane: what goes onto the wire, how far it got, and what came back."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import httpx

from project_operator import __version__
from project_operator.backends.calls import Answer, Call
from project_operator.backends.destination import Destination
from project_operator.backends.trust import Lost, Unanswered, connection_fault

NEXT_ADDRESS: Final = 2.0
"""Seconds that connecting to one address of several may take before the next is tried."""


class Watch:
    """What httpcore tells of one call, step by step, through its trace extension."""

    def __init__(self, call: Call, destination: Destination | None, gate: Callable[[], None]) -> None:
        """``destination`` judges where connections lead; None: a proxy's business."""
        self._call = call
        self._gate = gate
        self._destination = destination
        self._stream: Any = None
        self.sent = False
        """Whether a byte of the request may have left."""
        self.answered = False
        """Whether an answer has begun."""
        self.refusal: BaseException | None = None
        """What ``before_send`` or the gate raised."""

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore; what this raises ends the call."""
        if event == "connection.connect_tcp.complete":
            self._stream = info["return_value"]
            if self._destination is not None:
                address, port, *_ = self._stream.get_extra_info("server_addr")
                self._destination.judge(str(address), port)
        elif event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            self._depart()
        elif event == "http11.receive_response_headers.complete" and self.sent:
            self.answered = True

    async def abort(self) -> None:
        """Reset the connection that was opened for this call, if one was."""
        if self._stream is not None:
            await self._stream.aclose()

    def fault(self, error: Exception) -> Unanswered:
        """Why there is no answer, where ``error`` is what came instead of one."""
        if isinstance(error, httpx.ProxyError):
            return Unanswered(Lost.PROXY, "the proxy did not connect us")
        why, words = connection_fault(error)
        # TLS 1.3 refuses the client's certificate when the client has begun to send.
        if not self.sent or why is Lost.CERTIFICATE:
            return Unanswered(why, words)
        if self.answered:
            return Unanswered(Lost.CUT_OFF, "the answer is cut off")
        return Unanswered(Lost.DISCONNECTED, "the connection was closed instead of an answer")

    def _depart(self) -> None:
        try:
            if self._call.before_send is not None:
                self._call.before_send()
            self._gate()
        except BaseException as refusal:
            self.refusal = refusal
            raise
        self.sent = True


class Wire:
    """How requests to one endpoint are written."""

    def __init__(self, base_url: str) -> None:
        """Raises ``ValueError`` where there is no usable host in ``base_url``."""
        try:
            url = httpx.URL(base_url)
            self.host = url.raw_host.decode("ascii")
            """As it is looked up and stands in certificates."""
            self._authority = url.netloc.decode("ascii")
        except httpx.InvalidURL:
            raise ValueError("must be a URL with a host") from None
        self._base_url = base_url

    async def exchange(
        self,
        transport: httpx.AsyncHTTPTransport,
        call: Call,
        watch: Watch,
        *,
        trace_id: str,
        span_id: str,
        address: str,
        impatient: bool = False,
    ) -> Answer:
        """Send ``call`` to ``address`` ("": wherever a proxy finds the host) and read the whole answer.

        ``impatient``: there is another address, should connecting to this one take long.

        Raises:
            Unanswered: the answer is too long, or ``watch`` ends the call.
            httpx.HTTPError, httpx.InvalidURL, OSError, ValueError: there is none.
        """
        base = self._base_url
        extensions: dict[str, Any] = {"trace": watch}
        if address:
            base = _at(base, address)
            # The certificate is the host's, whatever address it is reached at.
            extensions["sni_hostname"] = self.host
        if impatient:
            extensions["timeout"] = {"connect": NEXT_ADDRESS}
        request = httpx.Request(
            call.method,
            _url(base + call.path),
            headers={
                "Host": self._authority,
                "User-Agent": f"project-operator/{__version__}",
                "Accept-Encoding": "identity",
                "traceparent": f"00-{trace_id}-{span_id}-01",
                **call.headers,
            },
            content=call.body,
            extensions=extensions,
        )
        response = await transport.handle_async_request(request)
        try:
            body = await _read(response, call.longest_answer)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body, trace_id)


@lru_cache(maxsize=64)
def _url(text: str) -> httpx.URL:
    # Taking a URL apart is a quarter of what a call costs before httpcore has it, and most calls are to a few paths.
    return httpx.URL(text)


@lru_cache(maxsize=64)
def _at(url: str, address: str) -> str:
    """``url`` with ``address`` for its host."""
    return str(httpx.URL(url).copy_with(host=address)).rstrip("/")


async def _read(response: httpx.Response, longest: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > longest:
            raise Unanswered(Lost.OVERSIZED, f"the answer is longer than {longest} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
