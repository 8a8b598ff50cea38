import pytest

from project_operator.backends.nscale.organizations import resolve_organization
from project_operator.backends.nscale.payloads import Organization
from project_operator.errors import ConnectionRefused

RED, BLUE, OTHER_RED = Organization("1", "red"), Organization("2", "blue"), Organization("3", "red")
ALL = (RED, BLUE, OTHER_RED)


@pytest.mark.parametrize(
    ("visible", "organization_id", "name", "found"),
    [
        (ALL, "3", "", OTHER_RED),
        (ALL, "", "blue", BLUE),
        ((RED,), "", "", RED),
        ((RED,), "1", "", RED),
    ],
)
def test_the_one_that_is_meant(
    visible: tuple[Organization, ...], organization_id: str, name: str, found: Organization
) -> None:
    assert resolve_organization(visible, organization_id, name) is found


@pytest.mark.parametrize(
    ("visible", "organization_id", "name", "words"),
    [
        ((), "", "", "the credential sees no organization"),
        (ALL, "", "", "the credential sees 3 organizations; choose one by its id; it sees red (1), blue (2), red (3)"),
        (ALL, "9", "", "the credential sees no organization with the id '9'; it sees red (1), blue (2), red (3)"),
        (ALL, "", "green", "the credential sees no organization called 'green'; it sees red (1), blue (2), red (3)"),
        (
            ALL,
            "",
            "red",
            "the credential sees 2 organizations called 'red'; choose one by its id; it sees red (1), red (3)",
        ),
        (
            (RED, BLUE, OTHER_RED, BLUE),
            "",
            "",
            "the credential sees 4 organizations; choose one by its id; it sees red (1), blue (2), red (3), …",
        ),
    ],
)
def test_none_or_several_is_for_a_person_to_decide(
    visible: tuple[Organization, ...], organization_id: str, name: str, words: str
) -> None:
    with pytest.raises(ConnectionRefused) as raised:
        resolve_organization(visible, organization_id, name)
    assert str(raised.value) == words
    assert raised.value.field == "spec.nscale.organization"
