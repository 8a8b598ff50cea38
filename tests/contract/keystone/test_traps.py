"""The backend on the real Keystone, where Keystone misleads those who do not know it (docs/backends/keystone.md)."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from calling import LOOPBACK
from keystone import Domain
from troubles import noticed

from project_operator.backends.base import ProjectContent, RemoteProject, RoleAssignment, Tag
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import (
    ApplicationCredential,
    DomainScope,
    Password,
    ProjectScope,
    Reference,
    SystemScope,
)
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.openstack import KeystoneConfig, open_backend
from project_operator.backends.vendor import Surroundings
from project_operator.errors import (
    BackendError,
    ConnectionRefused,
    CredentialsRejected,
    DeletionBlocked,
    NameTaken,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
)
from project_operator.sandbox.identity.keystone.admin_client import User
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone

Connect = Callable[..., Awaitable[KeystoneBackend]]
NOBODY = "0" * 32
MARK = "iproj1:0123456789abcdef:0123456789abcdef:01234567:00000000-0000-0000-0000-000000000000"


def unchecked() -> None:
    pass


async def create(backend: KeystoneBackend, name: str = "a", **content: Any) -> RemoteProject:
    return await backend.create_project(ProjectContent(name, **content), before_send=unchecked)


async def change(backend: KeystoneBackend, current: RemoteProject, **content: Any) -> RemoteProject:
    """Change it to ``content``, its lock left alone unless that says otherwise, and read it back."""
    aim = replace(current.content, **({"particulars": {}} | content))
    await backend.update_project(current, aim, before_send=unchecked)
    groups = frozenset(one.group_id for one in aim.role_assignments or ())
    found = await backend.get_project(current.id, group_ids=groups)
    assert backend.plan_update(found, replace(aim, parent_id=found.content.parent_id)) == (), "applied twice"
    return found


async def delete(backend: KeystoneBackend, project_id: str) -> None:
    await backend.delete_project(project_id, before_send=unchecked)


def everything(backend: KeystoneBackend, project: RemoteProject) -> list[Awaitable[Any]]:
    """Each call that asks for something, on a project that is there."""
    return [
        backend.get_project(project.id),
        backend.list_projects(),
        backend.list_groups(),
        backend.list_roles(),
        backend.verify_read_access(),
        backend.update_project(project, replace(project.content, name="changed"), before_send=unchecked),
        backend.create_project(ProjectContent("another"), before_send=unchecked),
        backend.delete_project(project.id, before_send=unchecked),
    ]


class TestSigningIn:
    """K3-2 to K3-13."""

    async def test_every_scope(self, connect: Connect, domain: Domain) -> None:
        user = domain.make_user("", "admin")
        project = domain.admin.make_project("scope", domain.id)
        domain.admin.grant(domain.admin.role_id("admin"), f"projects/{project}", user=user.id)
        domain.admin.grant(domain.admin.role_id("admin"), "system", user=user.id)
        for scope in (
            DomainScope(Reference(domain.id)),
            DomainScope(Reference(name=domain.name)),
            ProjectScope(Reference(project)),
            ProjectScope(Reference(name="scope"), Reference(domain.id)),
            SystemScope(),
        ):
            for home in (Reference(domain.id), Reference(name=domain.name)):
                backend = await connect(Password(user.name, home, user.password, scope), domain=home)
                assert [one.content.name for one in await backend.list_projects()] == ["scope"]

    async def test_an_application_credential_does_it_all(
        self, connect: Connect, application_credential: ApplicationCredential
    ) -> None:
        backend = await connect(application_credential)
        project = await create(backend)
        await delete(backend, project.id)
        with pytest.raises(ProjectNotFound):
            await backend.get_project(project.id)

    async def test_whatever_is_wrong_with_it_the_credential_is_said_to_be(
        self, connect: Connect, domain: Domain, application_credential: ApplicationCredential
    ) -> None:
        home, right = Reference(domain.id), DomainScope(Reference(domain.id))
        user = domain.manager
        for wrong in (
            Password(user.name, home, "wrong", right),
            Password("nobody", home, user.password, right),
            Password(user.name, Reference("default"), user.password, right),
            Password(user.name, home, user.password, SystemScope()),
            replace(application_credential, secret="wrong"),
            replace(application_credential, id="nothing"),
        ):
            with pytest.raises(CredentialsRejected) as raised:
                await connect(wrong)
            assert wrong.secret not in str(raised.value)

    async def test_a_user_without_rights_hears_so_at_once(self, connect: Connect, domain: Domain) -> None:
        user = domain.make_user()
        project = domain.admin.make_project("scope", domain.id)
        domain.admin.grant(domain.admin.role_id("member"), f"projects/{project}", user=user.id)
        credential = Password(user.name, Reference(domain.id), user.password, ProjectScope(Reference(project)))
        with pytest.raises((PermissionDenied, ConnectionRefused)):
            await connect(credential)

    async def test_an_empty_list_of_another_domain_is_never_believed(self, connect: Connect, domain: Domain) -> None:
        other = domain.make_domain()
        domain.admin.make_project("theirs", other)
        with pytest.raises((ConnectionRefused, PermissionDenied)):
            await connect(domain=Reference(other))
        with pytest.raises((ConnectionRefused, PermissionDenied)):
            await connect(additional_domains=(other,))

    async def test_further_domains_are_listed_and_written_to(
        self, connect: Connect, domain: Domain, cloud: Password
    ) -> None:
        other = domain.make_domain()
        theirs = domain.admin.make_project("theirs", domain.make_domain())
        backend = await connect(cloud, additional_domains=(other,))
        ours = await create(backend)
        further = await create(backend, particulars={"keystone.domainID": other})
        assert further.organization_id == other
        assert {one.id for one in await backend.list_projects()} == {ours.id, further.id}
        with pytest.raises(RequestRefused, match="it is in another domain"):
            await backend.get_project(theirs)


class TestADeadToken:
    """K3-6, K3-20: whatever is asked for, and however it died."""

    async def test_one_that_was_revoked_is_replaced_unnoticed(self, backend: KeystoneBackend, domain: Domain) -> None:
        project = await create(backend)
        for call in everything(backend, project):
            domain.admin.revoke((await backend._client.token()).value)
            backend._client._tokens._renewed_at = float("-inf")
            await call

    async def test_one_whose_user_is_gone_makes_nothing_missing(self, connect: Connect, domain: Domain) -> None:
        user = domain.make_user("short-lived", "manager")
        credential = Password(user.name, Reference(domain.id), user.password, DomainScope(Reference(domain.id)))
        backend = await connect(credential)
        project = await create(backend)
        domain.admin.remove_user(user.id)
        await self.nothing_is_believed(backend, project, domain)

    async def test_one_whose_application_credential_is_gone(self, connect: Connect, domain: Domain) -> None:
        user = domain.make_user()
        home = domain.admin.make_project("robots", domain.id)
        domain.admin.grant(domain.admin.role_id("admin"), f"projects/{home}", user=user.id)
        made = domain.admin.make_application_credential(user, home, "robot", unrestricted=True)
        backend = await connect(ApplicationCredential(made.id, made.secret))
        project = await create(backend)
        domain.admin.remove_application_credential(user, made.id)
        await self.nothing_is_believed(backend, project, domain)

    async def test_one_whose_scope_is_gone_even_where_that_is_what_is_asked_for(
        self, connect: Connect, domain: Domain
    ) -> None:
        user = domain.make_user()
        scope = domain.admin.make_project("scope", domain.id)
        domain.admin.grant(domain.admin.role_id("admin"), f"projects/{scope}", user=user.id)
        credential = Password(user.name, Reference(domain.id), user.password, ProjectScope(Reference(scope)))
        backend = await connect(credential)
        project = await create(backend)
        domain.admin.remove_project(scope)
        with pytest.raises(CredentialsRejected):
            await backend.get_project(scope)
        await self.nothing_is_believed(backend, project, domain)

    async def nothing_is_believed(self, backend: KeystoneBackend, project: RemoteProject, domain: Domain) -> None:
        for call in everything(backend, project):
            with pytest.raises(BackendError) as raised:
                await call
            assert type(raised.value) is CredentialsRejected
        assert domain.admin.project(project.id) is not None
        assert domain.admin.projects(domain.id, "another") == []

    async def test_many_calls_sign_in_once_more(self, backend: KeystoneBackend, domain: Domain) -> None:
        project = await create(backend)
        before = await backend._client.token()
        domain.admin.revoke(before.value)
        found = await asyncio.gather(*(backend.get_project(project.id) for _ in range(30)))
        assert {one.id for one in found} == {project.id}
        assert (await backend._client.token()) is not before


class TestAbsence:
    """K4-1: a domain's manager never hears 404."""

    async def test_for_a_manager_it_is_proved_by_the_list(self, backend: KeystoneBackend, domain: Domain) -> None:
        kept, gone = await create(backend, "kept"), await create(backend, "gone")
        domain.admin.remove_project(gone.id)
        with pytest.raises(ProjectNotFound):
            await backend.get_project(gone.id)
        with pytest.raises(ProjectNotFound):
            await change(backend, gone, name="x")
        await delete(backend, gone.id)
        await delete(backend, kept.id)
        with pytest.raises(ProjectNotFound):
            await backend.get_project(kept.id)
        assert await backend.list_projects() == ()

    async def test_not_for_a_manager_who_has_lost_the_role(self, backend: KeystoneBackend, domain: Domain) -> None:
        project = await create(backend)
        domain.admin.take(domain.admin.role_id("manager"), f"domains/{domain.id}", user=domain.manager.id)
        powerless = domain.admin.make_role(f"powerless-{domain.name}")
        domain.admin.grant(powerless, f"domains/{domain.id}", user=domain.manager.id)
        try:
            for call in everything(backend, project):
                with pytest.raises(PermissionDenied):
                    await call
        finally:
            domain.admin.remove_role(powerless)
        assert domain.admin.project(project.id) is not None

    async def test_for_an_administrator_by_keystones_word(self, connect: Connect, cloud: Password) -> None:
        backend = await connect(cloud)
        project = await create(backend)
        assert (await backend.get_project(project.id)) == project
        await delete(backend, project.id)
        await delete(backend, project.id)
        for missing in (project.id, NOBODY):
            with pytest.raises(ProjectNotFound):
                await backend.get_project(missing)


