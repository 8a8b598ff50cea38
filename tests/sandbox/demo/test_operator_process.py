from pathlib import Path

from project_operator.sandbox.demo.operator_process import SETTINGS, environment
from project_operator.settings import Settings, variable


def test_settings_of_another_operator_are_not_passed_on() -> None:
    outside = {
        "PATH": "/bin",
        "PROJECT_OPERATOR_CACHE": "/cache",
        "PROJECT_OPERATOR_CLUSTER_ID": "another",
        "PROJECT_OPERATOR_HEALTH_PORT": "8080",
    }
    passed = environment(outside, Path("/temporary"))
    assert passed == {
        "PATH": "/bin",
        "TMPDIR": "/temporary",
        "PROJECT_OPERATOR_CACHE": "/cache",
        **{variable(field): value for field, value in SETTINGS.items()},
    }


def test_what_is_set_are_settings() -> None:
    assert SETTINGS.keys() <= Settings.model_fields.keys()
    assert Settings.model_validate(SETTINGS).health_port == 0
