"""The embedded Cloud Services Platform, which answers a creation with an id and nothing else: what one takes there."""

from collections import Counter
from pathlib import Path
from typing import Final

from bench import manifests
from bench.measures import vendors
from bench.record import Phase
from project_operator.sandbox.identity.csp.embedded import EmbeddedPlatform

CSP: Final = "CSP"
OF_A_PROJECT: Final = ("createProject", "getProject", "updateProject")
"""What is asked about one project; tokens and listings are shared."""


async def created(folder: Path, count: int, warm_up: int) -> Phase:
    """So many projects in its one organization."""
    with EmbeddedPlatform() as platform:
        about = platform.admin.about()
        auth = {"clientCredentials": {"secretRef": {"name": manifests.SECRET}}}
        place = vendors.Place(
            CSP,
            {"vmwareCSP": {"url": platform.url, "organization": platform.organization_id, "auth": auth}},
            {"client-id": about.client_id, "client-secret": about.client_secret},
            lambda: Counter({name: one.requests for name, one in platform.admin.counts().items()}),
            {},
        )
        return await vendors.created(place, folder, count, warm_up)
