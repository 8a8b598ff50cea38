"""What is typed fails where it must: where a command fails, and where one that is to be refused is not."""

from pathlib import Path

import pytest
import yaml
from typist import Typist, shown

from doc_blocks import Block


@pytest.fixture
def typist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typist:
    """With a kubectl that knows one word, and a helm that says what it was told."""
    kubeconfig = {"contexts": [{"name": "a", "context": {"cluster": "a"}}]}
    (tmp_path / "admin").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    for name, script in {
        "kubectl": '[ "$1" = get ] || { echo "unknown command" >&2; exit 1; }; echo "$KUBECONFIG"',
        "helm": 'echo "$*"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr("helm.program", lambda: tmp_path / "helm")
    return Typist(tmp_path, tmp_path / "admin", tmp_path / "kubectl", "payments", {"WORD": "said"}, token="eyJ")


def block(text: str, how: str = "", what: str = "") -> Block:
    return Block("page.md", 1, "sh", text, how, what)


@pytest.mark.parametrize(
    "text", ["kubectl gte iproj\n", "kubectl gte iproj | cat\n", "kubectl gte iproj\ntrue\n", "make fly\n"]
)
def test_a_command_that_fails_fails_the_page(typist: Typist, text: str) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:1"):
        typist.type_all([block(text)])


def test_what_is_to_be_refused_must_be_and_in_these_words(typist: Typist) -> None:
    typist.type_all([block("kubectl gte iproj\n", "refused", "unknown command")])
    for text, words in (("kubectl get iproj\n", "unknown command"), ("kubectl gte iproj\n", "unknown field")):
        with pytest.raises(AssertionError):
            typist.type_all([block(text, "refused", words)])


def test_it_is_typed_in_a_folder_like_the_clone_with_the_words_of_the_reader(typist: Typist) -> None:
    text = 'echo "$WORD"; cat token; ls deploy/examples/02-project.yaml; kubectl get NAME\n'
    said = typist.type_all([block(text)], {"NAME": "there"})["page.md:1"].splitlines()
    assert said[:3] == ["said", "eyJ", "deploy/examples/02-project.yaml"]
    config = yaml.safe_load(Path(said[3]).read_text(encoding="utf-8"))
    assert config["contexts"][0]["context"]["namespace"] == "payments"


def test_helm_renders_what_would_be_installed_and_make_says_what_it_would_do(typist: Typist) -> None:
    text = "helm upgrade --install a deploy/charts/a --namespace b --create-namespace --values v.yaml --wait\n"
    assert typist.type(text).stdout == "template a deploy/charts/a --namespace b --values v.yaml\n"
    assert "rm -rf .venv" in typist.type("make clean\n").stdout


def test_marked_blocks_are_left_to_what_the_mark_names() -> None:
    blocks = shown("docs/how-to/install.md")
    assert blocks
    assert {one.how for one in blocks} <= {"", "refused"}
    assert not [one for one in blocks if "docker" in one.text]
