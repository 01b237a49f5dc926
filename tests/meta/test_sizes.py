"""Modules and functions stay small enough to be read at once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "readiness_suite", "tests", "benchmarks")
MODULES = sorted(path for name in FOLDERS for path in (ROOT / name).rglob("*.py"))
MAX_MODULE = 400
MAX_TESTS = 600
"""Tables of cases make a module of tests long, not deep."""
# A table of threats or faults is one list; cut in two it would be harder to check.
MAX_TEST_MODULE = 600
MAX_FUNCTION = 60
VAGUE = {"common", "helper", "helpers", "misc", "util", "utils"}

each_module = pytest.mark.parametrize(
    "module", MODULES, ids=lambda path: str(path.relative_to(ROOT))
)


def long_functions(source: str, limit: int) -> list[str]:
    """Name the functions that span more lines than the limit."""
    return [
        f"{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= limit
    ]


def test_a_long_function_is_noticed() -> None:
    source = "def short():\n    pass\ndef long():\n" + "    pass\n" * 3

    assert long_functions(source, 3) == ["long has 4 lines"]


@each_module
def test_module_is_short(module: Path) -> None:
    limit = MAX_TEST_MODULE if "tests" in module.parts else MAX_MODULE

    assert len(module.read_text().splitlines()) <= limit


@each_module
def test_functions_are_short(module: Path) -> None:
    assert long_functions(module.read_text(), MAX_FUNCTION) == []


@each_module
def test_module_name_says_what_is_inside(module: Path) -> None:
    assert module.stem not in VAGUE
