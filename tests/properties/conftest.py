"""The small world of the ledger's unit tests, for its properties."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

KIT = Path(__file__).parents[1] / "unit" / "attest" / "conftest.py"


@pytest.fixture(scope="session")
def kit() -> Any:
    """Give the small world of the unit tests."""
    spec = importlib.util.spec_from_file_location("attest_kit", KIT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
