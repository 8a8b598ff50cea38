"""Creating a project, and what it may be called; rows are of docs/backends/otc.md."""

from dataclasses import replace

from candidates.otc import OTCCandidate
from middlebox import Middlebox
from otc_facts import OURS, Open, built_in, made, really, sent
from troubles import failing

from project_operator.api.v1alpha1.otc import RegionPrefix
from project_operator.backends.base import Backend, ProjectContent
from project_operator.errors import (
    NameTaken,
    RequestRefused,
)


class TestCreation:
    async def test_what_is_sent(self, backend: Backend, box: Middlebox, iam: OTCCandidate) -> None:
        """T1-1, T1-9, T1-14, T1-15, T8-1, T8-3, T8-4."""
        await made(backend, ProjectContent("ours", "what it is for", mark="iproj1:1"))
        assert sent(box) == {
            "name": "eu-de_ours",
            "domain_id": iam.organization_id,
            "parent_id": built_in(iam, "eu-de"),
            "description": "what it is for iproj1:1",
        }

    async def test_a_parent_of_its_own_is_sent_instead(
        self, backend: Backend, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T1-15."""
        parent_id = iam.make(ProjectContent("above"))
        project = await backend.create_project(replace(OURS, parent_id=parent_id), before_send=lambda: None)
        assert sent(box)["parent_id"] == parent_id
        assert project.content.parent_id == really(iam, project.id).parent_id == parent_id

    async def test_the_regions_project_is_looked_up_once(self, backend: Backend, box: Middlebox) -> None:
        """T8-4."""
        for number in range(3):
            await made(backend, ProjectContent(f"ours-{number}"))
        assert len(box.requests) == 3

    async def test_a_name_that_differs_in_case_alone_may_be_taken(self, backend: Backend, iam: OTCCandidate) -> None:
        """T1-11."""
        iam.make(ProjectContent("Taken"))
        await failing(made(backend, ProjectContent("taken")), NameTaken, iam.secrets)

    async def test_it_is_never_suspended_by_its_creation(self, backend: Backend, iam: OTCCandidate) -> None:
        """T1-6, T8-5: that follows as an update, and the plan says so."""
        content = replace(OURS, enabled=False)
        plan = backend.plan_create(content)
        assert [(step.verb, step.target) for step in plan] == [
            ("POST", "/v3/projects"),
            ("PUT", "/v3-ext/projects/{id}"),
        ]
        project = await backend.create_project(content, before_send=lambda: None)
        assert project.content.enabled
        assert really(iam, project.id).status == "normal"


class TestNames:
    async def test_where_they_are_checked_they_are_sent_and_shown_as_they_are(
        self, opened: Open, box: Middlebox, iam: OTCCandidate
    ) -> None:
        """T1-9, T8-3."""
        backend = await opened(RegionPrefix.CHECK)
        project = await backend.create_project(ProjectContent("eu-de_ours"), before_send=lambda: None)
        assert sent(box)["name"] == project.content.name == "eu-de_ours"
        (listed,) = await backend.list_projects()
        assert listed.content.name == "eu-de_ours"
        await failing(made(backend, ProjectContent("ours")), RequestRefused, iam.secrets)

    async def test_the_same_project_has_its_name_in_either_way(self, opened: Open, iam: OTCCandidate) -> None:
        """T8-3."""
        iam.make(ProjectContent("ours"))
        for prefix, name in ((RegionPrefix.CHECK, "eu-de_ours"), (RegionPrefix.PREPEND, "ours")):
            (project,) = await (await opened(prefix)).list_projects()
            assert project.content.name == name

    async def test_the_prefix_stays_through_a_rename(self, backend: Backend, box: Middlebox, iam: OTCCandidate) -> None:
        """T1-5, T1-12."""
        project = await backend.get_project(await made(backend))
        wanted = replace(project.content, name="renamed")
        await backend.update_project(project, wanted, before_send=lambda: None)
        assert box.writes[-1].method == "PATCH"
        assert sent(box) == {"name": "eu-de_renamed"}
        assert really(iam, project.id).name == "eu-de_renamed"

    async def test_another_prefix_is_refused_in_words_that_say_nothing(self, opened: Open, iam: OTCCandidate) -> None:
        """T1-12: why names are checked before any call."""
        backend = await opened(RegionPrefix.CHECK)
        project = await backend.get_project(iam.make(ProjectContent("ours")))
        wanted = replace(project.content, name="eu-nl_ours")
        error = await failing(
            backend.update_project(project, wanted, before_send=lambda: None), RequestRefused, iam.secrets
        )
        assert str(error).endswith("null")
