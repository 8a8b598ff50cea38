"""The ownership mark."""

from hypothesis import given
from hypothesis import strategies as st

from project_operator.api.marks import MARK_LENGTH, ORPHANED, Mark, cluster_digest, cluster_name

UID = "0f8fad5b-d9cb-469f-a165-70867728950e"
MARK = Mark.of(cluster_id="cluster", namespace="team", name="web", namespace_uid="ns-uid", uid=UID)


def test_never_changes_its_form() -> None:
    assert str(MARK) == f"iproj1:164cf1ca8391532e:a5cb1ff62f8ed32c:09edc2cf:{UID}"


@given(st.text(), st.text(), st.text(), st.text())
def test_is_one_ascii_token_of_fixed_length(cluster: str, namespace: str, name: str, namespace_uid: str) -> None:
    token = str(Mark.of(cluster_id=cluster, namespace=namespace, name=name, namespace_uid=namespace_uid, uid=UID))
    assert len(token) == MARK_LENGTH
    assert token.isascii()
    assert not any(character.isspace() for character in token)


def test_reads_back() -> None:
    assert Mark.parse(str(MARK)) == MARK


def test_every_part_tells_objects_apart() -> None:
    facts = {"cluster_id": "c", "namespace": "n", "name": "p", "namespace_uid": "u", "uid": UID}
    marks = {str(Mark.of(**facts | {fact: "other"})) for fact in facts} | {str(Mark.of(**facts))}
    assert len(marks) == len(facts) + 1


def test_is_the_whole_token_or_nothing() -> None:
    token = str(MARK)
    for almost in (
        "",
        ORPHANED,
        token[:-1],
        token + "0",
        f" {token}",
        f"{token}\n",
        token.upper(),
        token.replace("iproj1", "iproj2"),
    ):
        assert Mark.parse(almost) is None


def test_a_cluster_can_be_called_by_what_its_marks_say_of_it() -> None:
    token = str(Mark.of(cluster_id="production", namespace="a", name="b", namespace_uid="n", uid=UID))
    assert cluster_digest(cluster_name(token)) == cluster_digest("production")
    assert cluster_name("orphaned") == ""
    # Anything else is a name like any other.
    assert cluster_digest("sha256:0123") != "0123"
