import subprocess
import sys
from pathlib import Path

from project_operator.sandbox.demo import janitor


def test_he_removes_what_is_ours_once_we_are_gone_and_nothing_else(tmp_path: Path) -> None:
    for name in ("demo-7-a", "demo-7-b", "demo-77-c", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    command = [sys.executable, "-I", "-S", str(janitor.__file__), str(tmp_path), "demo-7-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert len(list(tmp_path.iterdir())) == 4
        process.stdin.close()
        assert process.wait(30) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo-77-c", "other"]
