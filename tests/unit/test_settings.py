"""Each setting: what it takes, what it says when it is wrong, and its line in the reference."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from project_operator.errors import ConfigurationError
from project_operator.settings import ENV_PREFIX, Settings, load_settings, reference, variable


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)


def test_defaults_need_nothing() -> None:
    settings = load_settings()

    assert settings.workers == 32
    assert settings.namespaces == ()
    assert settings.kubeconfig is None


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("cluster_id", "prod-1", "prod-1"),
        ("namespaces", "team-a, team-b,", ("team-a", "team-b")),
        ("namespaces", "", ()),
        ("secret_namespaces", "team-a", ("team-a",)),
        ("default_backend", "nscale", "nscale"),
        ("default_backend_kind", "ClusterIdentityBackend", "ClusterIdentityBackend"),
        ("cluster_backends", "false", False),
        ("workers", "1", 1),
        ("workers", "", 32),
        ("allow_http", "true", True),
        ("allowed_addresses", "127.0.0.0/8, ::1/128", (ip_network("127.0.0.0/8"), ip_network("::1/128"))),
        ("denied_addresses", "10.0.0.0/8", (ip_network("10.0.0.0/8"),)),
        ("kubeconfig", "/etc/kube/config", Path("/etc/kube/config")),
        ("health_port", "0", 0),
        ("log_format", "json", "json"),
        ("send_validity", "0.5", 0.5),
        ("poll_fastest", "0.1", 0.1),
    ],
)
def test_the_environment_sets_it(monkeypatch: pytest.MonkeyPatch, field: str, text: str, expected: Any) -> None:
    monkeypatch.setenv(variable(field), text)

    assert getattr(load_settings(), field) == expected


@pytest.mark.parametrize(
    ("field", "text", "allowed"),
    [
        ("cluster_id", "x" * 254, "text of at most 253 characters"),
        ("namespaces", "team-a,Team_B", "names of namespaces, separated by commas"),
        ("default_backend", "-", "a DNS label (lower-case letters, digits and -, at most 63)"),
        ("default_backend", "a" * 64, "a DNS label (lower-case letters, digits and -, at most 63)"),
        ("workers", "0", "an integer from 1 to 512"),
        ("workers", "many", "an integer from 1 to 512"),
        ("workers", "1.5", "an integer from 1 to 512"),
        ("resync_interval", "nan", "a number of seconds from 1 to 86400"),
        ("resync_interval", "10m", "a number of seconds from 1 to 86400"),
        ("shutdown_grace", "0", "a number of seconds above 0 to 600"),
        ("send_validity", "inf", "a number of seconds above 0 to 60"),
        ("allow_http", "perhaps", "true or false"),
        ("allowed_addresses", "10.0.0.1/8", "networks such as 10.0.0.0/8, separated by commas"),
        ("health_port", "65536", "an integer from 0 to 65535"),
        ("log_format", "xml", "auto, text or json"),
        ("log_level", "LOUD", "debug, info, warning or error"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, field: str, text: str, allowed: str
) -> None:
    monkeypatch.setenv(variable(field), text)

    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{variable(field)}: ")
    assert str(caught.value).endswith(f"is not allowed; must be {allowed}")


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("workers"), "0")
    monkeypatch.setenv(variable("log_level"), "loud")

    with pytest.raises(ConfigurationError, match=r"PROJECT_OPERATOR_WORKERS: .*; PROJECT_OPERATOR_LOG_LEVEL: "):
        load_settings()


def test_the_bounds_of_polling_must_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("poll_fastest"), "20")

    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert str(caught.value) == (
        "PROJECT_OPERATOR_POLL_FASTEST must not be more than PROJECT_OPERATOR_POLL_SLOWEST; they are 20.0 and 10.0"
    )


def test_a_default_that_is_not_served_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("default_backend_kind"), "ClusterIdentityBackend")
    monkeypatch.setenv(variable("cluster_backends"), "false")

    with pytest.raises(ConfigurationError, match="PROJECT_OPERATOR_DEFAULT_BACKEND_KIND must not be ClusterIdentity"):
        load_settings()


@pytest.mark.parametrize(
    "slip", ["WORKRES", "WORKER", "NAMESPACE", "LOGLEVEL", "DEFAULT_BACKENDS", "DEFAULT_BACKEND_KINDS"]
)
def test_a_slip_of_a_name_is_refused(monkeypatch: pytest.MonkeyPatch, slip: str) -> None:
    monkeypatch.setenv(ENV_PREFIX + slip, "x")

    with pytest.raises(
        ConfigurationError, match=rf"{ENV_PREFIX}{slip} is not a setting; did you mean {ENV_PREFIX}\w+\?"
    ):
        load_settings()


@pytest.mark.parametrize(
    "name", ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP", "PORT_8080_TCP_ADDR"]
)
def test_what_kubernetes_sets_for_a_service_of_our_name_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(ENV_PREFIX + name, "tcp://10.0.0.1:8080")

    load_settings()


def test_the_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("log_level"), "error")

    assert load_settings({"log_level": "debug"}).log_level == "debug"
    with pytest.raises(ConfigurationError, match=r"^PROJECT_OPERATOR_WORKERS: '0' is not allowed"):
        load_settings({"workers": "0"})


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().workers = 3  # type: ignore[misc]  # that it is refused is the test


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_reference_documents_each_setting(name: str) -> None:
    (row,) = [line for line in reference().splitlines() if line.startswith(f"| `{variable(name)}` |")]

    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert len(cells) == 4
    assert all(cells)
    assert cells[3].endswith(".")
