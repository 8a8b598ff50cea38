"""Check what the documentation points at: files and headings it links to, and the `make` verbs it names, exist. And
that something runs each block of YAML and of shell that it shows (`doc_blocks.py`).
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import doc_blocks

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)")
VERB = re.compile(r"(?:^|`)(?:\$ )?make ([a-z][a-z-]*)", flags=re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.*?)(?: +#+)? *$")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
CODE = re.compile(r"(`+).*?\1")
NO_PART_OF_A_SLUG = re.compile(r"[^\w\- ]")


def pages(root: Path) -> list[Path]:
    """Every page of the documentation."""
    folders = (root / "docs", root / "crds", root / "deploy")
    return [*sorted(root.glob("*.md")), *(page for folder in folders for page in sorted(folder.rglob("*.md")))]


def prose(text: str) -> Iterator[str]:
    """The lines outside of fenced code."""
    fence = ""
    for line in text.splitlines():
        found = FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif found:
            fence = found[1]
        else:
            yield line


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them: lower case, no punctuation, hyphens for blanks, and a
    number behind each repetition.
    """
    found: set[str] = set()
    repeated: Counter[str] = Counter()
    for line in prose(text):
        if heading := HEADING.match(line):
            shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading[1])
            slug = NO_PART_OF_A_SLUG.sub("", shown.lower()).replace(" ", "-")
            found.add(f"{slug}-{repeated[slug]}" if repeated[slug] else slug)
            repeated[slug] += 1
    return found


def dead_links(page: Path, text: str) -> list[str]:
    """What the page links to within the repository that is not there: files, and headings of pages."""
    dead = []
    for target, anchor in (link for line in prose(text) for link in LINK.findall(CODE.sub("", line))):
        path = page.parent / target if target else page
        if not path.exists():
            dead.append(target)
        elif anchor and path.suffix == ".md" and anchor not in anchors(path.read_text(encoding="utf-8")):
            dead.append(f"{target}#{anchor}")
    return dead


def unknown_verbs(text: str, verbs: set[str]) -> list[str]:
    """The make verbs that the text names and the Makefile does not have."""
    return sorted(set(VERB.findall(text)) - verbs)


def main() -> int:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    complaints = []
    found = pages(ROOT)
    for page in found:
        text, name = page.read_text(encoding="utf-8"), page.relative_to(ROOT)
        complaints += [f"{name}: links to {target}, which does not exist" for target in dead_links(page, text)]
        complaints += [f"{name}: names `make {verb}`, which is no verb" for verb in unknown_verbs(text, verbs)]
        complaints += doc_blocks.complaints(ROOT, name.as_posix(), text)
    said = f"{len(found)} pages: every link, anchor and make verb holds, and something runs each block"
    print("\n".join(complaints) or said)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
