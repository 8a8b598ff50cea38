"""This part has two workers (`run_tests.WORKERS`): here is a group, and where its first test ran is noted."""

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("_", range(6))
def test_a_group_of_tests_stays_on_one_worker(_: int, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    note = (folder if worker_id == "master" else folder.parent) / "worker-of-the-group"
    if not note.exists():
        note.write_text(worker_id, encoding="utf-8")
    assert note.read_text(encoding="utf-8") == worker_id
