import pytest
from candidates import CANDIDATES

import capabilities
from project_operator.backends.registry import shipped


def test_every_backend_of_the_operator_is_a_candidate() -> None:
    assert set(CANDIDATES) == {vendor.key for vendor in shipped()}


def test_the_page_is_what_the_tests_are() -> None:
    assert not capabilities.complaints()


def test_a_test_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "HELD", "test_fields.py::test_what_is_not_there")
    found = capabilities.complaints()
    assert any("test_what_is_not_there, which does not exist" in line for line in found)
    assert any("capabilities.md is not what the tests are" in line for line in found)


def test_every_cell_names_a_test() -> None:
    cells = [cell for line in capabilities.render().splitlines() for cell in line.split(" | ")[1:]]
    proofs = [cell for cell in cells if "test_" in cell]
    rest = {cell.strip(" |") for cell in cells} - {cell.strip(" |") for cell in proofs}
    titles = {candidate.vendor.title for candidate in CANDIDATES.values()}
    assert rest == {*titles, "---", "the operator's own affair, whatever the backend"}
    assert len(proofs) > len(CANDIDATES) * 40
