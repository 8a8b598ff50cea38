"""Address and credentials, from kubeconfigs and from a pod's files."""

import json
import stat
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import trustme
import yaml

from project_operator.errors import ConfigurationError
from project_operator.kube import access
from project_operator.kube.access import in_cluster_access, load_access

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(user: dict[str, Any] | None = None, name: str = "config", **cluster: Any) -> Path:
        file = tmp_path / name
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [
                {"name": "here", "context": {"cluster": "c", "user": "u"}},
                {"name": "there", "context": {"cluster": "d", "user": "u"}},
            ],
            "clusters": [
                {"name": "c", "cluster": {"server": "https://here.example:6443", **cluster}},
                {"name": "d", "cluster": {"server": "https://there.example:6443"}},
            ],
            "users": [{"name": "u", "user": user or {}}],
        }
        file.write_text(yaml.safe_dump(document))
        return file

    return write


def authorization(file: Path, context: str = "") -> str:
    access = load_access(file, context)
    assert access.authorization is not None
    return access.authorization()


def test_a_token(write: Write) -> None:
    file = write({"token": "abc"})

    access = load_access(file)

    assert access.server == "https://here.example:6443"
    assert authorization(file) == "Bearer abc"
    assert access.source == f"kubeconfig {file}, context here"


def test_another_context(write: Write) -> None:
    assert load_access(write({"token": "abc"}), "there").server == "https://there.example:6443"


def test_secrets_are_not_in_its_repr(write: Write) -> None:
    access = load_access(write({"token": "t0ken"}, **{"proxy-url": "http://me:hunter2@proxy.example"}))

    assert "t0ken" not in repr(access)
    assert "hunter2" not in repr(access)


def test_a_token_file_is_read_each_time_beside_its_kubeconfig(write: Write, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("one\n")
    access = load_access(write({"tokenFile": "token"}))
    assert access.authorization is not None
    assert access.authorization() == "Bearer one"

    token.write_text("two\n")
    assert access.authorization() == "Bearer two"

    token.write_text("\n")
    with pytest.raises(ConfigurationError, match="token is empty"):
        access.authorization()


def test_user_and_password(write: Write) -> None:
    assert authorization(write({"username": "u", "password": "p"})) == "Basic dTpw"


def test_no_credentials_is_no_header(write: Write) -> None:
    assert load_access(write()).authorization is None


def plugin(tmp_path: Path, status: dict[str, Any]) -> dict[str, Any]:
    script = tmp_path / "plugin"
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    script.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(credential))})\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": credential["apiVersion"], "command": str(script), "interactiveMode": "Never"}}


def test_an_exec_plugin(write: Write, tmp_path: Path) -> None:
    assert authorization(write(plugin(tmp_path, {"token": "from-plugin"}))) == "Bearer from-plugin"


def test_an_exec_plugin_is_run_again_when_its_token_has_expired(write: Write, tmp_path: Path) -> None:
    access = load_access(write(plugin(tmp_path, {"token": "one", "expirationTimestamp": "2020-01-01T00:00:00Z"})))
    assert access.authorization is not None

    plugin(tmp_path, {"token": "two", "expirationTimestamp": "2020-01-01T00:00:00Z"})
    access.authorization()  # the official loader hands out what it has and runs the plugin behind it

    assert access.authorization() == "Bearer two"


def test_an_exec_plugin_that_fails_is_named(write: Write) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/nowhere/login"}}

    with pytest.raises(ConfigurationError, match=r"exec plugin '/nowhere/login' of .* gave no credentials"):
        load_access(write(user))


def test_certificates(write: Write, tmp_path: Path) -> None:
    authority = trustme.CA()
    client = authority.issue_cert("operator@example.org")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    client.private_key_pem.write_to_path(tmp_path / "key.pem")
    client.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    user = {"client-certificate": "cert.pem", "client-key": "key.pem"}

    access = load_access(write(user, **{"certificate-authority": "ca.pem", "tls-server-name": "other.example"}))

    assert access.ssl_context is not None
    assert len(access.ssl_context.get_ca_certs()) == 1
    assert access.server_hostname == "other.example"
    assert access.authorization is None


