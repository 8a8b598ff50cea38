"""The version of what is built here: that of the tag. Asked by hatchling; standard library alone.

A source archive knows its own. In a clone the latest tag `vX.Y.Z` says it: on that commit it is X.Y.Z, later it is
X.Y.(Z+1).devN+gCOMMIT, with `.dirty` where something is not committed. Without git or tags it is the one that the
sources state, which `release.py` holds to the tag.
"""

import re
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
STATED: Final = "operator/project_operator/__init__.py"
DESCRIBED: Final = re.compile(r"v(\d+)\.(\d+)\.(\d+)(?:-(alpha|beta|rc)\.(\d+))?-(\d+)-g([0-9a-f]+)(-dirty)?")
PHASES: Final = {"alpha": "a", "beta": "b", "rc": "rc"}
"""Of a version that comes before another: `v1.2.3-rc.1`, as PEP 440 writes it."""


def version(root: Path = ROOT) -> str:
    """As PEP 440 writes it. Raises ValueError where the sources state none."""
    return archived(root) or tagged(root) or stated(root)


def archived(root: Path) -> str | None:
    """What a source archive says of itself."""
    path = root / "PKG-INFO"
    found = re.search(r"^Version: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE) if path.is_file() else None
    return found[1] if found else None


def tagged(root: Path) -> str | None:
    """What git says of a clone, or None where it knows of no tag. One in which ``root`` merely lies does not count."""
    if not (root / ".git").exists():
        return None
    command = ["git", "describe", "--tags", "--long", "--dirty", "--abbrev=8", "--match", "v[0-9]*.[0-9]*.[0-9]*"]
    try:
        done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    except OSError:
        return None
    return described(done.stdout.strip()) if done.returncode == 0 else None


def described(said: str) -> str | None:
    """What `git describe --long --dirty` says, as a version; None where its tag is no version."""
    found = DESCRIBED.fullmatch(said)
    if found is None:
        return None
    major, minor, patch, phase, number, distance, commit, dirty = found.groups()
    before = f"{PHASES[phase]}{number}" if phase else ""
    if distance == "0" and not dirty:
        return f"{major}.{minor}.{patch}{before}"
    following = f"{patch}{PHASES[phase]}{int(number) + 1}" if phase else str(int(patch) + 1)
    return f"{major}.{minor}.{following}.dev{distance}+g{commit}{'.dirty' if dirty else ''}"


def stated(root: Path) -> str:
    """What the sources say."""
    text = (root / STATED).read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise ValueError(f"{STATED} must state `__version__`")
    return found[1]
