import fcntl
import io
import threading
from pathlib import Path

import pytest

from project_operator.sandbox.controlplane.cache import Cache, cache_root
from project_operator.sandbox.controlplane.platforms import Platform
from project_operator.sandbox.controlplane.report import Report


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", Platform("linux", "amd64"))


def test_a_clone_keeps_its_cache_to_itself(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert cache_root(tmp_path / "operator" / "project_operator", {}, Path("/home/me")) == tmp_path / ".cache"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "/home/me/.cache/project-operator"),
        ({"XDG_CACHE_HOME": ""}, "/home/me/.cache/project-operator"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/project-operator"),
        ({"XDG_CACHE_HOME": "/xdg", "PROJECT_OPERATOR_CACHE": "/chosen"}, "/chosen"),
    ],
)
def test_an_installed_package_uses_the_cache_of_the_user(environ: dict[str, str], expected: str) -> None:
    package = Path("/usr/lib/python3/site-packages/project_operator")
    assert cache_root(package, environ, Path("/home/me")) == Path(expected)


def test_a_folder_appears_whole_or_not_at_all(cache: Cache) -> None:
    target = cache.root / "a" / "b"
    interrupted = cache.filling(target)
    (interrupted.__enter__() / "half").touch()
    assert not interrupted.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not target.exists()
    with cache.filling(target) as partial:
        (partial / "whole").touch()
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["whole"]
    assert [path.name for path in target.parent.iterdir()] == ["b"]


def test_what_a_killed_process_left_is_removed(cache: Cache) -> None:
    target = cache.root / "a" / "b"
    killed = cache.filling(target)
    (killed.__enter__() / "half").touch()
    with cache.filling(target) as partial:
        (partial / "whole").touch()
    assert [path.name for path in target.iterdir()] == ["whole"]
    assert [path.name for path in target.parent.iterdir()] == ["b"]


def test_a_file_appears_whole_or_not_at_all(cache: Cache) -> None:
    target = cache.root / "folder" / "etcd"
    interrupted = cache.making(target)
    interrupted.__enter__().write_text("half")
    assert not interrupted.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not target.exists()
    with cache.making(target) as partial:
        assert partial.name == "etcd"
        partial.write_text("whole")
    assert target.read_text() == "whole"
    assert [path.name for path in target.parent.iterdir()] == ["etcd"]


def test_a_published_program_is_replaced_in_one_step(cache: Cache, tmp_path: Path) -> None:
    for version in ("one", "two"):
        program = tmp_path / version
        program.write_text(version)
        link = cache.publish(program, "kubectl")
        assert link.read_text() == version
    assert [path.name for path in cache.bin.iterdir()] == ["kubectl"]


def test_the_second_process_waits_and_says_so(cache: Cache) -> None:
    stream, inside = io.StringIO(), threading.Event()

    def second() -> None:
        with cache.lock(Report(stream)):
            inside.set()

    cache.root.mkdir()
    with (cache.root / "controlplane.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        thread = threading.Thread(target=second)
        thread.start()
        while "waiting for it" not in stream.getvalue():
            assert thread.is_alive()
        assert not inside.is_set()
        fcntl.flock(held, fcntl.LOCK_UN)
        assert inside.wait(30)
    thread.join()
