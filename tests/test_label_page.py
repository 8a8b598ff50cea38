"""Every key of ours is on its page, with what it says."""

import ast

import pytest

import label_page
from project_operator.api import names


def test_every_constant_with_our_prefix_is_in_it() -> None:
    source = label_page.SOURCE.read_text(encoding="utf-8")
    keys = {
        one.target.id
        for one in ast.parse(source).body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and "{GROUP}/" in ast.unparse(one)
    }
    shown = label_page.page()
    elsewhere = {"API_VERSION", "EVENT_REPORTER", "RESERVED_PREFIX"}
    assert {key for key in keys if f"| `{getattr(names, key)}` |" not in shown} == elsewhere


def test_a_key_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match=r"FINALIZER in names\.py needs a docstring"):
        list(label_page.rows('FINALIZER: Final = "a"\n'))
