import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.api.marks import MARK_LENGTH, ORPHANED, Mark
from project_operator.backends import marked_description
from project_operator.backends.marked_description import CONFLICTING_MARKS, ROOM, read, write

MARK = str(
    Mark.of(cluster_id="c", namespace="n", name="a", namespace_uid="u", uid="01234567-89ab-4def-8123-456789abcdef")
)
OTHER = MARK.replace("c", "d")
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30).filter(lambda text: "iproj1:" not in text)


@given(TEXTS, st.sampled_from([MARK, ORPHANED, "", "iproj1:"]))
def test_what_is_written_is_read_back(text: str, mark: str) -> None:
    assert read(write(text, mark)) == (text or None, mark)


@given(TEXTS)
def test_a_description_without_a_mark_stays_as_it_is(text: str) -> None:
    assert read(text) == (text or None, "")


def test_the_mark_takes_just_its_room() -> None:
    assert ROOM == MARK_LENGTH + 1 == len(write("x", MARK)) - 1


def test_there_is_one_form() -> None:
    assert write("text", MARK) == f"text {MARK}"
    assert write(None, MARK) == write("", MARK) == MARK
    assert write("text", ORPHANED) == "text iproj1:orphaned"
    assert write(None, "") == ""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{MARK} behind", "behind"),
        (f"before {MARK} behind", "before behind"),
        (f"before\n{MARK}\nbehind", "before\nbehind"),
        (f"  {MARK}", " "),
        (f"{MARK}\n", None),
        (f"twice {MARK} {MARK}", "twice"),
    ],
)
def test_wherever_people_leave_it_it_is_found(text: str, left: str | None) -> None:
    assert read(text) == (left, MARK)


@pytest.mark.parametrize(
    "word", [MARK[:-1], f"{MARK}x", f"{MARK}.", "iproj1:", "iproj1:orphaned!", MARK.upper().replace("IPROJ1", "iproj1")]
)
def test_a_damaged_one_is_a_mark_of_nobody(word: str) -> None:
    text, mark = read(f"text {word}")
    assert text == "text"
    assert mark == word
    assert mark != MARK


def test_several_are_nobodys() -> None:
    assert read(f"{OTHER} text {MARK}") == ("text", CONFLICTING_MARKS)
    assert read(f"text iproj1:orphaned {MARK}") == ("text", CONFLICTING_MARKS)


@pytest.mark.parametrize("text", [f"x{MARK}", f"({MARK})", "IPROJ1:orphaned", "xiproj1:"])
def test_what_is_no_word_of_its_own_is_text(text: str) -> None:
    assert read(text) == (text, "")


def test_a_twin_that_looks_at_the_end_alone_is_noticed() -> None:
    def at_the_end(text: str) -> tuple[str | None, str]:
        before, _, last = text.rpartition(" ")
        return (before or None, last) if last.startswith("iproj1:") else (text, "")

    assert at_the_end(f"before {MARK} behind") != marked_description.read(f"before {MARK} behind")