class TestPages:
    """K5: pages of five."""

    @pytest.fixture
    async def backend(self, paged: Domain) -> KeystoneBackend:
        home = Reference(paged.id)
        credential = Password(paged.manager.name, home, paged.manager.password, DomainScope(home))
        config = KeystoneConfig(url=paged.url.removesuffix("/v3"), domain=home, credential=credential)
        backend = open_backend(config, Surroundings(LOOPBACK))
        await backend.connect()
        return backend

    @pytest.mark.parametrize("count", [0, 4, 5, 6, 10, 11])
    async def test_every_project_is_listed(self, backend: KeystoneBackend, paged: Domain, count: int) -> None:
        made = {paged.admin.make_project(f"p{number}", paged.id) for number in range(count)}
        found = await backend.list_projects()
        assert {one.id for one in found} == made
        assert len(found) == count
        await backend.aclose()

    async def test_also_where_the_end_of_a_page_is_deleted_meanwhile(
        self, backend: KeystoneBackend, paged: Domain
    ) -> None:
        made = sorted(paged.admin.make_project(f"p{number}", paged.id) for number in range(7))
        exchange = backend._client._transport.exchange
        asked = 0

        async def deleting(*args: Any, **kwargs: Any) -> Any:
            nonlocal asked
            asked += 1
            if asked == 2:
                paged.admin.remove_project(made[4])
            return await exchange(*args, **kwargs)

        backend._client._transport.exchange = deleting  # type: ignore[method-assign]  # to come between two pages
        assert {one.id for one in await backend.list_projects()} == set(made) - {made[4]}
        assert asked == 4
        await backend.aclose()

    async def test_every_group_is_listed(self, backend: KeystoneBackend, paged: Domain) -> None:
        made = {paged.make_group(f"g{number}") for number in range(11)}
        assert {one.id for one in await backend.list_groups()} == made
        await backend.aclose()


