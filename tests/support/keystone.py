"""The real Keystone for tests: one server a worker, and a domain of its own for each test; all end with the server.

With no package index to fetch Keystone from, these fixtures fail and say so; they never skip.
"""

import itertools
import sqlite3
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import pytest

from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.identity.keystone.admin_client import (
    ADMIN,
    DEFAULT_DOMAIN,
    ApplicationCredential,
    KeystoneAdminClient,
    User,
)
from project_operator.sandbox.identity.keystone.configuration import DATABASE
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone

_COUNTER: Final = itertools.count(1)
PASSWORD: Final = "correct-horse-battery-staple"


@dataclass
class Domain:
    """A domain with nothing in it but its manager."""

    server: EmbeddedKeystone
    id: str
    name: str
    manager: User
    """Has the role ``manager`` on the domain: least privilege."""
    others: list[str] = field(default_factory=list)
    """Further domains that the test made."""

    @property
    def admin(self) -> KeystoneAdminClient:
        """Sees and does everything."""
        return self.server.admin

    @property
    def url(self) -> str:
        """URL of the API, with `/v3`."""
        return self.server.url

    def make_user(self, name: str = "", *roles: str) -> User:
        """A user of the domain, with these roles on it."""
        made = self.admin.make_user(name or f"user-{next(_COUNTER)}", PASSWORD, self.id)
        for role in roles:
            self.admin.grant(self.admin.role_id(role), f"domains/{self.id}", user=made.id)
        return made

    def make_group(self, name: str) -> str:
        """A group of the domain; its id."""
        return self.admin.make_group(name, self.id)

    def make_application_credential(self, role: str = ADMIN) -> tuple[ApplicationCredential, str]:
        """An unrestricted one of a user with ``role`` on a project outside the domain, and the id of that project.

        With the default it may do everything, as the credential of an operator that has no domain scope must.
        """
        number = next(_COUNTER)
        user = self.admin.make_user(f"robot-{number}", PASSWORD)
        project = self.admin.make_project(f"robots-{number}", DEFAULT_DOMAIN)
        self.admin.grant(self.admin.role_id(role), f"projects/{project}", user=user.id)
        return self.admin.make_application_credential(user, project, f"robot-{number}", unrestricted=True), project

    def make_domain(self) -> str:
        """A further domain; its id."""
        self.others.append(self.admin.make_domain(f"further-{next(_COUNTER)}"))
        return self.others[-1]

    def make_many(self, count: int) -> set[str]:
        """Projects of no interest; their ids.

        Past the API, which makes some 45 a second: straight into the table that holds them.
        """
        ids = [uuid.uuid4().hex for _ in range(count)]
        rows = [(one, f"many-{one}", "{}", "", 1, self.id, self.id, 0) for one in ids]
        columns = "id, name, extra, description, enabled, domain_id, parent_id, is_domain"
        with self._database() as database:
            database.executemany(f"INSERT INTO project ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608 - a literal
        return set(ids)

    def empty(self) -> None:
        """Take all projects away. Past the API too, where it takes longer than to make another domain."""
        with self._database() as database:
            ours = "SELECT id FROM project WHERE domain_id = ?"
            for table in ("project_tag", "project_option"):
                database.execute(f"DELETE FROM {table} WHERE project_id IN ({ours})", (self.id,))  # noqa: S608 - literals
            database.execute("DELETE FROM project WHERE domain_id = ?", (self.id,))

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        with closing(sqlite3.connect(self.server.folder / DATABASE, timeout=30)) as database, database:
            yield database


@cache
def manager_role(server: EmbeddedKeystone) -> str:
    """Id of the role ``manager``."""
    return server.admin.role_id("manager")


def make_domain(server: EmbeddedKeystone) -> Domain:
    """A domain with a manager."""
    name = f"domain-{next(_COUNTER)}"
    domain_id = server.admin.make_domain(name)
    manager = server.admin.make_user(f"manager-of-{name}", PASSWORD, domain_id)
    server.admin.grant(manager_role(server), f"domains/{domain_id}", user=manager.id)
    return Domain(server, domain_id, name, manager)


@pytest.fixture(scope="session")
def keystone_server() -> Iterator[EmbeddedKeystone]:
    """The real Keystone (one per worker under xdist); what it has to fetch and make is said on the terminal."""
    with EmbeddedKeystone(report=Report(sys.__stderr__)) as server:
        yield server


@pytest.fixture
def keystone_domain(keystone_server: EmbeddedKeystone) -> Domain:
    """A fresh domain."""
    return make_domain(keystone_server)
