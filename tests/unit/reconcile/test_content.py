import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.api.v1alpha1.project import ProjectGroup
from project_operator.api.v1alpha1.project_status import AppliedProject, TagStatus
from project_operator.backends.base import Group, ProjectContent, RoleAssignment, Tag
from project_operator.reconcile import content
from project_operator.reconcile.content import (
    MARK_FIELD,
    Wanted,
    applied,
    assigned_by_us,
    assignment_statuses,
    differences,
    initial,
    owning,
    target,
)
from project_operator.reconcile.resolving import resolve_groups

words = st.text("abc", min_size=1, max_size=2)
tags = st.builds(Tag, words, words)
tag_lists = st.lists(tags, max_size=5).map(tuple)
ids = st.lists(words, max_size=5).map(tuple)
roles = st.lists(st.builds(RoleAssignment, words, words), max_size=4, unique=True).map(tuple)
switches = st.none() | st.booleans()
particulars = st.dictionaries(st.sampled_from(["keystone.immutable", "keystone.isDomain"]), words)
contents = st.builds(
    ProjectContent,
    words,
    st.none() | st.text("ab", max_size=2),
    tag_lists,
    ids,
    words,
    st.none() | roles,
    switches,
    st.none() | words,
    particulars,
)
wants = st.builds(
    Wanted,
    words,
    st.none() | st.text("ab", max_size=2),
    st.none() | tag_lists,
    st.none() | ids,
    st.none() | roles,
    switches,
    st.none() | words,
    particulars,
)
ours = st.none() | st.builds(
    lambda own, group_ids, assigned: AppliedProject(
        tags=tuple(TagStatus(name=tag.name, value=tag.value) for tag in own),
        group_ids=group_ids,
        role_assignments=assignment_statuses(assigned),
    ),
    tag_lists,
    ids,
    roles,
)


@given(wants, contents, ours)
def test_a_target_that_was_reached_asks_for_nothing_more(
    want: Wanted, current: ProjectContent, mine: AppliedProject | None
) -> None:
    aim = target(want, current, mine, "mark")
    assert target(want, aim, mine, "mark") == aim
    assert differences(aim, target(want, aim, mine, "mark")) == ()


@given(wants, contents, ours)
def test_what_is_wanted_is_in_the_target(want: Wanted, current: ProjectContent, mine: AppliedProject | None) -> None:
    aim = target(want, current, mine, "mark")
    assert set(want.tags or ()) <= set(aim.tags)
    assert set(want.group_ids or ()) <= set(aim.group_ids)
    assert (aim.name, aim.mark) == (want.name, "mark")


def foreign_entries_stay(want: Wanted, current: ProjectContent, mine: AppliedProject | None) -> None:
    aim = target(want, current, mine, "mark")
    own = {(tag.name, tag.value) for tag in (mine.tags or () if mine else ())}
    foreign = [tag for tag in current.tags if (tag.name, tag.value) not in own]
    assert [tag for tag in aim.tags if tag in foreign][: len(foreign)] == foreign


def ours_that_are_not_wanted_go(want: Wanted, current: ProjectContent, mine: AppliedProject | None) -> None:
    aim = target(want, current, mine, "mark")
    own = {Tag(tag.name, tag.value) for tag in (mine.tags or () if mine else ())}
    assert want.tags is None or not set(aim.tags) & (own - set(want.tags))


@given(wants, contents, ours)
def test_foreign_entries_stay_in_their_order(
    want: Wanted, current: ProjectContent, mine: AppliedProject | None
) -> None:
    foreign_entries_stay(want, current, mine)


@given(wants, contents, ours)
def test_entries_of_ours_that_are_no_longer_wanted_go(
    want: Wanted, current: ProjectContent, mine: AppliedProject | None
) -> None:
    ours_that_are_not_wanted_go(want, current, mine)


def test_merges_with_a_rule_taken_out_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    want = Wanted("web", None, (Tag("a", "1"),), None)
    current = ProjectContent("web", tags=(Tag("mine", "1"), Tag("theirs", "1")))
    mine = AppliedProject(tags=(TagStatus(name="mine", value="1"),))
    monkeypatch.setattr(content, "_merged", lambda _current, wanted, _ours: wanted)
    with pytest.raises(AssertionError):
        foreign_entries_stay(want, current, mine)
    monkeypatch.setattr(content, "_merged", lambda current, wanted, _ours: current + wanted)
    with pytest.raises(AssertionError):
        ours_that_are_not_wanted_go(want, current, mine)


def test_what_is_not_managed_is_left_as_found() -> None:
    current = ProjectContent("web", "theirs", (Tag("a", "1"),), ("g1",), "mark")
    assert target(Wanted("web", None, None, None), current, None, "mark") == current


