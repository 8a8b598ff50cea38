"""The official archive, against a server of our own: the real one cannot be counted on in a test."""

import hashlib
import io
import socket
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import envtest
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.decisions import Skip
from project_operator.sandbox.controlplane.platforms import SUPPORTED, Platform
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.versions import Version, kubernetes_series

LINUX = Platform("linux", "amd64")


def archive_bytes() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as members:
        for name in ("etcd", "kube-apiserver", "kubectl", "../../escape"):
            content = f"#!/bin/sh\necho {name}\n".encode()
            member = tarfile.TarInfo(f"controller-tools/envtest/{name}")
            member.size = len(content)
            members.addfile(member, io.BytesIO(content))
    return packed.getvalue()


PACKED = archive_bytes()
RIGHT = envtest.Archive(Version(1, 37, 0), LINUX, hashlib.sha512(PACKED).hexdigest())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path == f"/base/{RIGHT.path}"
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(PACKED if known else b"not here")

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def base_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/base"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", LINUX)


def fetch(archive: envtest.Archive, base_url: str, cache: Cache) -> Path | Skip:
    return envtest.fetch(archive, base_url, cache, Report(io.StringIO()))


@pytest.mark.parametrize("series", kubernetes_series())
@pytest.mark.parametrize("platform", SUPPORTED)
def test_a_sum_is_committed_for_each_pinned_minor_on_each_platform(series: str, platform: str) -> None:
    archive = envtest.committed(series, Platform(*platform.split("-")))
    assert archive is not None
    assert archive.version.series == series
    assert len(bytes.fromhex(archive.sha512)) == 64


def test_without_a_sum_there_is_no_archive() -> None:
    assert envtest.committed("1.20", LINUX) is None


def test_the_programs_are_unpacked_and_nothing_else(base_url: str, cache: Cache) -> None:
    folder = fetch(RIGHT, f"{base_url}/", cache)
    assert isinstance(folder, Path)
    assert {path.name for path in folder.iterdir()} == set(envtest.PROGRAMS)
    assert all(path.stat().st_mode & 0o111 for path in folder.iterdir())
    assert [path.name for path in cache.root.iterdir()] == ["envtest"]


def test_an_archive_with_another_sum_is_never_unpacked(base_url: str, cache: Cache) -> None:
    wrong = envtest.Archive(RIGHT.version, LINUX, "00" * 64)
    with pytest.raises(SandboxError, match="do not use it; set ENVTEST_BASE_URL"):
        fetch(wrong, base_url, cache)
    assert not cache.root.exists()


def test_an_archive_that_is_not_there_is_passed_over(base_url: str, cache: Cache) -> None:
    found = fetch(envtest.Archive(Version(1, 36, 0), LINUX, RIGHT.sha512), base_url, cache)
    assert isinstance(found, Skip)
    assert "answered 404" in found.why


def test_a_server_that_cannot_be_reached_is_passed_over(cache: Cache) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        found = fetch(RIGHT, f"http://127.0.0.1:{closed.getsockname()[1]}", cache)
    assert isinstance(found, Skip)
    assert "no answer from 127.0.0.1" in found.why
