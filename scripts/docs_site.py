"""Build the site of the documentation, by mkdocs-material and by its successor, both as strictly as they can.

    docs_site.py [--gather]     to .cache/docs/site; with --gather only the pages, to .cache/docs/pages

Pages lie where they are read in the repository: beside the code, in `docs`, with the runbooks and the chart. Here they
are gathered under the paths that `mkdocs.yml` has, and their links are made to fit. A file that is linked to and is no
page, an example for instance, goes along under `files/`.
"""

import argparse
import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

import check_docs

ROOT: Final = check_docs.ROOT
FOLDER: Final = ROOT / ".cache" / "docs"
PACKAGES: Final = FOLDER / "packages"
MERMAID: Final = "mmdc/assets/mermaid.js"
"""In the packages: draws the diagrams, so that a page asks no other site for it."""
ELSEWHERE: Final = re.compile(rb"""<(?:script|link|img)[^>]+(?:src|href)=["']?(?:https?:)?//[^"'> ]+""")
MOVED: Final = {
    "docs/README.md": "index.md",
    "docs/adr/README.md": "adr/index.md",
    "deploy/examples/README.md": "examples/index.md",
    "deploy/charts/project-operator/README.md": "reference/chart-values.md",
    "crds/README.md": "reference/api.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "README.md": "index.md",
}
"""Where a page is found on the site that has another path in the repository."""
LINK: Final = re.compile(r"(?P<head>\]\()(?!\w+:|#)(?P<path>[^)#\s]+)(?P<tail>(?:#[^)\s]*)?\))")
COPIED: Final = {".png", ".svg"}


def on_site(path: str) -> str:
    """The path on the site of a file of the repository."""
    if path in MOVED:
        return MOVED[path]
    for folder, below in (("docs/", ""), ("deploy/runbooks/", "runbooks/")):
        if path.startswith(folder):
            return below + path.removeprefix(folder)
    return "files/" + "/".join(part.removeprefix(".") for part in path.split("/"))


def fitted(text: str, page: str, isdir: Callable[[str], bool]) -> tuple[str, set[str]]:
    """A page's text with the links that it has on the site, and the files that it leads to, as the repository names
    them. A link to a folder becomes one to its list, or plain text where it has none.
    """
    linked: set[str] = set()
    here = posixpath.dirname(on_site(page))

    def fit(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), match["path"]))
        if isdir(target):
            target = f"{target}/README.md"
        linked.add(target)
        return f"{match['head']}{posixpath.relpath(on_site(target), here or '.')}{match['tail']}"

    lines, fence = [], ""
    for line in text.splitlines(keepends=True):
        found = check_docs.FENCE.match(line)
        if fence:
            fence = "" if found and found[1].startswith(fence) and not line.strip(" `~\n") else fence
        elif found:
            fence = found[1]
        lines.append(line if fence or found else LINK.sub(fit, line))
    return "".join(lines), linked


def gather(root: Path, target: Path) -> list[str]:
    """Put every page below ``target``, and all that they link to; links that lead nowhere are returned."""
    shutil.rmtree(target, ignore_errors=True)
    lost = []
    for path in check_docs.pages(root):
        page = path.relative_to(root).as_posix()
        if page == "README.md":
            continue
        text, linked = fitted(path.read_text(encoding="utf-8"), page, lambda name: (root / name).is_dir())
        _write(target / on_site(page), text)
        for name in sorted(linked):
            if not (root / name).is_file():
                lost.append(f"{page}: {name}")
            elif PurePosixPath(name).suffix != ".md":
                _copy(root / name, target / on_site(name))
    return lost


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _copy(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, path)


def outside(site: Path) -> list[str]:
    """What pages would fetch from elsewhere: scripts, styles, fonts, pictures."""
    return [
        f"{page.relative_to(site)}: {found.decode()}"
        for page in sorted(site.rglob("*.html"))
        for found in ELSEWHERE.findall(page.read_bytes())
        if b'rel="canonical"' not in found
    ]


def build() -> int:
    """Build it with both; 0 where both are content."""
    lost = gather(ROOT, FOLDER / "pages")
    if lost:
        print("\n".join(f"docs: leads nowhere: {one}" for one in lost), file=sys.stderr)
        return 1
    _copy(PACKAGES / MERMAID, FOLDER / "pages" / "assets" / "mermaid.js")
    shutil.copyfile(ROOT / "mkdocs.yml", FOLDER / "mkdocs.yml")
    environ = os.environ | {"PYTHONPATH": str(PACKAGES), "NO_MKDOCS_2_WARNING": "1"}
    for command in (
        # The last one's site is the one that stays.
        ("zensical", "build", "--strict", "--clean"),
        ("mkdocs", "build", "--strict", "--clean", "--quiet"),
    ):
        shutil.rmtree(FOLDER / "site", ignore_errors=True)
        done = subprocess.run([sys.executable, "-m", *command], check=False, cwd=FOLDER, env=environ)
        if done.returncode:
            print(f"docs: {command[0]} is not content; see above", file=sys.stderr)
            return 1
        if fetched := outside(FOLDER / "site"):
            print("\n".join(f"docs: {command[0]}: fetches from elsewhere: {one}" for one in fetched), file=sys.stderr)
            return 1
        print(f"docs: {command[0]}: {len(list((FOLDER / 'site').rglob('*.html')))} pages in .cache/docs/site")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the site of the documentation.")
    parser.add_argument("--gather", action="store_true", help="only gather the pages")
    if parser.parse_args().gather:
        print("\n".join(gather(ROOT, FOLDER / "pages")))
        return 0
    return build()


if __name__ == "__main__":
    sys.exit(main())
