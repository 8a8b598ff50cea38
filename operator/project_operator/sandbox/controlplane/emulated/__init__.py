"""The control plane of last resort: an API server in memory, EMULATED, for where there are only Python packages.

What it does it does as kube-apiserver does: the conformance tests run on both. It has no CEL, no server-side apply, no
RBAC (every token may do everything), no dry run, no protobuf, no garbage collection by owner, and keeps nothing when it
ends. No published figure comes from it. It says EMULATED on start, as its version, and in the names in its kubeconfig.
"""

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import trustme
from aiohttp import web
from aiohttp.typedefs import Middleware

from project_operator.sandbox.controlplane import kubeconfig as kubeconfigs
from project_operator.sandbox.controlplane.emulated.server import Server


@asynccontextmanager
async def serve(
    kubeconfig: Path,
    *,
    port: int = 0,
    audit_log: Path | None = None,
    history: int = 10_000,
    middlewares: Sequence[Middleware] = (),
) -> AsyncIterator[Server]:
    """Serves on loopback (on a free port, if 0) until the block ends; the administrator's kubeconfig is there before.

    ``history`` is how many changes of a kind can be watched from the past. ``middlewares`` are aiohttp's and come
    before everything else, so that tests can delay, refuse or cut off what they like.
    """
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with ExitStack() as stack:
        server = Server(history, stack.enter_context(audit_log.open("a")) if audit_log else None)
        application = web.Application(middlewares=middlewares, client_max_size=3 << 20)
        application.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
            trusted = b64encode(authority.cert_pem.bytes()).decode()
            cluster = {"server": f"https://127.0.0.1:{runner.addresses[0][1]}", "certificate-authority-data": trusted}
            user = {"token": server.issue_token("kubernetes-admin")}
            kubeconfigs.write(_config({"cluster": cluster}, {"user": user}), kubeconfig)
            yield server
        finally:
            server.cluster.end_watches()
            await runner.cleanup()


def _config(cluster: dict[str, object], user: dict[str, object]) -> dict[str, object]:
    name = {"name": "EMULATED"}
    context = name | {"context": {"cluster": "EMULATED", "user": "EMULATED"}}
    lists = {"clusters": [name | cluster], "users": [name | user], "contexts": [context]}
    return {"apiVersion": "v1", "kind": "Config", "current-context": "EMULATED"} | lists
