from pathlib import Path

import pytest

import check_docs


def test_a_link_to_a_missing_file_is_found_and_web_addresses_are_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "there.md").write_text("# Part\n")
    text = "[a](there.md#part) [b](gone.md) [c](https://example.com/x#y) `[d](gone.md)`\n```\n[e](gone.md)\n```\n"
    page.write_text(text)
    assert check_docs.dead_links(page, text) == ["gone.md"]


def test_an_anchor_without_a_heading_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "there.md").write_text("# Part\n")
    (tmp_path / "code.py").touch()
    text = "# Here\n[a](#here) [b](#gone) [c](there.md#gone) [d](code.py#L3) [e](there.md)\n"
    page.write_text(text)
    assert check_docs.dead_links(page, text) == ["#gone", "there.md#gone"]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("## What the operator may do", "what-the-operator-may-do"),
        (
            "### IdentityBackend.spec.vmwareCSP.capabilities.groupRoles[]",
            "identitybackendspecvmwarecspcapabilitiesgrouproles",
        ),
        ("## `status.attempt`, and why", "statusattempt-and-why"),
        ("# A + B", "a--b"),
        ("# A [link](other.md) in it", "a-link-in-it"),
        ("# snake_case stays", "snake_case-stays"),
        ("# Größe", "größe"),
        ("# Closed ##", "closed"),
    ],
)
def test_an_anchor_is_what_github_makes_of_the_heading(heading: str, anchor: str) -> None:
    assert check_docs.anchors(heading) == {anchor}


def test_headings_that_are_alike_are_numbered_and_code_has_none() -> None:
    text = "# A\n## A\n```sh\n# no heading\n```\n~~~~\n```\n# nor this\n~~~~\n### A\n"
    assert check_docs.anchors(text) == {"a", "a-1", "a-2"}


def test_a_verb_that_the_makefile_lacks_is_found() -> None:
    assert check_docs.unknown_verbs("run `make fly`\n$ make test\nwe make things", {"test"}) == ["fly"]