class TestContent:
    """K1, K6."""

    @pytest.mark.parametrize("name", ["x" * 64, "größe/ü?&=,;", "日本語", "a b", "e\u0301"])
    async def test_names_are_read_back_as_they_were_written(self, backend: KeystoneBackend, name: str) -> None:
        project = await create(backend, name)
        assert (await backend.get_project(project.id)).content.name == name

    async def test_tags_and_mark(self, backend: KeystoneBackend, domain: Domain) -> None:
        tags = (Tag("a", "b=c"), Tag("x", ""), Tag("größe", "ß:;"))
        project = await create(backend, tags=tags, mark=MARK)
        truth = domain.admin.project(project.id)
        assert truth is not None
        assert truth.tags == {"a=b=c", "x", "größe=ß:;", MARK}
        assert set(project.content.tags) == set(tags)
        assert project.content.mark == MARK
        domain.admin.edit_project(project.id, tags=["odd=", "=odd", MARK])
        found = await change(backend, await backend.get_project(project.id), mark="orphaned")
        truth = domain.admin.project(project.id)
        assert truth is not None
        assert truth.tags == {"odd=", "=odd", "iproj1:orphaned"}
        assert found.content.mark == "orphaned"

    async def test_no_description_and_an_empty_one_are_the_same(self, backend: KeystoneBackend, domain: Domain) -> None:
        project_id = domain.admin.make_project("null", domain.id, description=None)
        project = await backend.get_project(project_id)
        assert project.content.description is None
        assert backend.plan_update(project, replace(project.content, description="")) == ()
        project = await change(backend, project, description="x" * 4096)
        assert (await change(backend, project, description="")).content.description == ""

    async def test_a_name_that_is_taken(self, backend: KeystoneBackend) -> None:
        await create(backend, "taken")
        project = await create(backend, "free")
        with pytest.raises(NameTaken):
            await create(backend, "taken")
        with pytest.raises(NameTaken):
            await change(backend, project, name="taken")

    async def test_of_creations_at_one_time_one_succeeds(self, backend: KeystoneBackend, domain: Domain) -> None:
        outcomes = await asyncio.gather(*(create(backend, "one") for _ in range(6)), return_exceptions=True)
        assert sum(isinstance(outcome, RemoteProject) for outcome in outcomes) == 1
        assert sum(type(outcome) is NameTaken for outcome in outcomes) == 5
        assert len(domain.admin.projects(domain.id)) == 1

    async def test_a_disabled_child_of_a_disabled_parent_can_be_changed(self, backend: KeystoneBackend) -> None:
        parent = await create(backend, "parent")
        child = await create(backend, "child", parent_id=parent.id)
        assert child.content.parent_id == parent.id
        with pytest.raises(RequestRefused, match="enabled projects"):
            await change(backend, parent, enabled=False)
        child = await change(backend, child, enabled=False)
        parent = await change(backend, parent, enabled=False)
        child = await change(backend, child, description="changed")
        with pytest.raises(RequestRefused, match="disabled parents"):
            await change(backend, child, enabled=True)
        assert child.provisioning_status == "provisioned"
        assert child.raw_status == {"enabled": "false"}

    @pytest.mark.parametrize("parent", [NOBODY, "disabled"])
    async def test_a_parent_that_cannot_be_one_is_told(self, backend: KeystoneBackend, parent: str) -> None:
        if parent == "disabled":
            parent = (await create(backend, "parent", enabled=False)).id
        with pytest.raises(RequestRefused):
            await create(backend, "child", parent_id=parent)

    async def test_our_lock_is_opened_and_closed_again(self, backend: KeystoneBackend, domain: Domain) -> None:
        ours = {"keystone.immutable": "true"}
        project = await create(backend, particulars=ours)
        assert project.content.particulars["keystone.immutable"] == "true"
        project = await change(backend, project, name="b", tags=(Tag("t", ""),), particulars=ours)
        truth = domain.admin.project(project.id)
        assert truth is not None
        assert (truth.name, truth.immutable) == ("b", True)
        with pytest.raises(RequestRefused, match="immutable"):
            await delete(backend, project.id)
        await change(backend, project, particulars={"keystone.immutable": "false"})
        await delete(backend, project.id)

    async def test_our_lock_is_closed_again_after_a_refused_change(
        self, backend: KeystoneBackend, domain: Domain
    ) -> None:
        await create(backend, "taken")
        project = await create(backend, "a", particulars={"keystone.immutable": "true"})
        with pytest.raises(NameTaken):
            await change(backend, project, name="taken", particulars={"keystone.immutable": "true"})
        truth = domain.admin.project(project.id)
        assert truth is not None
        assert (truth.name, truth.immutable) == ("a", True)
        domain.admin.edit_project(project.id, options={"immutable": False})

    async def test_somebody_elses_lock_is_not(self, backend: KeystoneBackend, domain: Domain) -> None:
        project = await create(backend)
        domain.admin.edit_project(project.id, options={"immutable": True})
        with pytest.raises(RequestRefused, match='Set resource option "immutable" to false first'):
            await change(backend, await backend.get_project(project.id), name="b")
        truth = domain.admin.project(project.id)
        assert truth is not None
        assert truth.immutable
        domain.admin.edit_project(project.id, options={"immutable": False})


