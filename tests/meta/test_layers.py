"""Every import contract catches a violation that is planted for it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = ROOT / "pyproject.toml"
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
CONTRACTS: dict[str, str] = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"][
        "contracts"
    ]
}


class Plant(NamedTuple):
    """A line of code and the module that must not hold it."""

    contract: str
    module: str
    line: str


PLANTS = (
    Plant("layers", "catalogue/item.py", "import pytest_readiness.verdict.states"),
    Plant("layers", "attest/__init__.py", "import pytest_readiness.probes.look"),
    Plant("layers", "errors.py", "import pytest_readiness.catalogue.item"),
    Plant("drivers", "store/__init__.py", "import psycopg"),
    Plant("drivers", "probes/look.py", "from redis import Redis"),
    Plant("drivers", "probes/postgres/__init__.py", "import requests"),
    Plant("crypto", "store/__init__.py", "from cryptography import x509"),
    Plant("pure-verdict", "verdict/states.py", "import socket"),
    Plant("pure-verdict", "verdict/states.py", "import time"),
    Plant("pure-verdict", "verdict/states.py", "from pathlib import Path"),
    Plant("engine", "plugin/__init__.py", "import werkzeug"),
)


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts over a copy of the source folder."""
    command = [LINT_IMPORTS, "--no-logo", "--no-cache", "--config", PYPROJECT]
    return subprocess.run(
        command, cwd=source, capture_output=True, text=True, check=False
    )


def broken(result: subprocess.CompletedProcess[str]) -> set[str]:
    """Give the names of the broken contracts."""
    return set(re.findall(r"^(.+) BROKEN", result.stdout, re.MULTILINE))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Copy the package to where a violation may be planted."""
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignore))


def test_the_code_keeps_every_contract() -> None:
    result = lint(ROOT / "src")

    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken" in result.stdout


@pytest.mark.parametrize("plant", PLANTS, ids=lambda p: f"{p.contract}-{p.line}")
def test_a_planted_violation_breaks_its_contract_alone(
    source: Path, plant: Plant
) -> None:
    module = source / "pytest_readiness" / plant.module
    module.write_text(f"{module.read_text()}\n{plant.line}\n")

    result = lint(source)

    assert result.returncode == 1, result.stdout + result.stderr
    assert broken(result) == {CONTRACTS[plant.contract]}


def test_a_package_without_a_layer_is_refused(source: Path) -> None:
    stray = source / "pytest_readiness" / "stray"
    stray.mkdir()
    (stray / "__init__.py").write_text('"""No layer holds this."""\n')

    result = lint(source)

    assert result.returncode == 1
    assert "pytest_readiness.stray" in result.stdout + result.stderr


def test_every_contract_has_a_planted_violation() -> None:
    assert {plant.contract for plant in PLANTS} == set(CONTRACTS)


IMPURE = {"input", "now", "open", "print", "read_text", "today", "utcnow", "write_text"}
"""Calls that need no import: files, and the clocks of ``datetime``."""


def impure_calls(source: str) -> set[str]:
    """Name the calls of a source that look at files or clocks."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                found.add(name)
            case _:
                pass
    return found & IMPURE


def test_a_clock_of_datetime_is_noticed() -> None:
    assert impure_calls("import datetime as dt\nx = dt.datetime.now(dt.UTC)") == {"now"}


def test_the_verdict_opens_no_file_and_reads_no_clock() -> None:
    for module in (ROOT / "src" / "pytest_readiness" / "verdict").rglob("*.py"):
        assert impure_calls(module.read_text()) == set(), module
