"""`/healthz`, `/readyz` and `/metrics` over HTTP."""

from collections.abc import Callable


class Readiness:
    """Named checks, each holding or saying why not."""

    def report(self, check: str, problem: str) -> None:
        """``problem`` "" = the check holds. A check counts from its first report on."""
        raise NotImplementedError


class HealthServer:
    """``async with HealthServer(...)``: listens from enter to exit. ``port`` 0 = any free one, then in ``port``."""

    def __init__(
        self, *, address: str, port: int, readiness: Readiness, metrics: Callable[[str], tuple[bytes, str]]
    ) -> None:
        raise NotImplementedError
