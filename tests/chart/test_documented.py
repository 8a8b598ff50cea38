"""Commands of helm in the documentation: whoever follows several pages keeps what the first had set."""

import re
import shlex
from pathlib import Path
from typing import Final

import helm

PAGES: Final = [helm.ROOT / "README.md", helm.CHART / "README.md", *sorted((helm.ROOT / "docs").rglob("*.md"))]
KEEPS: Final = {"--values", "-f", "--reuse-values", "--reset-then-reuse-values"}
"""Options by which an upgrade has the values that the installation had."""


def commands(text: str, *verbs: str) -> list[list[str]]:
    """Those of helm that stand in blocks of a page, in words, without what follows a pipe."""
    joined = re.sub(r"\\\n\s*", "", text)
    found = re.findall(rf"(?m)^ *helm (?:{'|'.join(verbs)}) .*$", joined)
    return [shlex.split(one.partition(" | ")[0], comments=True) for one in found]


def forgetful(text: str) -> list[list[str]]:
    """Upgrades of a page that would set the release's values back to the chart's."""
    return [words for words in commands(text, "upgrade") if not KEEPS & set(words)]


FIRST: Final = helm.CHART / "README.md"
"""The page of the chart itself, with a first installation and nothing after it."""


def test_no_documented_upgrade_forgets_what_was_set_before() -> None:
    found = {page: commands(page.read_text(encoding="utf-8"), "upgrade") for page in PAGES}
    assert {page.name for page, there in found.items() if there} >= {
        "install.md",
        "monitor.md",
        "backup-and-restore.md",
    }
    assert len(found[FIRST]) == 1
    assert [words for page in PAGES if page != FIRST for words in forgetful(page.read_text(encoding="utf-8"))] == []


def test_an_upgrade_that_forgets_is_seen() -> None:
    kept = "helm upgrade a deploy/charts/a \\\n  --values values.yaml\n"
    assert forgetful(f"{kept}    helm upgrade a deploy/charts/a --set b=c\n") == [
        ["helm", "upgrade", "a", "deploy/charts/a", "--set", "b=c"]
    ]


def test_every_command_of_helm_names_the_chart_where_it_is() -> None:
    """Of those that need one: what is released names a registry instead."""
    named = [
        words
        for page in PAGES
        for words in commands(page.read_text(encoding="utf-8"), "upgrade", "install", "template")
        if not any(word.startswith("oci://") for word in words)
    ]
    assert len(named) >= 6
    chart = str(helm.CHART.relative_to(helm.ROOT))
    assert [words for words in named if chart not in words] == []
    assert (Path(helm.ROOT, chart) / "Chart.yaml").is_file()
