from pathlib import Path

import check_docs


def test_a_link_to_a_missing_file_is_found_and_web_addresses_are_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "there.md").touch()
    text = "[a](there.md#part) [b](gone.md) [c](https://example.com/x) [d](#here)"
    assert check_docs.dead_links(page, text) == ["gone.md"]


def test_a_verb_that_the_makefile_lacks_is_found() -> None:
    assert check_docs.unknown_verbs("run `make fly`\n$ make test\nwe make things", {"test"}) == ["fly"]
