"""The embedded IAM as tests and the sandbox use it."""

from typing import Unpack

from project_operator.sandbox.identity.clock import Clock, SystemClock
from project_operator.sandbox.identity.embedded import EmbeddedServer, Hosting, chance
from project_operator.sandbox.identity.otc.admin import OTCAdmin
from project_operator.sandbox.identity.otc.admin_client import OTCAdminClient
from project_operator.sandbox.identity.otc.service import OTCService
from project_operator.sandbox.identity.otc.settings import OTCSettings
from project_operator.sandbox.identity.otc.state import State


class EmbeddedIAM(EmbeddedServer[OTCAdminClient]):
    """IAM with one account and one user."""

    def __init__(
        self,
        settings: OTCSettings | None = None,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        **hosting: Unpack[Hosting],
    ) -> None:
        """``seed`` makes ids repeatable."""
        clock = clock or SystemClock()
        random = chance(seed)
        self.state = State(settings or OTCSettings(), random, clock.now())
        super().__init__(
            OTCService(self.state, clock),
            OTCAdmin(self.state, clock).routes(),
            OTCAdminClient,
            clock=clock,
            admin_token=random.randbytes(16).hex(),
            **hosting,
        )
