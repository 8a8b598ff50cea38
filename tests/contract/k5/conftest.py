"""What is peculiar to Fujitsu K5."""

from collections.abc import Callable

import pytest
from candidates import Candidate
from candidates.k5 import K5Candidate


@pytest.fixture(scope="session")
def server(running: Callable[[str], Candidate]) -> Candidate:
    """This server alone."""
    return running("fujitsu_k5")


@pytest.fixture
def region(candidate: Candidate) -> K5Candidate:
    """With all that can be done to it."""
    assert isinstance(candidate, K5Candidate)
    return candidate
