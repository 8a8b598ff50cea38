"""A Keystone without a network for unit tests: answers by method and path, and remembers what it was asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.backends.calls import Answer, Call, NoAnswer, TransportSettings
from project_operator.backends.deadlines import Deadline, within
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.credentials import Credential, DomainScope, Password, Reference
from project_operator.backends.openstack import KeystoneConfig, open_backend
from project_operator.backends.openstack.dialect import OPENSTACK
from project_operator.backends.transport import Transport
from project_operator.backends.vendor import Surroundings

DOMAIN: Final = "0dc2b8c220b04242a819d92b2fa4465d"
OTHER_DOMAIN: Final = "7bf9be2ed72c46e5896c4c2048bddbb1"
ID: Final = "d946d874afbd402c9764237b61869db7"
GROUP: Final = "338119ace21546bc946b02e5a188fffc"
ROLE: Final = "6fae45e3eb3e4679aa154681c17658a8"
PASSWORD: Final = "correct-horse-battery-staple"
TOKEN: Final = "gAAAAAB-the-token"
PROJECT: Final = {
    "id": ID,
    "name": "a",
    "domain_id": DOMAIN,
    "parent_id": DOMAIN,
    "is_domain": False,
    "enabled": True,
    "description": "",
    "tags": [],
    "options": {},
}
DOMAIN_PROJECT: Final = PROJECT | {"is_domain": True, "domain_id": None, "parent_id": None}
"""The same as a domain."""
PATH: Final = f"/v3/projects/{ID}"
CONFIG: Final = f"/v3/domains/{ID}/config"
IDENTITY_PROVIDERS: Final = "/v3/OS-FEDERATION/identity_providers"
HTML: Final = b"<html><body><h1>Internal Server Error</h1></body></html>"

Outcome = Answer | NoAnswer


def answer(status: int, body: Any = b"", **headers: str) -> Answer:
    """With ``body`` as JSON, unless it is bytes."""
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(
        status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), encoded, "ours"
    )


def error(status: int, message: str) -> Answer:
    """Keystone's error document (K2-1)."""
    return answer(status, {"error": {"code": status, "message": message, "title": "Whatever"}})


def not_found(what: str, name: str) -> Answer:
    """K7-2."""
    return error(404, f"Could not find {what}: {name}.")


NO_CONFIG: Final = error(404, f"Could not find any options in domain configuration for domain {ID}.")
"""K8-11."""


def forbidden(rule: str) -> Answer:
    """K4-3: by policy."""
    return error(403, f"You are not authorized to perform the requested action: identity:{rule}.")


def signed_in(token: str = TOKEN, life: float = 3600.0, **scope: Any) -> Answer:
    """K3-1; for the domain unless ``scope`` says otherwise."""
    issued = datetime(2026, 11, 22, 4, 0, tzinfo=UTC).timestamp()
    times = {"issued_at": issued, "expires_at": issued + life}
    stamps = {name: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for name, at in times.items()}
    scope = scope or {"domain": {"id": DOMAIN, "name": "home"}}
    return answer(201, {"token": {**stamps, "user": {"name": "operator"}, **scope}}, X_Subject_Token=token)


def unchecked() -> None:
    """Leave to send."""


def never_asked() -> None:
    """No leave to send."""
    raise AssertionError("must not be asked for")


def page(key: str, *items: Any, marker: str = "", truncated: bool = False) -> Answer:
    """A page (K5-2), with a link to the next where there is a ``marker``."""
    link = f"http://internal.example:5000/v3/{key}?limit=1000&marker={marker}" if marker else None
    return answer(200, {key: list(items), "links": {"next": link}} | ({"truncated": True} if truncated else {}))


def cloud() -> dict[str, Answer]:
    """A sign-in for the whole cloud."""
    return {"POST /v3/auth/tokens": signed_in(project={"id": "admin"})}


def remote(**content: Any) -> RemoteProject:
    """`PROJECT` as it is read, with other content."""
    known: dict[str, Any] = {
        "name": "a",
        "description": "",
        "enabled": True,
        "parent_id": DOMAIN,
        "particulars": {
            "keystone.isDomain": "false",
            "keystone.immutable": "false",
            "keystone.domainID": DOMAIN,
        },
    }
    return RemoteProject(
        ID,
        DOMAIN,
        ProjectContent(**(known | content)),
        ProvisioningStatus.PROVISIONED,
        HealthStatus.HEALTHY,
        {"enabled": "true" if content.get("enabled", True) else "false"},
    )


