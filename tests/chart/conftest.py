"""Values that the chart is tried with."""

from pathlib import Path
from typing import Any

import helm
import pytest
import yaml


def name_of(path: Path) -> str:
    return path.name.removesuffix("-values.yaml")


@pytest.fixture(params=[None, *helm.TRIED_VALUES], ids=lambda path: name_of(path) if path else "default")
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    """No values, and then those of each file in the chart's `ci`."""
    chosen: dict[str, Any] = yaml.safe_load(request.param.read_text(encoding="utf-8")) if request.param else {}
    return chosen
