"""Build a program from the Go module proxy, as a pinned go.mod and go.sum say."""

import os
import queue
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.report import Report, duration
from project_operator.sandbox.controlplane.versions import Module, Version

_FLAGS = "-mod=readonly -modcacherw -trimpath -buildvcs=false"
# What a developer's shell may set that would build something else than is pinned.
_DROPPED = ("GOOS", "GOARCH", "GOARM64", "GOAMD64", "GOROOT", "GOEXPERIMENT", "GO111MODULE", "GODEBUG", "GOBIN")
_PACKAGE = re.compile(r"[\w.~-]+(/[\w.~-]+)*")
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")


def environment(outer: Mapping[str, str], cache: Cache) -> dict[str, str]:
    """The environment of every go command: GOPROXY, GONOSUMDB, proxies and CA variables stay as the user has them."""
    kept = {name: value for name, value in outer.items() if name not in _DROPPED}
    return kept | {
        "CGO_ENABLED": "0",
        "GOCACHE": str(cache.go / "build"),
        "GOFLAGS": _FLAGS,
        "GOMODCACHE": str(cache.go / "mod"),
        "GOPATH": str(cache.go),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def kubernetes_ldflags(version: Version) -> str:
    """Linker flags that make /version and --version tell the release, as Kubernetes' own build does."""
    facts = {
        "gitVersion": f"v{version}",
        "gitMajor": str(version.major),
        "gitMinor": str(version.minor),
        "gitTreeState": "archive",
    }
    return "-s -w " + " ".join(
        f"-X {package}.{name}={value}" for package in _VERSION_PACKAGES for name, value in facts.items()
    )


@dataclass
class Tally:
    """What `go build -v` has said so far."""

    downloaded: int = 0
    compiled: int = 0
    other: deque[str] = field(default_factory=lambda: deque(maxlen=30))

    def read(self, line: str) -> None:
        """Count one line of standard error."""
        text = line.strip()
        if text.startswith("go: downloading "):
            self.downloaded += 1
        elif _PACKAGE.fullmatch(text):
            self.compiled += 1
        elif text:
            self.other.append(text)

    def __str__(self) -> str:
        return f"{self.downloaded} modules fetched, {self.compiled} packages compiled"


@dataclass(frozen=True)
class GoBuild:
    """The go command and the cache it works in."""

    go: Path
    cache: Cache
    report: Report

    def build(self, module: Module, package: str, program: Path, *, ldflags: str = "-s -w") -> None:
        """Build `package` as the module pins it into the file `program`. Raises SandboxError with Go's last words."""
        started = time.monotonic()
        tally = Tally()
        command = [str(self.go), "build", "-v", "-ldflags", ldflags, "-o", str(program), package]
        with subprocess.Popen(
            command,
            cwd=module.folder,
            env=environment(os.environ, self.cache),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                for line in _lines(process):
                    tally.read(line)
                    self.report.progress(f"{program.name}: {tally}, {duration(time.monotonic() - started)}")
            except BaseException:
                process.terminate()
                raise
        if (returncode := process.returncode) != 0:
            said = "\n    ".join(tally.other) or "nothing"
            raise SandboxError(f"`go build {package}` failed ({returncode}); it said:\n    {said}")
        self.report.say(f"    {program.name}: {tally}, {duration(time.monotonic() - started)}")


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """Lines of the process's standard error; an empty one each second of silence (linking is silent)."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stderr or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, name="go-build-output", daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            yield ""
            continue
        if line is None:
            return
        yield line