def test_empty_means_emptied() -> None:
    current = ProjectContent("web", "ours", (Tag("a", "1"),), ("g1",), "mark")
    mine = AppliedProject(tags=(TagStatus(name="a", value="1"),), group_ids=("g1",))
    assert target(Wanted("web", "", (), ()), current, mine, "mark") == ProjectContent("web", "", (), (), "mark")


def test_each_difference_is_named_with_both_sides() -> None:
    found = differences(
        ProjectContent("old", None, (Tag("b", "2"), Tag("a", "1")), ("g2",), ""),
        ProjectContent("new", "shop", (Tag("a", "1"),), ("g2", "g1"), "mark"),
    )
    assert [(one.field, one.desired, one.observed) for one in found] == [
        ("name", "new", "old"),
        ("description", "shop", ""),
        ("tags", "a=1", "a=1, b=2"),
        ("groups", "g1, g2", "g2"),
        (MARK_FIELD, "mark", ""),
    ]


def test_order_and_an_empty_description_are_no_difference() -> None:
    one = ProjectContent("web", "", (Tag("a", "1"), Tag("b", "2")), ("g1", "g2"))
    other = ProjectContent("web", None, (Tag("b", "2"), Tag("a", "1")), ("g2", "g1"))
    assert differences(one, other) == ()


def test_groups_resolve_by_id_or_name_once_each() -> None:
    known = (Group("g1", "dev"), Group("g2", "ops"))
    refs = (ProjectGroup(name="ops"), ProjectGroup(id="g1"), ProjectGroup(id="g2"))
    assert resolve_groups(refs, known) == (("g2", "g1"), ())


def test_groups_that_are_missing_or_ambiguous_are_named_by_their_path() -> None:
    known = (Group("g2", "dev"), Group("g1", "dev"))
    found, unresolved = resolve_groups((ProjectGroup(name="dev"), ProjectGroup(id="g9"), ProjectGroup(id="g1")), known)
    assert found == ("g1",)
    assert [(one.path, one.named, one.candidates) for one in unresolved] == [
        ("spec.groups[0].name", "dev", ("g1", "g2")),
        ("spec.groups[1].id", "g9", ()),
    ]


def test_a_new_project_has_what_is_wanted_and_that_is_ours() -> None:
    want = Wanted("web", None, (Tag("a", "1"),), None)
    assert initial(want, "mark") == ProjectContent("web", None, (Tag("a", "1"),), (), "mark")
    ours_then = applied(want, 3)
    assert (ours_then.tags, ours_then.group_ids, ours_then.generation) == ((TagStatus(name="a", value="1"),), None, 3)


@given(wants, contents, ours)
def test_roles_of_others_stay_and_ours_that_are_not_wanted_go(
    want: Wanted, current: ProjectContent, mine: AppliedProject | None
) -> None:
    aim = target(want, current, mine, "mark")
    if want.role_assignments is None:
        assert aim.role_assignments == current.role_assignments
        return
    own, before = set(assigned_by_us(mine)), set(current.role_assignments or ())
    assert set(aim.role_assignments or ()) == (before - own) | set(want.role_assignments)


@given(wants, contents, ours)
def test_what_is_wanted_is_ours_before_it_is_sent(
    want: Wanted, current: ProjectContent, mine: AppliedProject | None
) -> None:
    during = owning(mine, want)
    assert set(want.role_assignments or ()) | set(assigned_by_us(mine)) == set(assigned_by_us(during))
    aim = target(want, current, mine, "mark")
    assert target(want, aim, during, "mark") == aim


@given(wants, contents, ours)
def test_switch_parent_and_particulars_are_left_where_the_spec_is_silent(
    want: Wanted, current: ProjectContent, mine: AppliedProject | None
) -> None:
    aim = target(want, current, mine, "mark")
    assert aim.enabled == (current.enabled if want.enabled is None else want.enabled)
    assert aim.parent_id == (want.parent_id or current.parent_id)
    assert aim.particulars == want.particulars
    named = {one.field for one in differences(current, aim)}
    assert named & set(current.particulars.keys() - want.particulars.keys()) == set()


def test_each_difference_says_both_sides() -> None:
    current = ProjectContent("web", enabled=True, parent_id="a", particulars={"keystone.immutable": "false"})
    want = Wanted(
        "web",
        None,
        None,
        role_assignments=(RoleAssignment("g1", "r1"),),
        enabled=False,
        parent_id="b",
        particulars={"keystone.immutable": "true"},
    )
    found = {one.field: (one.desired, one.observed) for one in differences(current, target(want, current, None, ""))}
    assert found == {
        "groups": ("g1 has r1", ""),
        "enabled": ("false", "true"),
        "parentID": ("b", "a"),
        "keystone.immutable": ("true", "false"),
    }
