"""Check what the documentation points at: files it links to exist, and each `make` verb it names is one."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
VERB = re.compile(r"(?:^|`)(?:\$ )?make ([a-z][a-z-]*)", flags=re.MULTILINE)


def pages(root: Path) -> list[Path]:
    """Every page of the documentation."""
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md")), *sorted((root / "crds").glob("*.md"))]


def dead_links(page: Path, text: str) -> list[str]:
    """What the page links to within the repository that is not there."""
    return [target for target in LINK.findall(text) if not (page.parent / target).exists()]


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
    print("\n".join(complaints) or f"{len(found)} pages: every link and every make verb holds")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
