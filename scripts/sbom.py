"""Write the bill of materials of the operator's image, in CycloneDX: each package of requirements/image.txt, with the
hashes that its archive may have. For `make sbom` and the release; what is in the base image it does not say.

    sbom.py [FILE]    dist/sbom.cdx.json, unless said otherwise
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import bootstrap

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "image.txt"
TOOL = ROOT / "requirements" / "sbom.txt"
PACKAGES = ROOT / ".cache" / "sbom" / "packages"
VERSION_FILE = ROOT / "operator" / "project_operator" / "__init__.py"


def released_version(source: str) -> str:
    """The version that the package's `__init__.py` states."""
    (version,) = re.findall(r'^__version__ = "([^"]+)"$', source, flags=re.MULTILINE)
    return str(version)


def pinned(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and SHA-256 hashes of each package in a lock file, by name."""
    entries = re.split(r"\n(?=\S)", lock.strip())
    heads = (re.match(r"([A-Za-z0-9._-]+)==(\S+)", entry) for entry in entries)
    return {
        head[1]: (head[2], frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)))
        for head, entry in zip(heads, entries, strict=True)
        if head is not None
    }


def listed(document: dict[str, Any]) -> dict[str, tuple[str, frozenset[str]]]:
    """The same of a bill of materials."""
    return {
        one["name"]: (
            one["version"],
            frozenset(
                digest["content"]
                for reference in one.get("externalReferences", ())
                for digest in reference.get("hashes", ())
                if digest["alg"] == "SHA-256"
            ),
        )
        for one in document["components"]
    }


def finished(document: dict[str, Any], version: str) -> dict[str, Any]:
    """The tool's document with our version, the image's dependencies as ours, and without the lock's lines as prose."""
    root = document["metadata"]["component"] | {"version": version, "purl": f"pkg:pypi/project-operator@{version}"}
    components = [{key: one[key] for key in one if key != "description"} for one in document["components"]]
    known = {one["bom-ref"] for one in components}
    of_ours = {"ref": root["bom-ref"], "dependsOn": sorted(known)}
    return document | {
        "metadata": document["metadata"] | {"component": root},
        "components": components,
        "dependencies": [of_ours, *(one for one in document["dependencies"] if one["ref"] in known)],
    }


def generated() -> dict[str, Any]:
    """What cyclonedx-py says of the lock, the same each time."""
    bootstrap.beside(PACKAGES, TOOL)
    command = [
        # It misses what `finished` adds.
        *(sys.executable, "-W", "ignore:The Component this BOM is describing:UserWarning"),
        *("-m", "cyclonedx_py", "requirements", str(LOCK)),
        *("--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"),
        *("--output-reproducible", "--spec-version", "1.6"),
    ]
    environment = os.environ | {"PYTHONPATH": str(PACKAGES)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "sbom.cdx.json"
    document = finished(generated(), released_version(VERSION_FILE.read_text(encoding="utf-8")))
    if listed(document) != pinned(LOCK.read_text(encoding="utf-8")):
        print(f"sbom: the bill of materials and {LOCK.relative_to(ROOT)} differ", file=sys.stderr)
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{path}: {len(document['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
