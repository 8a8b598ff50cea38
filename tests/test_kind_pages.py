"""Each kind has a page, which shows every state that was recorded."""

import pytest
from lifecycle import ROWS

import kind_pages


@pytest.mark.parametrize(("page", "kind"), kind_pages.KINDS.items())
def test_a_page_has_every_state_once(page: str, kind: str) -> None:
    text = (kind_pages.PAGES / f"{page}.md").read_text(encoding="utf-8")
    assert sorted(kind_pages.states(text)) == sorted(row.name for row in ROWS if row.kind == kind)


def test_an_empty_block_is_filled_and_the_next_one_left() -> None:
    head = "<!-- state: new -->\n<!-- part of: Project -->\n```yaml\n"
    text = f"{head}```\n\n```yaml\nkept: true\n```\n"
    pasted = kind_pages.pasted("Project", text)
    assert pasted.startswith(f"{head}metadata:\n  name: team\n")
    assert pasted.endswith("  observedGeneration: -1\n```\n\n```yaml\nkept: true\n```\n")
    assert kind_pages.pasted("Project", pasted) == pasted


def test_a_state_that_nobody_recorded_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        kind_pages.snapshot("Project", "exploded")
