"""What an administrator of the whole cloud does and sees in the real Keystone, without the code that is tested."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import httpx

from project_operator.backends.trust import system_trust
from project_operator.errors import SandboxError

Scope = Mapping[str, Any]
"""``scope`` of a request for a token, as the API spells it."""

ADMIN: Final = "admin"
DEFAULT_DOMAIN: Final = "default"
"""Id of the domain that bootstrap makes."""
_PAGE: Final = 1000


@dataclass(frozen=True)
class User:
    """A user with a password."""

    id: str
    name: str
    domain_id: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class ApplicationCredential:
    """An application credential; its scope is the project it was made in."""

    id: str
    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ProjectSnapshot:
    """A project as Keystone shows it."""

    id: str
    name: str
    domain_id: str
    parent_id: str | None
    description: str | None
    enabled: bool
    is_domain: bool
    tags: frozenset[str]
    immutable: bool

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """A project of an answer."""
        return cls(
            id=raw["id"],
            name=raw["name"],
            domain_id=raw["domain_id"],
            parent_id=raw["parent_id"],
            description=raw["description"],
            enabled=raw["enabled"],
            is_domain=raw["is_domain"],
            tags=frozenset(raw["tags"]),
            immutable=bool(raw["options"].get("immutable")),
        )


@dataclass(frozen=True, order=True)
class Assignment:
    """A role assignment on a project or a domain: of a user or of a group, the other is empty."""

    role: str
    """Id of the role."""
    group: str = ""
    user: str = ""
    inherited: bool = False
    """It holds for the projects below, not for what it was made on."""


class KeystoneAdminClient:
    """A blocking client. Each method raises SandboxError where Keystone refuses or does not answer."""

    def __init__(self, url: str, password: str, *, ca_bundle: str = "") -> None:
        """``url`` ends in ``/v3``; ``password`` is that of ``admin``; ``ca_bundle`` is PEM text."""
        verify = ssl.create_default_context(cadata=ca_bundle) if ca_bundle else system_trust()
        self._client = httpx.Client(
            base_url=url,
            verify=verify,
            trust_env=False,
            timeout=30.0,
            # Between two calls a test may take longer than the server keeps a connection.
            limits=httpx.Limits(keepalive_expiry=2.0),
        )
        self._password = password
        self._token = ""

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Tokens.

    def token(self, user: User, scope: Scope | None = None) -> str:
        """A token of that user; ``scope`` None is unscoped."""
        return self._issue({"id": user.id, "password": user.password}, scope)

    def revoke(self, token: str) -> None:
        """Make a token worthless at once."""
        self.call("DELETE", "/auth/tokens", headers={"x-subject-token": token})

    # Domains, users, groups, roles, credentials.

    def make_domain(self, name: str) -> str:
        """A domain; its id."""
        return str(self.call("POST", "/domains", {"domain": {"name": name}})["domain"]["id"])

    def remove_domain(self, domain_id: str) -> None:
        """Delete a domain and all that is in it."""
        self.call("PATCH", f"/domains/{domain_id}", {"domain": {"enabled": False}})
        self.call("DELETE", f"/domains/{domain_id}")

    def make_user(self, name: str, password: str, domain_id: str = DEFAULT_DOMAIN) -> User:
        """A user without any role."""
        body = {"user": {"name": name, "domain_id": domain_id, "password": password}}
        return User(str(self.call("POST", "/users", body)["user"]["id"]), name, domain_id, password)

    def edit_user(self, user_id: str, **fields: Any) -> None:
        """Change a user: ``enabled``, ``password``, ``name``."""
        self.call("PATCH", f"/users/{user_id}", {"user": fields})

    def remove_user(self, user_id: str) -> None:
        """Delete a user; his tokens are dead."""
        self.call("DELETE", f"/users/{user_id}")

    def make_group(self, name: str, domain_id: str = DEFAULT_DOMAIN) -> str:
        """A group; its id."""
        return str(self.call("POST", "/groups", {"group": {"name": name, "domain_id": domain_id}})["group"]["id"])

    def remove_group(self, group_id: str) -> None:
        """Delete a group; its assignments go with it."""
        self.call("DELETE", f"/groups/{group_id}")

    def make_role(self, name: str, domain_id: str | None = None) -> str:
        """A role, global or of a domain; its id."""
        return str(self.call("POST", "/roles", {"role": {"name": name, "domain_id": domain_id}})["role"]["id"])

    def remove_role(self, role_id: str) -> None:
        """Delete a role; its assignments go with it."""
        self.call("DELETE", f"/roles/{role_id}")

    def role_id(self, name: str) -> str:
        """Id of the global role of that name; bootstrap makes admin, manager, member, reader and service."""
        (role,) = self.call("GET", "/roles", query={"name": name})["roles"]
        return str(role["id"])

    def make_application_credential(
        self,
        user: User,
        project_id: str,
        name: str,
        *,
        roles: tuple[str, ...] = (),
        unrestricted: bool = False,
    ) -> ApplicationCredential:
        """Made by the user himself in a project where he has a role. ``roles``: names; none named are all he has."""
        token = self.token(user, {"project": {"id": project_id}})
        body: dict[str, Any] = {"name": name, "unrestricted": unrestricted}
        if roles:
            body["roles"] = [{"name": role} for role in roles]
        made = self.call(
            "POST",
            f"/users/{user.id}/application_credentials",
            {"application_credential": body},
            headers={"x-auth-token": token},
        )["application_credential"]
        return ApplicationCredential(made["id"], name, made["secret"])

    def remove_application_credential(self, user: User, credential_id: str) -> None:
        """Delete it as its user does; its tokens are dead."""
        self.call("DELETE", f"/users/{user.id}/application_credentials/{credential_id}")

    # Role assignments. `on` is a path as the API has it: `projects/ID`, `domains/ID`, or `system`.

    def grant(self, role_id: str, on: str, *, group: str = "", user: str = "", inherited: bool = False) -> None:
        """Give a group or a user a role on ``projects/ID``, ``domains/ID`` or ``system``."""
        self.call("PUT", _assignment(role_id, on, group, user, inherited=inherited))

    def take(self, role_id: str, on: str, *, group: str = "", user: str = "", inherited: bool = False) -> None:
        """Take it back."""
        self.call("DELETE", _assignment(role_id, on, group, user, inherited=inherited))

    def assignments(self, on: str) -> frozenset[Assignment]:
        """Every role assignment made on ``projects/ID`` or ``domains/ID`` itself."""
        kind, _, wanted = on.partition("/")
        found = self.call("GET", "/role_assignments", query={f"scope.{kind.removesuffix('s')}.id": wanted})
        return frozenset(
            Assignment(
                role=one["role"]["id"],
                group=one.get("group", {}).get("id", ""),
                user=one.get("user", {}).get("id", ""),
                inherited="OS-INHERIT:inherited_to" in one["scope"],
            )
            for one in found["role_assignments"]
        )

    # Projects.

    def make_project(self, name: str, domain_id: str, **fields: Any) -> str:
        """A project as another user would make it; further fields as the API has them. Its id."""
        body = {"project": {"name": name, "domain_id": domain_id} | fields}
        return str(self.call("POST", "/projects", body)["project"]["id"])

    def edit_project(self, project_id: str, **fields: Any) -> None:
        """Change a project as another user would."""
        self.call("PATCH", f"/projects/{project_id}", {"project": fields})

    def remove_project(self, project_id: str) -> None:
        """Delete a project as another user would."""
        self.call("DELETE", f"/projects/{project_id}")

    def project(self, project_id: str) -> ProjectSnapshot | None:
        """A project; None where there is none of that id."""
        response = self._send("GET", f"/projects/{project_id}")
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return ProjectSnapshot.parse(_document(response)["project"])

    def projects(self, domain_id: str, name: str | None = None) -> list[ProjectSnapshot]:
        """The projects of a domain, all or those called ``name``, sorted by name."""
        found = (ProjectSnapshot.parse(raw) for raw in self._pages(domain_id))
        return sorted((one for one in found if name in (None, one.name)), key=lambda one: one.name)

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Any call below ``/v3``, as the administrator unless ``headers`` say otherwise; the answer's document."""
        return _document(self._send(method, path, body, query=query, headers=headers))

    def _pages(self, domain_id: str) -> Iterator[dict[str, Any]]:
        query: dict[str, str] = {"domain_id": domain_id, "limit": str(_PAGE)}
        while True:
            answer = self.call("GET", "/projects", query=query)
            yield from answer["projects"]
            following = answer["links"].get("next")
            if following is None:
                return
            query = dict(httpx.URL(following).params)

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Sign in where need be: before the first call, and once where the token has ended."""
        for fresh in (not self._token, True):
            if fresh:
                scope = {"project": {"name": ADMIN, "domain": {"id": DEFAULT_DOMAIN}}}
                user = {"name": ADMIN, "domain": {"id": DEFAULT_DOMAIN}, "password": self._password}
                self._token = self._issue(user, scope)
            sent = {"x-auth-token": self._token} | dict(headers or {})
            response = self._request(method, path, body, query=query, headers=sent)
            if response.status_code != httpx.codes.UNAUTHORIZED or fresh:
                return response
        raise AssertionError("a fresh token ends the loop")

    def _issue(self, user: Mapping[str, Any], scope: Scope | None) -> str:
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
        if scope is not None:
            auth["scope"] = scope
        response = self._request("POST", "/auth/tokens?nocatalog", {"auth": auth})
        _document(response)
        return response.headers["x-subject-token"]

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        try:
            return self._client.request(method, path, json=body, params=query, headers=headers)
        except httpx.HTTPError as error:
            raise SandboxError(
                f"Keystone at {self._client.base_url} did not answer {method} {path}: {error}"
            ) from error


def _assignment(role_id: str, on: str, group: str, user: str, *, inherited: bool) -> str:
    holder = f"groups/{group}" if group else f"users/{user}"
    if inherited:
        return f"/OS-INHERIT/{on}/{holder}/roles/{role_id}/inherited_to_projects"
    return f"/{on}/{holder}/roles/{role_id}"


def _document(response: httpx.Response) -> dict[str, Any]:
    """The answer's JSON; empty where there is no body. Raises SandboxError for a refusal."""
    if response.is_error:
        request = response.request
        raise SandboxError(
            f"Keystone refused {request.method} {request.url.path}: {response.status_code} {response.text}"
        )
    return dict(response.json()) if response.content else {}
