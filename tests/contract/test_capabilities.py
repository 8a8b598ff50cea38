"""What the table of capabilities names is run: each test, with each backend in whose column it stands."""

import pytest

import capabilities


def test_every_proof_that_the_table_names_is_a_test_of_this_run(collected: frozenset[str]) -> None:
    """As far as the run goes: of a file that was not asked for nothing is known."""
    names = {name.removeprefix(f"{capabilities.SUITE}/") for name in collected}
    asked = {name.partition("[")[0] for name in names}
    proofs = [proof for proof in capabilities.proofs() if proof.partition("[")[0] in asked]
    missing = [proof for proof in proofs if not is_among(proof, names)]
    assert missing == [], "with these backends the tests do not run: say in the candidate's `remarks` what is otherwise"


def is_among(proof: str, names: set[str]) -> bool:
    """Whether a test is one of these, with the parameters that it names, whatever others there are."""
    test, bracket, parameters = proof.partition("[")
    if not bracket:
        return any(name.partition("[")[0] == test for name in names)
    wanted = f"-{parameters.removesuffix(']')}-"
    return any(
        name.partition("[")[0] == test and wanted in f"-{name.partition('[')[2].removesuffix(']')}-" for name in names
    )


@pytest.mark.parametrize(
    ("proof", "is_there"),
    [
        ("test_a.py::test_b[x]", True),
        ("test_a.py::test_b[x-1]", True),
        ("test_a.py::test_b[1-more]", True),
        ("test_a.py::test_c", True),
        ("test_a.py::test_b[y]", False),
        ("test_a.py::test_b[x-10]", False),
        ("test_a.py::test_d", False),
    ],
)
def test_that_check_notices(proof: str, *, is_there: bool) -> None:
    names = {"test_a.py::test_b[x-1-more]", "test_a.py::test_b[xx]", "test_a.py::test_c"}
    assert is_among(proof, names) is is_there
