"""What the release workflow asks of the sources. Standard library alone, for a machine that has nothing installed.

release.py check VERSION        the package, the image and the chart all have this version, and the changelog too
release.py pin NAME@DIGEST      the chart runs this image, whatever its tag comes to name
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHART = "deploy/charts/project-operator"
VERSIONS = {
    "operator/project_operator/__init__.py": r'^__version__ = "([^"]+)"$',
    "deploy/image/Dockerfile": r"^ARG VERSION=(\S+)$",
    f"{CHART}/Chart.yaml": r"^version: (\S+)$",
    "CHANGELOG.md": r"^## \[?(\d[^\] ]*)",
}
APP_VERSION = r'^appVersion: "([^"]+)"$'
IMAGE = re.compile(r"(?P<registry>[^/@]+)/(?P<repository>[^@]+)@(?P<digest>sha256:[0-9a-f]{64})")


def differences(root: Path, version: str) -> list[str]:
    """The places that state another version, or none."""
    found = []
    for path, pattern in (*VERSIONS.items(), (f"{CHART}/Chart.yaml", APP_VERSION)):
        match = re.search(pattern, (root / path).read_text(encoding="utf-8"), flags=re.MULTILINE)
        if match is None or match[1] != version:
            found.append(f"{path} has {match[1] if match else 'no version'}, the tag has {version}")
    return found


def with_image(values: str, image: str) -> str:
    """The chart's values with this image. Raises ValueError where the image or the values are not as expected."""
    named = IMAGE.fullmatch(image)
    if named is None:
        raise ValueError(f"'{image}' must be REGISTRY/REPOSITORY@sha256:…")
    head, mark, rest = values.partition("\nimage:\n")
    block, end, tail = rest.partition("\n\n")
    for key, value in named.groupdict().items():
        block, count = re.subn(rf"(?m)^(  {key}:) .*$", rf'\1 "{value}"', block)
        if not mark or count != 1:
            raise ValueError(f"the values must have one image.{key}")
    return head + mark + block + end + tail


def main() -> int:
    match sys.argv[1:]:
        case ["check", version]:
            found = differences(ROOT, version)
            print("\n".join(found) or f"everything has version {version}")
            return 1 if found else 0
        case ["pin", image]:
            path = ROOT / CHART / "values.yaml"
            path.write_text(with_image(path.read_text(encoding="utf-8"), image), encoding="utf-8")
            return 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
