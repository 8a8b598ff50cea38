"""Which projects are people's to manage."""

import json

import pytest

from project_operator.backends.csp.payloads import Sight, read_sight
from project_operator.backends.csp.sights import Sights


def a_sight(project_id: str, kind: str = "CUSTOM", vrn: str = "") -> Sight:
    document = {"id": project_id, "displayName": "a", "type": kind or None, "vrn": vrn}
    sight = read_sight(json.dumps(document).encode(), "o")
    assert sight is not None
    return sight


def knowing(default_id: str) -> Sights:
    sights = Sights()
    sights.default_id = default_id
    return sights


@pytest.mark.parametrize(
    ("default_id", "project_id", "kind", "words"),
    [
        ("d", "p", "CUSTOM", ""),
        ("", "p", "CUSTOM", ""),
        ("d", "p", "", ""),
        ("d", "p", "SYSTEM", "it is of the type SYSTEM"),
        ("d", "p", "ORG_DEFAULT", "it is of the type ORG_DEFAULT"),
        ("d", "p", "custom", "it is of the type custom"),
        ("", "p", "", "its type is not told, and it may be the organization's default project"),
        ("d", "d", "", "it is the organization's default project"),
        ("d", "d", "CUSTOM", "it is the organization's default project"),
        ("d", "d", "ORG_DEFAULT", "it is the organization's default project"),
    ],
)
def test_what_is_managed(default_id: str, project_id: str, kind: str, words: str) -> None:
    sights, sight = knowing(default_id), a_sight(project_id, kind)
    why = sights.why_not(sight)
    assert why.startswith(words) if words else why == ""
    assert bool(sights.replace([sight])) is (words == "")
    assert sights.of(project_id) is sight, "it is seen all the same"


def test_a_list_replaces_what_was_seen() -> None:
    sights = knowing("d")
    sights.saw(a_sight("old"))
    sights.replace([a_sight("new")])
    assert sights.of("old") is None
    sights.lost("new")
    sights.lost("new")
    assert sights.of("new") is None


def test_who_shares_a_vrn_is_found_whoever_it_is() -> None:
    sights = knowing("d")
    sights.replace([a_sight("a", vrn="v"), a_sight("b", "SYSTEM", vrn="v"), a_sight("c", vrn="w"), a_sight("e")])
    assert sights.sharing_vrn("a", "v") == ("b",)
    assert sights.sharing_vrn("c", "w") == ()
