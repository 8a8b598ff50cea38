import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.api.marks import Mark
from project_operator.api.names import MARK_TAG
from project_operator.backends.base import Group, HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject, Tag
from project_operator.backends.documents import each_item
from project_operator.backends.nscale.payloads import (
    CONFLICTING_MARKS,
    item_to_project,
    read_error,
    read_groups,
    read_organizations,
    read_project,
    read_version,
    write_project,
)

MARK = str(
    Mark.of(cluster_id="c", namespace="n", name="p", namespace_uid="u", uid="5f3c0b2e-0d5c-4b7e-9d53-0a7a5e1b2c3d")
)
ID = "a142f641-7fd6-4ab9-a875-344c7ebadc53"
ORGANIZATION = "d4600d6e-e965-4b44-a808-84fb2fa36702"


def document(*, spec: Any = None, without: tuple[str, ...] = (), **metadata: Any) -> dict[str, Any]:
    known = {
        "id": ID,
        "name": "my-project",
        "organizationId": ORGANIZATION,
        "creationTime": "2024-05-31T14:11:00Z",
        "provisioningStatus": "provisioned",
        "healthStatus": "healthy",
        **metadata,
    }
    return {
        "metadata": {name: value for name, value in known.items() if name not in without},
        "spec": {"groupIDs": ["g"]} if spec is None else spec,
    }


def read(**changes: Any) -> RemoteProject | None:
    return read_project(json.dumps(document(**changes)).encode())


def one(**changes: Any) -> RemoteProject:
    project = read(**changes)
    assert project is not None
    return project


class TestReading:
    def test_a_whole_project(self) -> None:
        assert one(
            description="what for",
            tags=[{"name": "team", "value": "x"}, {"name": MARK_TAG, "value": MARK}],
            createdBy="someone",
            modifiedTime="2024-06-01T00:00:00Z",
            modifiedBy="someone else",
            deletionTime="2024-06-02T00:00:00+02:00",
            provisioningStatus="deprovisioning",
            provisioningStatusDetail={"reason": "Deprovisioning", "message": "on its way"},
        ) == RemoteProject(
            id=ID,
            organization_id=ORGANIZATION,
            content=ProjectContent("my-project", "what for", (Tag("team", "x"),), ("g",), MARK),
            provisioning_status=ProvisioningStatus.DEPROVISIONING,
            health_status=HealthStatus.HEALTHY,
            raw_status={
                "provisioningStatus": "deprovisioning",
                "provisioningStatusDetail.reason": "Deprovisioning",
                "provisioningStatusDetail.message": "on its way",
                "healthStatus": "healthy",
            },
            creation_time=datetime(2024, 5, 31, 14, 11, tzinfo=UTC),
            created_by="someone",
            modified_time=datetime(2024, 6, 1, tzinfo=UTC),
            modified_by="someone else",
            deletion_time=datetime(2024, 6, 1, 22, tzinfo=UTC),
        )

    def test_a_project_without_anything_optional(self) -> None:
        project = one(spec={"groupIDs": []})
        assert project.content == ProjectContent("my-project")
        assert (project.created_by, project.modified_by) == ("", "")
        assert project.modified_time is None
        assert not project.deleting

    def test_a_description_that_is_empty_is_not_one_that_is_absent(self) -> None:
        assert one(description="").content.description == ""
        assert one().content.description is None

    def test_what_a_newer_server_adds_is_ignored(self) -> None:
        assert one(favouriteColour="blue", spec={"groupIDs": [], "pause": True}).content == ProjectContent("my-project")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("creationTime", "yesterday"),
            ("creationTime", 17),
            ("creationTime", None),
            ("creationTime", "2024-05-31T14:11:00"),
            ("modifiedTime", "0000-00-00"),
            ("createdBy", 5),
            ("provisioningStatus", None),
            ("provisioningStatus", {"phase": "x"}),
            ("healthStatus", []),
            ("provisioningStatusDetail", "x"),
            ("healthStatusDetail", {"reason": 5}),
        ],
    )
    def test_what_nothing_depends_on_may_be_odd(self, field: str, value: Any) -> None:
        assert one(**{field: value}).id == ID
        assert read(without=(field,)) is not None

    @pytest.mark.parametrize(
        "changes",
        [
            {"without": ("id",)},
            {"id": ""},
            {"id": ".."},
            {"id": "a/b"},
            {"id": 5},
            {"without": ("name",)},
            {"name": None},
            {"without": ("organizationId",)},
            {"description": 5},
            {"tags": "x"},
            {"tags": [{"name": "x"}]},
            {"tags": [{"name": "x", "value": 5}]},
            {"deletionTime": "soon"},
            {"deletionTime": 5},
            {"spec": {}},
            {"spec": {"groupIDs": "g"}},
            {"spec": {"groupIDs": [5]}},
            {"spec": []},
        ],
    )
    def test_what_something_depends_on_must_be_right(self, changes: dict[str, Any]) -> None:
        assert read(**changes) is None

    def test_lists_that_go_wrote_as_null_are_empty(self) -> None:
        assert one(tags=None, spec={"groupIDs": None}).content == ProjectContent("my-project")

    def test_raw_words_are_short_and_printable(self) -> None:
        raw = one(provisioningStatus="x\n" * 1000, healthStatus="").raw_status
        assert set(raw) == {"provisioningStatus"}
        assert len(raw["provisioningStatus"]) == 256
        assert "\n" not in raw["provisioningStatus"]

    def test_go_writes_nanoseconds(self) -> None:
        assert one(creationTime="2024-05-31T14:11:00.123456789Z").creation_time == datetime(
            2024, 5, 31, 14, 11, 0, 123456, tzinfo=UTC
        )