class TestRoles:
    """K7."""

    async def test_ours_come_and_go_and_all_others_stay(self, backend: KeystoneBackend, domain: Domain) -> None:
        admin, project = domain.admin, await create(backend)
        member, reader = admin.role_id("member"), admin.role_id("reader")
        ours, theirs = domain.make_group("ours"), domain.make_group("theirs")
        on = f"projects/{project.id}"
        admin.grant(member, on, group=ours, inherited=True)
        admin.grant(reader, on, group=theirs)
        admin.grant(reader, on, user=domain.manager.id)
        others = admin.assignments(on)
        found = await backend.get_project(project.id, group_ids=frozenset({ours}))
        assert found.content.role_assignments == (RoleAssignment(theirs, reader),)
        wanted = (RoleAssignment(ours, member), RoleAssignment(theirs, reader))
        found = await change(backend, found, role_assignments=wanted)
        assert len(admin.assignments(on)) == len(others) + 1
        await change(backend, found, role_assignments=(RoleAssignment(theirs, reader),))
        assert admin.assignments(on) == others

    async def test_one_that_is_taken_by_somebody_else_meanwhile_is_taken(
        self, backend: KeystoneBackend, domain: Domain
    ) -> None:
        project, group = await create(backend), domain.make_group("g")
        member = domain.admin.role_id("member")
        found = await change(backend, project, role_assignments=(RoleAssignment(group, member),))
        domain.admin.take(member, f"projects/{project.id}", group=group)
        await backend.update_project(
            found, replace(found.content, role_assignments=(), particulars={}), before_send=unchecked
        )

    @pytest.mark.parametrize("missing", ["group", "role"])
    async def test_what_is_missing_is_named(self, backend: KeystoneBackend, domain: Domain, missing: str) -> None:
        project = await create(backend)
        group = NOBODY if missing == "group" else domain.make_group("g")
        role = NOBODY if missing == "role" else domain.admin.role_id("member")
        with pytest.raises(RequestRefused, match=f"Could not find {missing}: {NOBODY}"):
            await change(backend, project, role_assignments=(RoleAssignment(group, role),))

    async def test_a_manager_may_not_hand_over_the_cloud(self, backend: KeystoneBackend, domain: Domain) -> None:
        project, group = await create(backend), domain.make_group("g")
        admin = domain.admin.role_id("admin")
        with pytest.raises(PermissionDenied, match="identity:create_grant"):
            await change(backend, project, role_assignments=(RoleAssignment(group, admin),))
        assert domain.admin.assignments(f"projects/{project.id}") == frozenset()

    async def test_roles_of_the_domain_are_listed_for_who_may_see_them(
        self, connect: Connect, backend: KeystoneBackend, domain: Domain, cloud: Password
    ) -> None:
        special = domain.admin.make_role("special", domain.id)
        assert special not in {one.id for one in await backend.list_roles()}
        assert special in {one.id for one in await (await connect(cloud)).list_roles()}


