import pytest
from candidates import CANDIDATES, Remark

import capabilities
from project_operator.backends.registry import shipped


def test_every_backend_of_the_operator_is_a_candidate() -> None:
    assert set(CANDIDATES) == {vendor.key for vendor in shipped()}


def test_every_test_is_there_and_every_remark_is_on_a_row() -> None:
    assert not capabilities.complaints()


def test_a_test_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "HELD", "test_fields.py::test_what_is_not_there")
    assert any("test_what_is_not_there, which does not exist" in line for line in capabilities.complaints())


def test_a_remark_on_no_row_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CANDIDATES["nscale"], "remarks", {"test_create.py::test_nothing": Remark("otherwise")})
    assert any("nscale remarks on test_create.py::test_nothing" in line for line in capabilities.complaints())


def test_every_cell_names_a_test() -> None:
    rows = [line.strip("| ").split(" | ") for line in capabilities.page().splitlines() if line.startswith("| ")]
    titles = [candidate.vendor.title for candidate in CANDIDATES.values()]
    bodies = [cells for cells in rows if cells[1:] != titles and set(cells) != {"---"}]
    assert all(len(cells) == len(CANDIDATES) + 1 for cells in bodies)
    assert [cell for cells in bodies for cell in cells[1:] if "::test_" not in cell] == []
    assert len(bodies) > 60
