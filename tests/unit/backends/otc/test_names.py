"""Names and their region: no two names mean one project, and none means another region's."""

from hypothesis import given
from hypothesis import strategies as st

from project_operator.api.v1alpha1.otc import RegionPrefix
from project_operator.backends.otc.names import RegionNames

CHECK = RegionNames("eu-de")
PREPEND = RegionNames("eu-de", RegionPrefix.PREPEND)
NAMES = st.text(st.sampled_from("eu-deEN_l09"), min_size=1, max_size=12)


@given(NAMES)
def test_what_is_written_is_shown_again(name: str) -> None:
    assert PREPEND.shown(PREPEND.written(name)) == name
    assert CHECK.shown(CHECK.written(f"eu-de_{name}")) == f"eu-de_{name}"


@given(NAMES, NAMES)
def test_two_names_are_two_projects(one: str, other: str) -> None:
    assert (PREPEND.written(one) == PREPEND.written(other)) is (one == other)


@given(NAMES)
def test_both_ways_show_the_same_projects(wire: str) -> None:
    ours = wire.startswith("eu-de_") and len(wire) > len("eu-de_")
    assert (PREPEND.shown(wire) is not None) is (CHECK.shown(wire) is not None) is ours


def test_a_region_is_none_of_its_projects() -> None:
    for wire in ("eu-de", "eu-de_", "eu-nl_team", "EU-DE_team", "MOS", "eu-de-2_team"):
        assert CHECK.shown(wire) is None
        assert PREPEND.shown(wire) is None
