"""Write the generated files that take more than the package: from the repository's data, its chart and its tests.

    generate.py [--check]

What the package alone says, `project-operator generate` writes. With `--check` this names what is not up to date, and
exits 1 if anything is. Where data are wrong it says how, writes nothing, and exits 1.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

# Some generators import what lies beside the tests.
sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "support"))

import argocd_cm
import capabilities
import chart_pages
import chart_schema
import cli_page
import kind_pages
import kustomize_base
import label_page
import monitoring
import vendor_pages

ROOT: Final = Path(__file__).resolve().parent.parent
MEND: Final = "make generate"
GENERATORS: Final[tuple[Callable[[], Mapping[Path, str | None]], ...]] = (
    vendor_pages.rendered,
    capabilities.rendered,
    cli_page.rendered,
    label_page.rendered,
    kind_pages.rendered,
    argocd_cm.rendered,
    # The chart's own files, what is said of them, and what helm makes of all.
    monitoring.rendered,
    chart_schema.rendered,
    chart_pages.rendered,
    kustomize_base.rendered,
)
"""Each gives its files and their texts, None: one that is to be gone. It may read what those before it have written."""
COMPLAINTS: Final[tuple[Callable[[], list[str]], ...]] = (vendor_pages.complaints, capabilities.complaints)
"""Each gives a line for everything that is wrong with the data of a generator, which is then not to be asked."""


def stale(files: Mapping[Path, str | None]) -> list[Path]:
    """Those that are not as they are to be: missing, different, or left over."""
    there = {path: path.read_text(encoding="utf-8") if path.exists() else None for path in files}
    return [path for path, text in files.items() if there[path] != text]


def write(path: Path, text: str | None) -> None:
    """Bring a file up to date."""
    if text is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the generated files.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not up to date")
    check = parser.parse_args(arguments).check
    if wrong := [line for complaints in COMPLAINTS for line in complaints()]:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    status = 0
    for rendered in GENERATORS:
        files = rendered()
        for path in stale(files):
            if check:
                print(f"{path.relative_to(ROOT)} is not up to date; run: {MEND}", file=sys.stderr)
                status = 1
            else:
                write(path, files[path])
                print(path.relative_to(ROOT))
    return status


if __name__ == "__main__":
    sys.exit(main())
