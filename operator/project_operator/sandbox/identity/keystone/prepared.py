"""The packages of the real Keystone, and a database with keys and a first administrator: made once, kept in the cache.

pip fetches the packages, so that its configuration, proxies and CA variables hold, and checks each against its hash in
`packages.txt`. They lie in a folder of their own, which the Python we run on imports alone (``-S`` and PYTHONPATH):
that is an environment as good as any and needs neither venv nor virtualenv. Both steps take their place by a rename,
so that an interrupted one leaves nothing half-made; pip's cache spares the next attempt what was fetched already.
"""

import grp
import hashlib
import os
import pwd
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.report import Report, duration
from project_operator.sandbox.identity.keystone.configuration import DATABASE, KEYSTONE_CONF, keystone_conf
from project_operator.sandbox.identity.keystone.settings import KeystoneSettings

PACKAGES: Final = Path(__file__).with_name("packages.txt")
"""The lock: every package with its version and hashes."""
PASSWORD: Final = "admin-password"  # noqa: S105 - the name of a file
_RECIPE: Final = "1"
"""Changes with what is put into the database and how."""
_MANAGE: Final = "from keystone.cmd.manage import main; main()"
_LAST_WORDS: Final = 300


@dataclass(frozen=True)
class Prepared:
    """Everything that a start needs."""

    packages: Path
    """The folder to import Keystone from."""
    state: Path
    """Database and keys, to be copied."""
    admin_password: str = field(repr=False)
    """Password of the user ``admin`` in the domain ``default``."""


def prepare(cache: Cache, report: Report) -> Prepared:
    """What is in the cache, made now where it is not. Raises SandboxError, which says what to do."""
    folder = cache.keystone(_digest(cache))
    packages, state = folder / "packages", folder / "state"
    if not (packages.exists() and state.exists()):
        with cache.lock(report, "Keystone"):
            if not packages.exists():
                _install(cache, packages, report)
            if not state.exists():
                _initialize(cache, packages, state, report)
    return Prepared(packages, state, (state / PASSWORD).read_text(encoding="ascii"))


def python(*arguments: str) -> list[str]:
    """A command that runs Python with Keystone's packages alone; for the `environment` of these."""
    return [sys.executable, "-S", *arguments]


def environment(packages: Path, outside: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment of Keystone: what is ``outside`` without what would configure it, or another Python.

    ``folder`` is where it finds its configuration.
    """
    kept = {name: value for name, value in outside.items() if not name.startswith(("OS_", "PYTHON", "GUNICORN_"))}
    return kept | {
        "PYTHONPATH": str(packages),
        "PYTHONWARNINGS": "ignore",  # of packages that we did not choose
        "OS_KEYSTONE_CONFIG_DIR": str(folder),
        "XDG_CACHE_HOME": str(packages.parent),  # where it remembers what plug-ins the packages have
    }


def _digest(cache: Cache) -> str:
    """Another lock, Python, platform or recipe is another folder."""
    told = (_RECIPE, PACKAGES.read_text(encoding="utf-8"), sys.version, str(cache.platform))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _install(cache: Cache, packages: Path, report: Report) -> None:
    if find_spec("pip") is None:
        raise SandboxError(f"the real Keystone is installed by pip, and {sys.executable} has none: install pip into it")
    count = PACKAGES.read_text(encoding="utf-8").count("==")
    report.say(f"Keystone: fetching {count} packages with pip, each checked against its hash; 190 MB once unpacked")
    began = time.monotonic()
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
    with cache.filling(packages) as partial:
        _run(
            [*command, *options, "--target", str(partial), "--requirement", str(PACKAGES)],
            os.environ,
            "pip did not bring the packages of Keystone; see that it reaches a Python package index, then run this "
            "again: it goes on where pip's cache ends",
        )
    report.say(f"Keystone: packages installed after {duration(time.monotonic() - began)}")


def _initialize(cache: Cache, packages: Path, state: Path, report: Report) -> None:
    """What an administrator does with a new Keystone: schema, keys, bootstrap."""
    began = time.monotonic()
    password = secrets.token_urlsafe(24)
    with cache.filling(state) as partial:
        partial.chmod(0o700)
        (partial / KEYSTONE_CONF).write_text(keystone_conf(partial, KeystoneSettings()), encoding="utf-8")
        (partial / PASSWORD).write_text(password, encoding="ascii")
        environ = environment(packages, os.environ, partial) | {"OS_BOOTSTRAP_PASSWORD": password}
        for said, arguments in (
            ("making the database", ("db_sync",)),
            ("making keys for tokens", ("fernet_setup", *_owner())),
            ("making keys for credentials", ("credential_setup", *_owner())),
            ("making the first administrator", ("bootstrap",)),
        ):
            report.say(f"Keystone: {said}")
            config = ("--config-file", str(partial / KEYSTONE_CONF))
            _run(
                python("-c", _MANAGE, *config, *arguments),
                environ,
                f"keystone-manage {arguments[0]} failed; remove {packages.parent} and run this again",
            )
        (partial / KEYSTONE_CONF).unlink()
        if not (partial / DATABASE).exists():
            raise SandboxError(f"keystone-manage made no {DATABASE}; remove {packages.parent} and run this again")
    report.say(f"Keystone: ready to be started, after {duration(time.monotonic() - began)}")


def _owner() -> tuple[str, ...]:
    """Root must say whom the keys belong to."""
    if os.geteuid() != 0:
        return ()
    return ("--keystone-user", pwd.getpwuid(0).pw_name, "--keystone-group", grp.getgrgid(os.getegid()).gr_name)


def _run(command: list[str], environ: Mapping[str, str], wrong: str) -> None:
    """Run to the end. Raises SandboxError with ``wrong`` and the program's last words."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environ)
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines() or [f"status {done.returncode}"]
        raise SandboxError(f"{wrong}. It said: {words[-1][-_LAST_WORDS:]}")
