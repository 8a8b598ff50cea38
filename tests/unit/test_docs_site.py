"""The pages as they are gathered for the site: every link leads somewhere, and every page is in the navigation."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import check_docs
import docs_site


class _Loader(yaml.SafeLoader):
    """Leaves what names Python objects as it is."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda _loader, suffix, _node: suffix)
TEXT = (check_docs.ROOT / "mkdocs.yml").read_text(encoding="utf-8")
CONFIG: dict[str, Any] = yaml.load(TEXT, _Loader)  # noqa: S506 - a SafeLoader that passes over names of Python objects


def navigated(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for below in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from navigated(below)


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("pages")
    assert docs_site.gather(check_docs.ROOT, target) == []
    return target


def test_every_link_of_the_gathered_pages_leads_somewhere(gathered: Path) -> None:
    pages = sorted(gathered.rglob("*.md"))
    assert len(pages) > 80
    assert [(page.name, lost) for page in pages if (lost := check_docs.dead_links(page, page.read_text("utf-8")))] == []


def test_every_page_is_in_the_navigation_once(gathered: Path) -> None:
    shown = list(navigated(CONFIG["nav"]))
    there = {path.relative_to(gathered).as_posix() for path in gathered.rglob("*.md")}
    decisions = {path for path in there if re.match(r"adr/\d", path)}
    assert len(set(shown)) == len(shown)
    assert set(shown) == there - decisions
    listed = (gathered / "adr" / "index.md").read_text(encoding="utf-8")
    assert {f"adr/{name}" for name in re.findall(r"\]\((\d[^)]*)\)", listed)} == decisions


def test_a_link_is_made_to_fit_and_code_is_left_alone() -> None:
    text = "[a](../../crds/README.md#project) [b](../../deploy/examples) [c](https://x.example) [d](#here)\n"
    text += "```sh\n[e](../gone.md)\n```\n[f](../../.github/workflows/release.yaml)\n"
    fitted, linked = docs_site.fitted(text, "docs/how-to/page.md", lambda path: path == "deploy/examples")
    assert fitted.splitlines() == [
        "[a](../reference/api.md#project) [b](../examples/index.md) [c](https://x.example) [d](#here)",
        *("```sh", "[e](../gone.md)", "```"),
        "[f](../files/github/workflows/release.yaml)",
    ]
    assert linked == {"crds/README.md", "deploy/examples/README.md", ".github/workflows/release.yaml"}


def test_a_link_that_leads_nowhere_is_returned(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("[a](gone.md)\n")
    assert docs_site.gather(tmp_path, tmp_path / "pages") == ["docs/page.md: docs/gone.md"]


@pytest.mark.parametrize(
    ("html", "fetched"),
    [
        ('<link rel="stylesheet" href="https://fonts.example.com/css">', True),
        ('<script src="//cdn.example.com/a.js"></script>', True),
        ('<script src="assets/mermaid.js"></script><a href="https://example.com">', False),
    ],
)
def test_what_a_page_would_fetch_from_elsewhere_is_seen(tmp_path: Path, html: str, *, fetched: bool) -> None:
    (tmp_path / "index.html").write_text(html)
    assert bool(docs_site.outside(tmp_path)) is fetched


def test_the_site_asks_nobody_for_fonts() -> None:
    assert CONFIG["theme"]["font"] is False
    assert CONFIG["strict"] is True
    assert CONFIG["extra_javascript"] == ["assets/mermaid.js"]
