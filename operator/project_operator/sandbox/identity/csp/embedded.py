"""The embedded platform as tests and the sandbox use it."""

from typing import Unpack

from project_operator.sandbox.identity.clock import Clock, SystemClock
from project_operator.sandbox.identity.csp.admin import CSPAdmin
from project_operator.sandbox.identity.csp.admin_client import CSPAdminClient
from project_operator.sandbox.identity.csp.service import CSPService
from project_operator.sandbox.identity.csp.settings import CSPSettings
from project_operator.sandbox.identity.csp.state import State
from project_operator.sandbox.identity.embedded import EmbeddedServer, Hosting, chance


class EmbeddedPlatform(EmbeddedServer[CSPAdminClient]):
    """The platform with one organization, one client, one person."""

    def __init__(
        self,
        settings: CSPSettings | None = None,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        **hosting: Unpack[Hosting],
    ) -> None:
        """``seed`` makes ids repeatable."""
        clock = clock or SystemClock()
        random = chance(seed)
        self.state = State(settings or CSPSettings(), random, clock.now())
        super().__init__(
            CSPService(self.state, clock),
            CSPAdmin(self.state, clock).routes(),
            CSPAdminClient,
            clock=clock,
            admin_token=random.randbytes(16).hex(),
            **hosting,
        )

    @property
    def organization_id(self) -> str:
        """The one organization."""
        return self.state.organization_id
