"""What is peculiar to nscale Identity."""

from collections.abc import Callable

import pytest
from candidates import Candidate
from candidates.nscale import NscaleCandidate


@pytest.fixture(scope="session")
def server(running: Callable[[str], Candidate]) -> Candidate:
    """This server alone."""
    return running("nscale")


@pytest.fixture
def nscale(candidate: Candidate) -> NscaleCandidate:
    """With all that can be done to it."""
    assert isinstance(candidate, NscaleCandidate)
    return candidate
