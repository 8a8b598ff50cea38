"""What the release workflow asks of the sources. Standard library alone, for a machine that has nothing installed.

release.py check VERSION        the package, the image and the chart all have this version, and the changelog too
release.py set VERSION          they get it, but for the changelog, which a person writes
release.py actions              each action of the workflows is what its own repository has under its version
release.py pin NAME@DIGEST      the chart runs this image, whatever its tag comes to name, and says so where it names
                                it; its README links to the pages of this version
"""

import posixpath
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = ".github/workflows"
CHART = "deploy/charts/project-operator"
VERSIONS = {
    "operator/project_operator/__init__.py": r'^__version__ = "([^"]+)"$',
    "deploy/image/Dockerfile": r"^ARG VERSION=(\S+)$",
    f"{CHART}/Chart.yaml": r"^version: (\S+)$",
    "CHANGELOG.md": r"^## \[?(\d[^\] ]*)",
}
APP_VERSION = r'^appVersion: "([^"]+)"$'
MIRROR = "# The image of this release. Where it is mirrored, registry and repository say so; the digest stays."
LINK = re.compile(r"\]\((?!\w+:|#)([^)\s]+)\)")
USES = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(/[\w./-]+)?@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d[\w.+-]*)")
REGISTRY = "ghcr.io"
"""Where the workflow pushes, under the name of the repository at GitHub."""
IMAGE = re.compile(r"(?P<registry>[^/@]+)/(?P<repository>[^@]+)@(?P<digest>sha256:[0-9a-f]{64})")


def differences(root: Path, version: str) -> list[str]:
    """The places that state another version, or none."""
    found = []
    for path, pattern in (*VERSIONS.items(), (f"{CHART}/Chart.yaml", APP_VERSION)):
        match = re.search(pattern, (root / path).read_text(encoding="utf-8"), flags=re.MULTILINE)
        if match is None or match[1] != version:
            found.append(f"{path} has {match[1] if match else 'no version'}, the tag has {version}")
    return found


def with_version(root: Path, version: str) -> dict[str, str]:
    """The files that state a version, by path, with this one; not the changelog. Raises ValueError where it is none."""
    if not re.fullmatch(r"\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?", version):
        raise ValueError(f"'{version}' must be X.Y.Z, or X.Y.Z-rc.N")
    texts: dict[str, str] = {}
    for path, pattern in (*VERSIONS.items(), (f"{CHART}/Chart.yaml", APP_VERSION)):
        if path != "CHANGELOG.md":
            text = texts.get(path) or (root / path).read_text(encoding="utf-8")
            found = re.search(pattern, text, flags=re.MULTILINE)
            if found is None:
                raise ValueError(f"{path} has no version")
            texts[path] = text[: found.start(1)] + version + text[found.end(1) :]
    return texts


def foreign(workflow: str, ask: Callable[[str, str], str]) -> list[str]:
    """The actions of a workflow whose commit is not the one that their own repository has under the version beside it.

    That a commit is found says nothing: GitHub finds those of every fork under the name of the repository itself.
    ``ask`` has a repository and a tag, and gives what `git ls-remote` says of them.
    """
    found = []
    for used in re.findall(r"uses: (.+)", workflow):
        named = USES.fullmatch(used.strip())
        if named is None:
            found.append(f"'{used.strip()}' must be OWNER/REPOSITORY@COMMIT # VERSION")
            continue
        lines = (line.split("\t") for line in ask(named["repository"], named["version"]).splitlines())
        commits = {ref: commit for commit, ref in lines}
        tag = f"refs/tags/{named['version']}"
        # Of a tag that is an object of its own, the second is the commit.
        there = commits.get(f"{tag}^{{}}", commits.get(tag))
        if there != named["commit"]:
            found.append(f"{named['repository']} {named['version']} is {there or 'not there'}, not {named['commit']}")
    return found


