# noqa: INP001 - a file of the chart, run by itself
"""What `helm test` asks: that the operator's ready pods say so, and show their metrics.

Arguments: host, port, and for how many seconds it may take until they do.
"""

import http.client
import sys
import time

EXPECTED = {"/healthz": b"", "/readyz": b"", "/metrics": b"project_operator_"}


def complaint(path: str, part: bytes) -> str:
    """What is wrong with the answer; "" where nothing is."""
    connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except OSError as error:
        return f"{path}: {error}"
    finally:
        connection.close()
    return "" if answer.status == http.client.OK and part in body else f"{path}: {answer.status} {body[:200]!r}"


deadline = time.monotonic() + float(sys.argv[3])
# A Service learns of a new pod a moment late.
while complaints := [said for path, part in EXPECTED.items() if (said := complaint(path, part))]:
    if time.monotonic() > deadline:
        sys.exit("\n".join(complaints))
    time.sleep(1)