@pytest.fixture
async def cloudy(connect: Connect, cloud: Password) -> KeystoneBackend:
    """Manages domains too."""
    return await connect(cloud, manage_domains=True)


@pytest.fixture
async def made(cloudy: KeystoneBackend, domain: Domain) -> AsyncIterator[RemoteProject]:
    """A project that is a domain, with our mark."""
    name = f"made-{domain.name}"
    project = await create(cloudy, name, mark=MARK, particulars={"keystone.isDomain": "true"})
    yield project
    if domain.admin.project(project.id) is not None:
        domain.admin.remove_domain(project.id)


class TestDeleting:
    """K8."""

    async def test_a_parent_waits_for_its_children(self, backend: KeystoneBackend) -> None:
        parent = await create(backend, "parent")
        child = await create(backend, "child", parent_id=parent.id)
        with pytest.raises(DeletionBlocked, match=r"1 project \('child'\)"):
            await delete(backend, parent.id)
        await delete(backend, child.id)
        await delete(backend, parent.id)

    async def test_a_domain_comes_and_goes(self, cloudy: KeystoneBackend, made: RemoteProject, domain: Domain) -> None:
        backend = cloudy
        assert made.organization_id == made.id
        assert made.content.mark == MARK
        listed = {one.id: one for one in await backend.list_projects()}
        assert listed[made.id] == made
        made = await change(backend, made, description="ours")
        assert [one.verb for one in backend.plan_delete(made.id)] == ["PATCH", "DELETE"]
        await delete(backend, made.id)
        await delete(backend, made.id)
        assert domain.admin.project(made.id) is None
        with pytest.raises(RequestRefused):
            await delete(backend, domain.id)
        assert domain.admin.project(domain.id) is not None

    async def test_a_domain_never_takes_anything_with_it(
        self, cloudy: KeystoneBackend, made: RemoteProject, domain: Domain
    ) -> None:
        """K8-7: by hand it would, whoever made that. What others have does not count (K5-15)."""
        backend, admin = cloudy, domain.admin
        project = admin.make_project("theirs", made.id)
        group, user = admin.make_group("theirs", made.id), admin.make_user("theirs", "a password", made.id)
        provider, other = (f"/OS-FEDERATION/identity_providers/{name}" for name in ("acme", "umbrella"))
        admin.call("PUT", provider, {"identity_provider": {"domain_id": made.id}})
        admin.call("PUT", other, {"identity_provider": {"domain_id": domain.id}})
        configuration = f"/domains/{made.id}/config"
        admin.call("PUT", configuration, {"config": {"ldap": {"url": "ldap://acme"}}})

        def remove(path: str) -> None:
            admin.call("DELETE", path)

        removals: list[tuple[str, Callable[[], None]]] = [
            ("1 project ('theirs'), 1 group ('theirs'), 1 user ('theirs')", lambda: admin.remove_project(project)),
            ("first: 1 group ('theirs'), 1 user ('theirs')", lambda: admin.remove_group(group)),
            ("first: 1 user ('theirs')", lambda: admin.remove_user(user.id)),
            ("first: 1 identity provider ('acme'), its configuration ('ldap')", lambda: remove(provider)),
            ("first: its configuration ('ldap')", lambda: remove(configuration)),
        ]
        for words, take_away in removals:
            with pytest.raises(DeletionBlocked, match=re.escape(words)):
                await delete(backend, made.id)
            found = admin.project(made.id)
            assert found is not None
            assert found.enabled, "it is as it was"
            take_away()
        await delete(backend, made.id)
        assert admin.project(made.id) is None
        assert admin.call("GET", other)["identity_provider"]["domain_id"] == domain.id

    async def test_that_check_notices_a_backend_that_does_not_look(
        self, cloudy: KeystoneBackend, made: RemoteProject, domain: Domain
    ) -> None:
        """K8-7: Keystone itself prevents nothing."""
        domain.admin.make_user("theirs", "a password", made.id)

        async def believing(_: RemoteProject) -> None:
            pass

        twin: Any = cloudy._deletion
        twin._require_empty = believing
        with noticed(), pytest.raises(DeletionBlocked):
            await delete(cloudy, made.id)
        assert domain.admin.project(made.id) is None, "with the user"

    async def test_a_domain_that_is_not_deleted_after_all_is_enabled_again(
        self, cloudy: KeystoneBackend, made: RemoteProject, domain: Domain
    ) -> None:
        """Somebody enters the moment before it is disabled, and is seen after."""
        backend, admin = cloudy, domain.admin
        late: list[User] = []

        def enter() -> None:
            if not late:
                late.append(admin.make_user("late", "a password", made.id))

        with pytest.raises(DeletionBlocked, match=r"1 user \('late'\)"):
            await backend.delete_project(made.id, before_send=enter)
        found = admin.project(made.id)
        assert found is not None
        assert found.enabled
        admin.remove_user(late[0].id)
        await delete(backend, made.id)

    async def test_who_may_not_see_what_is_in_a_domain_does_not_delete_it(
        self, cloudy: KeystoneBackend, made: RemoteProject, domain: Domain
    ) -> None:
        backend, admin = cloudy, domain.admin
        client: Any = backend._client
        send = client.send

        async def forbidden(request: Any, *args: Any) -> Any:
            if request.asked.operation is Operation.LIST_USERS:
                raise PermissionDenied("list users: not allowed", operation="list_users")
            return await send(request, *args)

        client.send = forbidden  # as a site's policy would
        with pytest.raises(DeletionBlocked, match="cannot be seen: list users"):
            await delete(backend, made.id)
        found = admin.project(made.id)
        assert found is not None
        assert found.enabled
        client.send = send
        await delete(backend, made.id)

    async def test_a_child_of_a_domain_that_a_project_made_is_in_it(
        self, connect: Connect, cloudy: KeystoneBackend, made: RemoteProject, cloud: Password
    ) -> None:
        """K4-4: its domain is told, though nobody names it."""
        backend = cloudy
        child = await create(backend, "child", parent_id=made.id)
        grandchild = await create(backend, "grandchild", parent_id=child.id)
        assert child.organization_id == grandchild.organization_id == made.id
        assert {child.id, grandchild.id} < {one.id for one in await backend.list_projects()}
        fresh = await connect(cloud, manage_domains=True)
        assert await fresh.get_project(grandchild.id) == grandchild
        for one in (grandchild, child, made):
            await delete(fresh, one.id)

    async def test_a_domain_is_nothing_where_they_are_not_managed(
        self, connect: Connect, domain: Domain, cloud: Password
    ) -> None:
        backend = await connect(cloud)
        with pytest.raises(RequestRefused, match="it is a domain"):
            await backend.get_project(domain.id)


async def test_a_short_token_is_replaced_before_it_ends(small_pages: EmbeddedKeystone, paged: Domain) -> None:
    """K3-1: at nine tenths of what the server says, by the server's own clock."""
    del small_pages
    home = Reference(paged.id)
    credential = Password(paged.manager.name, home, paged.manager.password, DomainScope(home))
    config = KeystoneConfig(url=paged.url.removesuffix("/v3"), domain=home, credential=credential)
    backend = open_backend(config, Surroundings(LOOPBACK))
    await backend.connect()
    first = await backend._client.token()
    assert 3590 < first.life <= 3600
    backend._client._tokens._asked_at -= 0.9 * first.life
    await backend.list_projects()
    assert (await backend._client.token()) is not first
    await backend.aclose()