def ls_remote(repository: str, tag: str) -> str:
    """What GitHub says of a tag. Raises subprocess.CalledProcessError where it says nothing."""
    command = ["git", "ls-remote", "--tags", f"https://github.com/{repository}", tag, f"{tag}^{{}}"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout


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


def pinned(files: Mapping[str, str], image: str) -> dict[str, str]:
    """The chart's `values.yaml`, `Chart.yaml` and `README.md`, by name, with this image, from where it is released, and
    with links to the pages of this version, of which the package has none.

    Raises ValueError where the image or a file is not as expected.
    """
    values = with_image(files["values.yaml"], image)
    registry, _, rest = image.partition("/")
    repository, _, digest = rest.partition("@")
    if registry != REGISTRY:
        raise ValueError(f"'{image}' must be {REGISTRY}/OWNER/REPOSITORY@sha256:…: the links follow from it")
    chart = files["Chart.yaml"]
    version = (re.search(APP_VERSION, chart, flags=re.MULTILINE) or ["", ""])[1]
    released = f"oci://{registry}/{repository.split('/')[0]}/charts/project-operator --version {version}"
    readme = files["README.md"]
    for key, value in {"registry": registry, "repository": repository, "digest": digest}.items():
        readme = _replaced(readme, rf'(?m)^(\| `image\.{key}` \| string \| )`"[^`]*"`', rf'\g<1>`"{value}"`')
    readme = _replaced(readme, r" --set image\.registry=\S+", "")
    return {
        "values.yaml": _replaced(values, r"(?m)^# No image is published yet:.*(?=\nimage:$)", MIRROR),
        "Chart.yaml": _replaced(
            chart, r"(?m)^(    - name: project-operator\n      image:) .*$", rf"\1 {named(image, version)}"
        ),
        "README.md": linked(
            _replaced(readme, rf"(--install project-operator) {CHART}", rf"\1 {released}"),
            f"https://github.com/{repository}/blob/v{version}",
        ),
    }


def linked(readme: str, tree: str) -> str:
    """With every link that goes from the chart's folder into the repository made absolute, below ``tree``.

    Raises ValueError where one leads out of the repository, or there is none.
    """

    def absolute(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(CHART, link[1]))
        if path.startswith(".."):
            raise ValueError(f"the README links to {link[1]}, which must be in the repository")
        return f"]({tree}/{path})"

    changed, count = LINK.subn(absolute, readme)
    if not count:
        raise ValueError("the README must link to pages of the repository")
    return changed


def named(image: str, version: str) -> str:
    """The reference that the chart's pods have: with the tag, and the digest that decides."""
    name, _, digest = image.partition("@")
    return f"{name}:{version}@{digest}"


def _replaced(text: str, pattern: str, by: str) -> str:
    """With the one place that matches replaced."""
    changed, count = re.subn(pattern, by, text)
    if count != 1:
        raise ValueError(f"the chart must have one place like {pattern}, and has {count}")
    return changed


def main() -> int:
    match sys.argv[1:]:
        case ["check", version]:
            found = differences(ROOT, version)
            print("\n".join(found) or f"everything has version {version}")
            return 1 if found else 0
        case ["set", version]:
            for path, text in with_version(ROOT, version).items():
                (ROOT / path).write_text(text, encoding="utf-8")
            print("now: make generate, and a heading in CHANGELOG.md")
            return 0
        case ["actions"]:
            texts = (path.read_text(encoding="utf-8") for path in sorted((ROOT / WORKFLOWS).glob("*.yaml")))
            foreigners = [line for text in texts for line in foreign(text, ls_remote)]
            print("\n".join(foreigners) or "every action is what its repository has under its version")
            return 1 if foreigners else 0
        case ["pin", image]:
            paths = {name: ROOT / CHART / name for name in ("values.yaml", "Chart.yaml", "README.md")}
            files = {name: path.read_text(encoding="utf-8") for name, path in paths.items()}
            for name, text in pinned(files, image).items():
                paths[name].write_text(text, encoding="utf-8")
            return 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
