from pathlib import Path

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import certificates, kubeconfig


def test_a_kubeconfig_holds_all_it_needs_and_is_the_owner_s_alone(tmp_path: Path) -> None:
    issued = certificates.issue(tmp_path / "certificates")
    document = kubeconfig.with_certificate("https://127.0.0.1:1", issued.authority, issued.administrator)
    file = kubeconfig.write(document, tmp_path / "deep" / "kubeconfig")
    assert kubeconfig.read(file) == document
    assert kubeconfig.current_context(file) == kubeconfig.CONTEXT
    assert file.stat().st_mode & 0o077 == 0
    assert str(tmp_path) not in file.read_text()


def test_another_user_s_kubeconfig_points_at_the_same_cluster(tmp_path: Path) -> None:
    issued = certificates.issue(tmp_path / "certificates")
    administrator = kubeconfig.with_certificate("https://127.0.0.1:1", issued.authority, issued.administrator)
    bearer = kubeconfig.with_token(administrator, "t0ken", "team-a")
    assert bearer["clusters"] == administrator["clusters"]
    assert bearer["users"][0]["user"] == {"token": "t0ken"}
    assert bearer["contexts"][0]["context"]["namespace"] == "team-a"


@pytest.mark.parametrize(("text", "words"), [("- a", "is no kubeconfig"), ("{", "cannot be read")])
def test_what_is_no_kubeconfig_is_told(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(SandboxError, match=words):
        kubeconfig.current_context(file)


def test_a_context_that_names_nothing_is_told() -> None:
    with pytest.raises(SandboxError, match="the kubeconfig has no context named gone"):
        kubeconfig.with_token({"current-context": "gone"}, "t", "default")


def test_private_keys_are_the_owner_s_alone(tmp_path: Path) -> None:
    certificates.issue(tmp_path / "certificates")
    keys = list((tmp_path / "certificates").glob("*.key"))
    assert len(keys) == 5
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)
