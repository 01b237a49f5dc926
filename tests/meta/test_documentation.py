"""What people wrote by hand says what the code does: tables, and examples."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

from pytest_readiness.attest.codes import Code as SignatureCode, Consequence
from pytest_readiness.verdict.decision import Exit, Verdict
from pytest_readiness.verdict.states import State

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
WITH_EXAMPLES = [
    ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>> " in path.read_text()
]
PAGE = (ROOT / "docs" / "reference" / "verdict.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Give the cells of the table under a heading, without its head."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(heading))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines[2:]]


def test_every_state_is_described_with_what_it_satisfies() -> None:
    described = {row[0]: row[2].startswith("yes") for row in rows("States")}

    assert described == {str(state): state.satisfies for state in State}


def test_every_verdict_and_exit_code_is_described() -> None:
    table = rows("Verdict")

    assert {row[0] for row in table} == {str(verdict) for verdict in Verdict}
    assert {int(row[1]) for row in table} == {int(code) for code in Exit}


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_give_what_they_show(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")))

    assert result.attempted > 0
    assert result.failed == 0


def test_every_code_of_the_threat_model_is_one() -> None:
    page = (ROOT / "docs" / "threat-model.md").read_text()
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", page)) - {"CODEOWNERS"}

    assert named <= set(SignatureCode)
    # What closes the gate is on the page, whatever lie it is the answer to.
    closing = {c for c in SignatureCode if c.consequence is Consequence.TRUST}
    missing = closing - named - {"WRONG_SYSTEM", "TARGET_MISMATCH", "SNAPSHOT_MISSING"}
    assert missing == set()
