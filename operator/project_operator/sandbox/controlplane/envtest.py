"""The official envtest archive: etcd, kube-apiserver and kubectl, built by the Kubernetes project.

Fetched only against the SHA-512 sums in envtest.json, which are those of the release index that
kubernetes-sigs/controller-tools publishes (envtest-releases.yaml). An archive with another sum is not unpacked.
"""

import hashlib
import json
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.decisions import Skip
from project_operator.sandbox.controlplane.platforms import Platform
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.versions import Version

BASE_URL = "https://github.com/kubernetes-sigs/controller-tools/releases/download"
PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
_CONNECT_WITHIN = 3.0
_READ_WITHIN = 60.0


@dataclass(frozen=True)
class Archive:
    """One archive: its version, its platform, and the SHA-512 it must have."""

    version: Version
    platform: Platform
    sha512: str

    @property
    def path(self) -> str:
        """The path below the base URL."""
        return f"envtest-v{self.version}/envtest-v{self.version}-{self.platform}.tar.gz"


def committed(series: str, platform: Platform) -> Archive | None:
    """The archive for a Kubernetes minor whose sum is committed here."""
    sums = json.loads(Path(__file__).with_name("envtest.json").read_text(encoding="utf-8"))
    entry = sums.get(series, {"sha512": {}})
    digest = entry["sha512"].get(str(platform))
    return Archive(Version.parse(entry["version"]), platform, digest) if digest else None


def fetch(archive: Archive, base_url: str, cache: Cache, report: Report) -> Path | Skip:
    """The folder with the archive's programs. Skip when it cannot be reached.

    Raises SandboxError when what came is not what the sum says: that is never passed over.
    """
    target = cache.archive(archive.version)
    if target.exists():
        return target
    url = f"{base_url.rstrip('/')}/{archive.path}"
    with tempfile.TemporaryFile() as received:
        digest = hashlib.sha512()
        timeout = httpx.Timeout(_READ_WITHIN, connect=_CONNECT_WITHIN)
        try:
            with httpx.stream("GET", url, follow_redirects=True, timeout=timeout) as answer:
                if answer.status_code != httpx.codes.OK:
                    return Skip(f"{url} answered {answer.status_code}")
                size = int(answer.headers.get("content-length", 0))
                for chunk in answer.iter_bytes(1 << 20):
                    received.write(chunk)
                    digest.update(chunk)
                    report.progress(f"envtest archive: {received.tell() >> 20} of {size >> 20} MiB")
        except httpx.HTTPError as error:
            return Skip(f"no answer from {urlsplit(url).hostname} ({type(error).__name__}; 3 s to connect)")
        if digest.hexdigest() != archive.sha512:
            raise SandboxError(
                f"{url} has SHA-512 {digest.hexdigest()[:16]}… and {archive.sha512[:16]}… is committed: "
                "do not use it; set ENVTEST_BASE_URL to a mirror that serves the official file"
            )
        received.seek(0)
        with cache.filling(target) as partial, tarfile.open(fileobj=received, mode="r:gz") as members:
            _unpack(members, partial)
    return target


def _unpack(members: tarfile.TarFile, folder: Path) -> None:
    """The programs out of the archive, by name; whatever else it holds stays out."""
    for member in members:
        name = Path(member.name).name
        content = members.extractfile(member) if member.isfile() and name in PROGRAMS else None
        if content is not None:
            with (folder / name).open("wb") as program:
                while chunk := content.read(1 << 20):
                    program.write(chunk)
            (folder / name).chmod(0o755)