@dataclass
class ScriptedKeystone:
    """Outcomes by ``METHOD path``, the query left out; of several the next each time, the last for all that follow."""

    script: dict[str, list[Outcome]] = field(default_factory=dict)
    asked: list[Call] = field(default_factory=list)
    on_send: Callable[[Call], None] = lambda _: None

    def say(self, request: str, *outcomes: Outcome) -> None:
        """What follows a request."""
        self.script[request] = list(outcomes)

    @property
    def requests(self) -> list[str]:
        """``METHOD path?query`` of all that was asked, signing in apart."""
        return [f"{call.method} {call.path}" for call in self.asked if "/auth/tokens" not in call.path]

    @property
    def sign_ins(self) -> int:
        """How often a token was asked for."""
        return sum("/auth/tokens" in call.path for call in self.asked)

    def bodies(self, method: str) -> list[Any]:
        """The bodies of the requests of a method, signing in apart."""
        return [
            json.loads(call.body or b"null")
            for call in self.asked
            if call.method == method and "/auth" not in call.path
        ]

    def transport(self) -> Transport:
        """To be put in place of the real one."""
        return _Transport(self)

    def answer_to(self, call: Call) -> Outcome:
        """The next outcome."""
        self.asked.append(call)
        self.on_send(call)
        if call.before_send is not None:
            call.before_send()
        request = f"{call.method} {call.path.partition('?')[0]}"
        if request not in self.script:
            raise AssertionError(f"nobody expected {call.method} {call.path}")
        outcomes = self.script[request]
        return outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]


class _Transport(Transport):
    def __init__(self, server: ScriptedKeystone) -> None:
        self._server = server

    def one_deadline(self, times: int = 1) -> AbstractContextManager[Deadline]:
        return within(600.0 * times)

    async def exchange(self, call: Call) -> Outcome:
        return self._server.answer_to(call)

    async def aclose(self) -> None:
        pass


def password(**changes: Any) -> Password:
    """The credential of the tests."""
    known: dict[str, Any] = {
        "user": "operator",
        "user_domain": Reference(DOMAIN),
        "password": PASSWORD,
        "scope": DomainScope(Reference(DOMAIN)),
    }
    return Password(**(known | changes))


def scripted(
    script: Mapping[str, Outcome | Sequence[Outcome]] | None = None,
    *,
    credential: Credential | None = None,
    **config: Any,
) -> tuple[KeystoneBackend, ScriptedKeystone]:
    """A backend whose server answers by ``script``, besides what `connect` asks."""
    server = ScriptedKeystone()
    server.say("GET /v3", answer(200, {"version": {"id": "v3.14"}}))
    server.say("POST /v3/auth/tokens", signed_in())
    server.say("GET /v3/projects", page("projects", PROJECT))
    server.say(f"GET /v3/domains/{DOMAIN}", answer(200, {"domain": {"id": DOMAIN, "name": "home"}}))
    for request, outcomes in (script or {}).items():
        server.say(request, *(outcomes if isinstance(outcomes, Sequence) else [outcomes]))
    known: dict[str, Any] = {"url": "https://identity.example.com", "domain": Reference(DOMAIN)}
    backend = open_backend(
        KeystoneConfig(**(known | {"credential": credential or password()} | config)), Surroundings(TransportSettings())
    )
    backend._client._transport = server.transport()
    return backend, server


async def connected(
    script: Mapping[str, Outcome | Sequence[Outcome]] | None = None, **config: Any
) -> tuple[KeystoneBackend, ScriptedKeystone]:
    """Likewise, connected, with nothing counted yet."""
    backend, server = scripted(script, **config)
    kept = {request: list(outcomes) for request, outcomes in server.script.items()}
    server.script["GET /v3/projects"] = [page("projects", PROJECT)]
    await backend.connect()
    server.script = kept
    server.asked.clear()
    return backend, server


def client(server: ScriptedKeystone, credential: Credential | None = None) -> KeystoneClient:
    """A client by itself."""
    now = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    return KeystoneClient(server.transport(), credential or password(), OPENSTACK, lambda: now)
