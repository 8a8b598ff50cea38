"""Make `.venv` hold what a lock file names. Standard library alone: this runs before anything is installed.

    python3 scripts/bootstrap.py [run|dev|mutants|docs|plots]

`run` is what the operator and the sandbox need; `dev` adds what tests and checks need and satisfies `run` too.
`mutants`, `docs` and `plots` are `dev`, and beside it, in `.cache/mutants/packages` for instance, what only that verb
needs.
pip does the fetching, so its configuration, proxies and CA variables are honoured; every archive is checked against
the hash in the lock. Done already is found in milliseconds. Two runs at once: the second waits. An interrupted run
leaves no stamp, so the next one goes on where pip's cache ends.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
STAMP = VENV / "bootstrap.json"
LOCKS = {profile: ROOT / "requirements" / f"{profile}.txt" for profile in ("run", "dev")}
BESIDE = ("mutants", "docs", "plots")
# What an environment holds that no lock names.
UNLOCKED = {"pip", "setuptools", "wheel"}
LAUNCHER = """#!{python}
import sys

from project_operator.cli import main

sys.exit(main())
"""


class BootstrapError(Exception):
    """The environment cannot be made; the message is one line that says what to do."""


@dataclass(frozen=True)
class Installed:
    """What the stamp says `.venv` holds."""

    profile: str
    lock: str
    python: str


def fingerprint(lock: bytes) -> str:
    """Tells one lock file from another."""
    return hashlib.sha256(lock).hexdigest()


def due(wanted: str, installed: Installed | None, locks: dict[str, str], python: str) -> str | None:
    """The profile to install now, or None when `.venv` already satisfies `wanted`.

    `locks` maps profile to fingerprint. An environment that was `dev` stays `dev`.
    """
    if installed is None or installed.python != python:
        return wanted
    target = "dev" if "dev" in (wanted, installed.profile) else "run"
    if installed.profile == target and installed.lock == locks[target]:
        return None
    return target


def names(requirements: str) -> set[str]:
    """The normalised project names (PEP 503) that a requirements file or `pip freeze` pins."""
    found = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*==", requirements, flags=re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def missing_package(python: str) -> str:
    """The one line for a Python that has neither a working venv nor pip."""
    if platform.system() == "Darwin":
        return f"{python} has neither venv nor pip: install a complete Python, for example `brew install python@3.13`"
    if shutil.which("apt-get"):
        return f"{python} has neither venv nor pip: run `apt install python3-venv`, then make again"
    return f"{python} has neither venv nor pip: install your system's package for one of them (often python3-pip)"


def read_stamp() -> Installed | None:
    """What `.venv` holds, or None when that is unknown or its Python no longer starts."""
    try:
        stamp = Installed(**json.loads(STAMP.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return stamp if (VENV / "bin" / "python").exists() else None


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the bootstrap lock; say so when another process has it."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "bootstrap.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another make is preparing .venv; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def say(line: str) -> None:
    print(f"bootstrap: {line}", flush=True)


def works(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def make_venv() -> None:
    """An empty `.venv` with pip in it: by venv, else by a virtualenv that pip puts into the cache."""
    python = str(VENV / "bin" / "python")
    if VENV.exists() and not works(python, "-m", "pip", "--version"):
        shutil.rmtree(VENV)
    if VENV.exists():
        return
    say(f"making .venv with {sys.executable} ({platform.python_version()})")
    if works(sys.executable, "-c", "import ensurepip, venv"):
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        return
    if not works(sys.executable, "-m", "pip", "--version"):
        raise BootstrapError(missing_package(sys.executable))
    say("this Python has no venv; fetching virtualenv into .cache/virtualenv instead")
    tool = CACHE / "virtualenv"
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    lock = str(ROOT / "requirements" / "virtualenv.txt")
    subprocess.run([*pip, "--upgrade", "--require-hashes", "--target", str(tool), "-r", lock], check=True)
    environment = os.environ | {"PYTHONPATH": str(tool)}
    subprocess.run([sys.executable, "-m", "virtualenv", str(VENV)], check=True, env=environment)


def install(profile: str) -> None:
    """Make `.venv` hold exactly what the profile's lock names, and the project itself by path."""
    python = str(VENV / "bin" / "python")
    lock = LOCKS[profile]
    locked = names(lock.read_text())
    say(f"installing up to {len(locked)} packages from requirements/{profile}.txt, each checked against its hash")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "install", "--no-deps", "--require-hashes", "-r", str(lock)], check=True)
    freeze = subprocess.run([*pip, "freeze", "--all"], check=True, capture_output=True, text=True).stdout
    if stale := sorted(names(freeze) - locked - UNLOCKED):
        say(f"removing what the lock no longer names: {', '.join(stale)}")
        subprocess.run([*pip, "uninstall", "--yes", "--quiet", *stale], check=True)
    query = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    purelib = Path(subprocess.run(query, check=True, capture_output=True, text=True).stdout.strip())
    (purelib / "project_operator.pth").write_text(f"{ROOT / 'operator'}\n")
    launcher = VENV / "bin" / "project-operator"
    launcher.write_text(LAUNCHER.format(python=python))
    launcher.chmod(0o755)


def bootstrap(wanted: str) -> None:
    """`.venv` satisfies the profile when this returns; raises BootstrapError or CalledProcessError."""
    python = f"{sys.executable} {platform.python_version()}"
    locks = {profile: fingerprint(lock.read_bytes()) for profile, lock in LOCKS.items()}
    if due(wanted, read_stamp(), locks, python) is None:
        return
    with only_one():
        profile = due(wanted, stamp := read_stamp(), locks, python)
        if profile is None:
            return
        if stamp is not None and stamp.python != python:
            say(f".venv was made with {stamp.python}; making it anew")
            shutil.rmtree(VENV)
        make_venv()
        STAMP.unlink(missing_ok=True)
        install(profile)
        partial = STAMP.with_suffix(".new")
        partial.write_text(json.dumps({"profile": profile, "lock": locks[profile], "python": python}))
        partial.replace(STAMP)
        say(f".venv is ready ({profile})")


def beside(packages: Path, lock: Path) -> None:
    """``packages``, a folder for PYTHONPATH, holds what the lock names when this returns; raises CalledProcessError."""
    stamp = packages / "bootstrap.txt"
    wanted = f"{fingerprint(lock.read_bytes())} {platform.python_version()}"
    with only_one():
        if stamp.exists() and stamp.read_text() == wanted:
            return
        say(f"fetching {lock.relative_to(ROOT)} into {packages.relative_to(ROOT)}")
        shutil.rmtree(packages, ignore_errors=True)
        pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
        options = ["--no-deps", "--require-hashes", "--target", str(packages), "-r", str(lock)]
        subprocess.run([*pip, "install", *options], check=True)
        stamp.write_text(wanted)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make .venv hold what a lock file names.")
    parser.add_argument("profile", nargs="?", choices=sorted({*LOCKS, *BESIDE}), default="dev")
    profile = parser.parse_args().profile
    try:
        bootstrap("dev" if profile in BESIDE else profile)
        if profile in BESIDE:
            beside(CACHE / profile / "packages", ROOT / "requirements" / f"{profile}.txt")
    except BootstrapError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd[:5]))
        print(f"bootstrap: `{command} …` failed; see above, then run make again: it goes on", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