class TestMark:
    def test_foreign_tags_stay_and_the_mark_goes(self) -> None:
        tags = [
            {"name": "terraform.nscale.com/1", "value": ""},
            {"name": MARK_TAG, "value": MARK},
            {"name": "a", "value": "b"},
            {"name": "a", "value": "b"},
        ]
        content = one(tags=tags).content
        assert content.mark == MARK
        assert content.tags == (Tag("terraform.nscale.com/1", ""), Tag("a", "b"), Tag("a", "b"))

    def test_the_same_mark_twice_is_that_mark(self) -> None:
        assert one(tags=[{"name": MARK_TAG, "value": MARK}] * 2).content.mark == MARK

    def test_different_marks_are_nobodys(self) -> None:
        content = one(tags=[{"name": MARK_TAG, "value": value} for value in (MARK, "orphaned")]).content
        assert content.mark == CONFLICTING_MARKS
        assert Mark.parse(content.mark) is None
        assert content.tags == ()


class TestWriting:
    def test_the_whole_content_with_the_mark_last(self) -> None:
        content = ProjectContent("größe", "", (Tag("b", "ü"), Tag("a", "")), ("g2", "g1"), MARK)
        assert json.loads(write_project(content)) == {
            "metadata": {
                "name": "größe",
                "description": "",
                "tags": [{"name": "b", "value": "ü"}, {"name": "a", "value": ""}, {"name": MARK_TAG, "value": MARK}],
            },
            "spec": {"groupIDs": ["g2", "g1"]},
        }

    def test_what_is_absent_is_left_out_but_group_ids(self) -> None:
        assert json.loads(write_project(ProjectContent("a"))) == {"metadata": {"name": "a"}, "spec": {"groupIDs": []}}

    @given(
        name=st.text(),
        description=st.none() | st.text(),
        tags=st.lists(st.builds(Tag, st.text(), st.text())).map(
            lambda tags: tuple(tag for tag in tags if tag.name != MARK_TAG)
        ),
        group_ids=st.lists(st.text()).map(tuple),
        mark=st.sampled_from(["", MARK, "orphaned"]),
    )
    def test_what_is_written_is_what_is_read_back(
        self, name: str, description: str | None, tags: tuple[Tag, ...], group_ids: tuple[str, ...], mark: str
    ) -> None:
        content = ProjectContent(name, description, tags, group_ids, mark)
        body = json.loads(write_project(content))
        body["metadata"] |= {"id": ID, "organizationId": ORGANIZATION}
        project = read_project(json.dumps(body).encode())
        assert project is not None
        assert project.content == content


