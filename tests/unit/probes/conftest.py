"""Artefacts for the tests of their readers: some real, some made."""

from __future__ import annotations

from pathlib import Path

import pytest

ARTEFACTS = Path(__file__).resolve().parents[2] / "data" / "artefacts"


@pytest.fixture
def artefacts() -> Path:
    """Give the folder of what real tools wrote; its README says how."""
    return ARTEFACTS
