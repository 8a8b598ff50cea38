import pytest
from credential_stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()
