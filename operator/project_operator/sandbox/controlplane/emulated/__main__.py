"""``python -m project_operator.sandbox.controlplane.emulated --kubeconfig FILE``: serves until SIGINT or SIGTERM."""

import argparse
import asyncio
import signal
from pathlib import Path

from project_operator.sandbox.controlplane.emulated import serve
from project_operator.sandbox.controlplane.emulated.discovery import VERSION


async def main() -> None:
    parser = argparse.ArgumentParser(prog="emulated", description="A small EMULATED Kubernetes API server, in memory.")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; a free one by default")
    parser.add_argument("--kubeconfig", type=Path, required=True, help="where to write the administrator's kubeconfig")
    parser.add_argument(
        "--audit-log", type=Path, help="a file that audit events are appended to, one JSON document a line"
    )
    options = parser.parse_args()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(options.kubeconfig, port=options.port, audit_log=options.audit_log):
        print(f"EMULATED API server {VERSION['gitVersion']}: no CEL, no server-side apply, no RBAC", flush=True)
        print(f"export KUBECONFIG={options.kubeconfig.resolve()}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
