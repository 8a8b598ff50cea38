"""The embedded service as tests and the sandbox use it."""

from typing import Unpack

from project_operator.sandbox.identity.clock import Clock, SystemClock
from project_operator.sandbox.identity.embedded import EmbeddedServer, Hosting, chance
from project_operator.sandbox.identity.k5.admin import K5Admin
from project_operator.sandbox.identity.k5.admin_client import K5AdminClient
from project_operator.sandbox.identity.k5.service import K5Service
from project_operator.sandbox.identity.k5.settings import K5Settings
from project_operator.sandbox.identity.k5.state import State


class EmbeddedK5(EmbeddedServer[K5AdminClient]):
    """One region, one contract, one user."""

    def __init__(
        self,
        settings: K5Settings | None = None,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        **hosting: Unpack[Hosting],
    ) -> None:
        """``seed`` makes ids repeatable."""
        clock = clock or SystemClock()
        random = chance(seed)
        self.state = State(settings or K5Settings(), random)
        super().__init__(
            K5Service(self.state, clock),
            K5Admin(self.state).routes(),
            K5AdminClient,
            clock=clock,
            admin_token=random.randbytes(16).hex(),
            **hosting,
        )

    @property
    def domain_id(self) -> str:
        """The domain of the one contract."""
        return self.state.domain.id
