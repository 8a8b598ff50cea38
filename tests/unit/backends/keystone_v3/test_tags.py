import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.api.marks import ORPHANED
from project_operator.backends.base import Tag
from project_operator.backends.keystone_v3.tags import CONFLICTING_MARKS, MarkInTag, parse_tag, wire_tag

MARK = "iproj1:0123456789abcdef:0123456789abcdef:01234567:00000000-0000-0000-0000-000000000000"
OTHER_MARK = MARK.replace("01234567:", "89abcdef:")
PLACE = MarkInTag()


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("a=b", Tag("a", "b")),
        ("a", Tag("a", "")),
        ("a=b=c", Tag("a", "b=c")),
        ("a=", Tag("a=", "")),
        ("=b", Tag("=b", "")),
        ("=", Tag("=", "")),
        (" a = b ", Tag(" a ", " b ")),
        ("größe=ß", Tag("größe", "ß")),
    ],
)
def test_a_tag_is_a_name_and_a_value(text: str, tag: Tag) -> None:
    assert parse_tag(text) == tag
    assert wire_tag(tag) == text


@given(st.text(min_size=1))
def test_reading_loses_nothing(text: str) -> None:
    assert wire_tag(parse_tag(text)) == text


@given(st.text(min_size=1).filter(lambda name: "=" not in name), st.text())
def test_writing_loses_nothing_of_what_a_spec_may_hold(name: str, value: str) -> None:
    assert parse_tag(wire_tag(Tag(name, value))) == Tag(name, value)


@pytest.mark.parametrize(
    ("marks", "mark"),
    [
        ((), ""),
        ((MARK,), MARK),
        (("iproj1:orphaned",), ORPHANED),
        (("iproj1:anything",), "iproj1:anything"),
        ((MARK, OTHER_MARK), CONFLICTING_MARKS),
        ((MARK, "iproj1:orphaned"), CONFLICTING_MARKS),
    ],
)
def test_the_mark_is_a_tag_that_is_the_token(marks: tuple[str, ...], mark: str) -> None:
    assert PLACE.read("text", ("a=b", *marks)) == ("text", (Tag("a", "b"),), mark)


@pytest.mark.parametrize("mark", ["", MARK, ORPHANED, "iproj1:anything"])
def test_a_mark_that_was_read_is_written_as_it_was(mark: str) -> None:
    _, words = PLACE.write(None, (), mark)
    assert PLACE.read(None, words) == (None, (), mark)


def test_a_conflict_ends_when_a_mark_is_written() -> None:
    _, tags, _ = PLACE.read(None, (MARK, OTHER_MARK, "a"))
    assert PLACE.write(None, tags, MARK) == (None, ("a", MARK))


def test_no_tag_is_written_twice() -> None:
    assert PLACE.write(None, (Tag("a", ""), Tag("a", "")), "") == (None, ("a",))


def test_tags_are_read_in_one_order_for_keystone_keeps_none() -> None:
    one, two = (MarkInTag().read("", order) for order in (("b=1", "a=2"), ("a=2", "b=1")))
    assert one == two