class TestLists:
    def test_items_are_read_one_by_one(self) -> None:
        items = each_item(json.dumps([document(), {"not": "a project"}]).encode())
        assert [item_to_project(item) is not None for item in items] == [True, False]

    def test_groups_of_others_are_left_out(self) -> None:
        groups = [
            {"metadata": {"id": "1", "name": "a", "organizationId": ORGANIZATION}, "spec": {"roleIDs": []}},
            {"metadata": {"id": "2", "name": "a", "organizationId": "another"}},
        ]
        assert read_groups(json.dumps(groups).encode(), ORGANIZATION) == (Group("1", "a"),)
        assert read_groups(b'[{"metadata": {"id": "1"}}]', ORGANIZATION) is None

    def test_organizations_need_an_id_alone(self) -> None:
        organizations = read_organizations(b'[{"metadata": {"id": "1", "name": "a"}}, {"metadata": {"id": "2"}}]')
        assert organizations is not None
        assert [(organization.id, organization.name) for organization in organizations] == [("1", "a"), ("2", "")]
        assert read_organizations(b"{}") is None

    def test_the_version_is_a_word_or_nothing(self) -> None:
        assert read_version(b'{"name": "identity", "version": "1.18.0"}') == "1.18.0"
        assert read_version(b'{"version": 5}') == ""
        assert read_version(b"") == ""


class TestErrors:
    def test_nscales_document(self) -> None:
        error = read_error(
            b'{"error": "not_found", "error_description": "x", "trace_id": "0af7651916cd43dd", "more": 1}'
        )
        assert error is not None
        assert (error.code, error.message, error.request_id) == ("not_found", "x", "0af7651916cd43dd")

    @pytest.mark.parametrize("trace", [5, None, "", "not hex\n", "a" * 65, {}])
    def test_a_trace_that_is_none_is_left_out(self, trace: Any) -> None:
        error = read_error(json.dumps({"error": "x", "error_description": "x", "trace_id": trace}).encode())
        assert error is not None
        assert error.request_id == ""

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>not_found</html>",
            b'"not_found"',
            b'{"error": "not_found"}',
            b'{"error": "Not Found", "error_description": "x"}',
            b'{"error": {"code": 404}, "error_description": "x"}',
            b'{"error": "not_found", "error_description": "x"',
        ],
    )
    def test_everything_else_is_not(self, body: bytes) -> None:
        assert read_error(body) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)
ODD_METADATA = st.dictionaries(
    st.sampled_from(
        [
            *("id", "name", "organizationId", "description", "tags", "creationTime", "createdBy", "deletionTime"),
            *("provisioningStatus", "healthStatus", "provisioningStatusDetail", "modifiedTime", "error", "version"),
        ]
    ),
    JSON,
)
ODD_BODIES = st.one_of(
    st.binary(),
    JSON.map(lambda value: json.dumps(value).encode()),
    ODD_METADATA.map(lambda value: json.dumps(value).encode()),
    st.builds(
        lambda metadata, spec: json.dumps([{"metadata": document()["metadata"] | metadata, "spec": spec}]).encode(),
        ODD_METADATA,
        st.fixed_dictionaries({}, optional={"groupIDs": JSON}),
    ),
    st.builds(lambda cut: json.dumps([document()]).encode()[:cut], st.integers(min_value=0, max_value=200)),
)


@given(ODD_BODIES)
def test_no_body_breaks_a_reader(body: bytes) -> None:
    for project in (read_project(body), read_project(body[1:-1])):
        assert project is None or project.id
    with suppress(ValueError):
        for item in each_item(body):
            item_to_project(item)
    read_error(body)
    read_groups(body, ORGANIZATION)
    read_organizations(body)
    assert isinstance(read_version(body), str)


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":' * 100_000, b"[" + b"9" * 1_000_000 + b"]", b'{"metadata": {"id": "' + b"x" * 1_000_000],
    ids=["lists", "objects", "number", "text"],
)
def test_bodies_made_to_hurt_do_not(body: bytes) -> None:
    assert read_project(body) is None
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        list(each_item(body))
    assert read_error(body) is None
