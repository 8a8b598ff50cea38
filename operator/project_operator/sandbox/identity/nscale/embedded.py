"""The embedded nscale server as tests and the demo use it."""

from typing import Unpack

from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.embedded import EmbeddedServer, Hosting
from project_operator.sandbox.identity.nscale.admin import NscaleAdmin
from project_operator.sandbox.identity.nscale.admin_client import NscaleAdminClient
from project_operator.sandbox.identity.nscale.identity import NscaleIdentity
from project_operator.sandbox.identity.nscale.settings import NscaleSettings


class EmbeddedIdentityServer(EmbeddedServer[NscaleAdminClient]):
    """A running nscale Identity server on loopback, with one organization and one administrator's service account."""

    def __init__(
        self,
        settings: NscaleSettings | None = None,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        **hosting: Unpack[Hosting],
    ) -> None:
        """``seed`` makes ids repeatable."""
        self.identity = NscaleIdentity(settings, seed=seed, clock=clock)
        super().__init__(
            self.identity.service,
            NscaleAdmin(self.identity).routes(),
            NscaleAdminClient,
            clock=self.identity.clock,
            admin_token=self.identity.admin_token,
            **hosting,
        )

    @property
    def organization_id(self) -> str:
        """The organization that the service account belongs to."""
        return self.identity.organization_id

    @property
    def token(self) -> str:
        """The service account's first token; one that was rotated is shown by whoever rotated it."""
        return self.identity.credential.token

    @property
    def service_account_id(self) -> str:
        """What ``createdBy`` shows for projects made with `token`."""
        return self.identity.credential.service_account_id

    @property
    def platform_token(self) -> str:
        """A platform administrator's token: global scope, sees all organizations, may set references."""
        return self.identity.state.platform_token