def test_insecure_skip_tls_verify(write: Write) -> None:
    access = load_access(write({"token": "x"}, **{"insecure-skip-tls-verify": True}))

    assert access.ssl_context is not None
    assert not access.ssl_context.check_hostname


def test_a_proxy_of_the_kubeconfig_goes_before_that_of_the_environment(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://env.example:3128")

    assert load_access(write(**{"proxy-url": "http://own.example:3128"})).proxy == "http://own.example:3128"
    assert load_access(write()).proxy == "http://env.example:3128"


def test_no_proxy_is_heeded(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://env.example:3128")
    monkeypatch.setenv("NO_PROXY", "here.example")

    assert load_access(write()).proxy is None


def test_the_environment_names_kubeconfigs(write: Write) -> None:
    access = load_access(environ={"KUBECONFIG": str(write({"token": "abc"}, name="first"))})

    assert access.server == "https://here.example:6443"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "{} is no kubeconfig ("),
        ("a: [", "{} is no kubeconfig (while parsing a flow"),
        ("[]", "{} is no kubeconfig ("),
        ("contexts: 3\nclusters: []\nusers: []\n", "{} is no kubeconfig ("),
    ],
)
def test_a_kubeconfig_that_is_none_is_refused_with_the_way_out(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "config"
    file.write_text(content)

    with pytest.raises(ConfigurationError) as given:
        load_access(file)
    assert str(given.value).startswith(f"No access to a Kubernetes API server: {said.format(file)}")
    assert str(given.value).endswith("; give another file with --kubeconfig or PROJECT_OPERATOR_KUBECONFIG")

    with pytest.raises(ConfigurationError, match=r"; give --kubeconfig, set PROJECT_OPERATOR_KUBECONFIG or KUBECONFIG"):
        load_access(environ={"KUBECONFIG": str(file)})


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no kubeconfig at .*/missing; give another file with --kub"):
        load_access(tmp_path / "missing")


def test_a_missing_context_is_named_with_those_that_there_are(write: Write) -> None:
    file = write()
    with pytest.raises(ConfigurationError) as error:
        load_access(file, "elsewhere")
    assert str(error.value) == (
        f"No access to a Kubernetes API server: kubeconfig {file} has no context 'elsewhere'; give one that it has with"
        " --context or PROJECT_OPERATOR_CONTEXT: here, there"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"current-context": "gone"}, "has no context 'gone'; give one that it has with --context or"),
        ({"current-context": None}, "names no current context; give one that it has with --context or"),
        ({"contexts": []}, "has no context 'here'; it has none at all; give another file with --kubeconfig"),
    ],
)
def test_a_current_context_that_is_none_is_named(write: Write, change: dict[str, Any], said: str) -> None:
    file = write()
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | change))
    with pytest.raises(ConfigurationError) as error:
        load_access(file)
    assert said in str(error.value)


def test_a_pods_service_account_is_read_each_time(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / "token").write_text("one")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}

    access = in_cluster_access(str(tmp_path / "token"), str(tmp_path / "ca.crt"), environ=environ)

    assert access.server == "https://[fd00::1]:443"
    assert access.authorization is not None
    assert access.authorization() == "Bearer one"
    (tmp_path / "token").write_text("two\n")
    assert access.authorization() == "Bearer two"


def test_threads_that_load_at_once_get_whole_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The official loader shares files between threads, and names them before they are written."""
    entered, most = 0, 0

    def load(paths: str, context: str) -> access.ClusterAccess:
        nonlocal entered, most
        entered += 1
        most = max(most, entered)
        both.wait(0.05)
        entered -= 1
        return access.ClusterAccess(paths + context)

    both = Event()
    monkeypatch.setattr(access, "_load", load)
    with ThreadPoolExecutor(3) as pool:
        assert len(list(pool.map(lambda _: load_access(tmp_path / "kubeconfig"), range(3)))) == 3
    assert most == 1
