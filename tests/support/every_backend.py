"""One namespace with a backend object of every kind, each with its server: what can be carried from one to another."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from hosting import KEPT
from keystone import PASSWORD, make_domain
from objects import Object
from scenario import PROMPT, Scene, manifest

from project_operator.api import names
from project_operator.sandbox.identity.csp.embedded import EmbeddedPlatform
from project_operator.sandbox.identity.csp.settings import CSPSettings
from project_operator.sandbox.identity.k5.embedded import EmbeddedK5
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.otc.embedded import EmbeddedIAM

REGION: Final = "eu-de"
Fixture = Callable[[str], Any]


@dataclass(frozen=True)
class Place:
    """A running server, and how a backend object refers to it."""

    member: Mapping[str, Any]
    """Of the union in the spec of a backend object; the Secret is called as the vendor's key is on the wire."""
    secret: Mapping[str, str]
    truth: Callable[[], dict[str, str]]
    """Descriptions by the names of the projects as Projects have them, the marks left in."""


@contextmanager
def _nscale(_: Fixture) -> Iterator[Place]:
    with EmbeddedIdentityServer(PROMPT, keep_alive=KEPT) as server:

        def truth() -> dict[str, str]:
            return {one.name: one.description or "" for one in server.admin.projects()}

        member = {"url": server.url, "auth": {"serviceAccountToken": {"secretRef": {"name": "nscale"}}}}
        yield Place(member, {"token": server.token}, truth)


@contextmanager
def _keystone(fixture: Fixture) -> Iterator[Place]:
    server = fixture("keystone_server")
    domain = make_domain(server)

    def truth() -> dict[str, str]:
        return {one.name: one.description or "" for one in server.admin.projects(domain.id)}

    member = {
        "url": server.url,
        "domain": {"id": domain.id},
        "auth": {"password": {"secretRef": {"name": "keystone"}}},
    }
    yield Place(member, {"username": domain.manager.name, "password": PASSWORD}, truth)


@contextmanager
def _open_telekom_cloud(_: Fixture) -> Iterator[Place]:
    with EmbeddedIAM(keep_alive=KEPT) as server:
        about = server.admin.about()

        def truth() -> dict[str, str]:
            prefix = f"{about.region}_"
            return {one.name.removeprefix(prefix): one.description or "" for one in server.admin.state().projects}

        member = {
            "url": server.url,
            "domain": {"name": about.account_name},
            "region": about.region,
            "regionPrefix": "Prepend",
            "auth": {"password": {"secretRef": {"name": "opentelekomcloud"}}},
        }
        yield Place(member, {"username": about.username, "password": about.password}, truth)


@contextmanager
def _fujitsu_k5(_: Fixture) -> Iterator[Place]:
    with EmbeddedK5(keep_alive=KEPT) as server:
        about = server.admin.about()

        def truth() -> dict[str, str]:
            return {one.name: one.description for one in server.admin.state().projects}

        member = {
            "url": server.url,
            "domain": {"name": about.domain_name},
            "auth": {"password": {"secretRef": {"name": "fujitsuk5"}}},
        }
        yield Place(member, {"username": about.user_name, "password": about.password}, truth)


@contextmanager
def _vmware_csp(_: Fixture) -> Iterator[Place]:
    with EmbeddedPlatform(CSPSettings(list_lag=0.1), keep_alive=KEPT) as server:
        about = server.admin.about()

        def truth() -> dict[str, str]:
            return {one.display_name: one.description or "" for one in server.admin.state().projects}

        member = {
            "url": server.url,
            "organization": about.organization_id,
            "auth": {"clientCredentials": {"secretRef": {"name": "vmwarecsp"}}},
        }
        yield Place(member, {"client-id": about.client_id, "client-secret": about.client_secret}, truth)


PLACES: Final[dict[str, Callable[[Fixture], Any]]] = {
    "nscale": _nscale,
    "keystone": _keystone,
    "openTelekomCloud": _open_telekom_cloud,
    "fujitsuK5": _fujitsu_k5,
    "vmwareCSP": _vmware_csp,
}
"""By the member of the union, as it is on the wire; the backend objects are called so, in small letters."""


@dataclass
class EveryBackend(Scene):
    """A scene with all of them, connected."""

    fixture: Fixture = field(kw_only=True)
    places: dict[str, Place] = field(default_factory=dict)

    def open(self) -> None:
        """Start every server, apply every backend object, and wait until all are Ready."""
        super().open()
        self._servers = ExitStack()
        for key, serve in PLACES.items():
            self.places[key] = self._servers.enter_context(serve(self.fixture))
        self.apply(*(document for key in PLACES for document in self._manifests(key)))
        for key in PLACES:
            self.wait_ready(key.lower(), kind="IdentityBackend")

    def close(self) -> None:
        """Leave the operator nothing to do here, and stop the servers."""
        super().close()
        self._servers.close()

    def requests(self) -> list[str]:
        """None: there are five servers."""
        return []

    def _manifests(self, key: str) -> tuple[Object, Object]:
        place, name = self.places[key], key.lower()
        bounds = {"consistency": {"readLag": "1s", "inFlightBound": "2s"}, "timeout": "2s", "interval": "1s"}
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": {names.CREDENTIALS_LABEL: "true"}},
            "stringData": dict(place.secret),
        }
        return secret, manifest("IdentityBackend", name, {key: dict(place.member)} | bounds)
