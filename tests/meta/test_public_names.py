"""Every public name exists, is listed and is documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import pytest_readiness

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "pytest_readiness"
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(SOURCE)], "pytest_readiness.")
    # Importing either runs a program.
    if not module.name.endswith(".__main__")
)


def defined(source: str) -> set[str]:
    """Name the public functions and classes at a module's top, pytest's hooks aside."""
    return {
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith(("_", "pytest_"))
    }


@pytest.mark.parametrize("name", MODULES)
def test_module_lists_its_public_names(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    listed = set(getattr(module, "__all__", ()))

    assert defined(Path(module.__file__).read_text()) <= listed


@pytest.mark.parametrize("name", MODULES)
def test_listed_names_exist_and_are_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, "the module says its place"

    for public in getattr(module, "__all__", ()):
        value = getattr(module, public)
        made = inspect.isclass(value) or inspect.isfunction(value)
        if made and value.__module__.startswith("pytest_readiness"):
            assert value.__doc__, public


def test_the_package_gives_every_name_that_it_lists() -> None:
    for public in pytest_readiness.__all__:
        assert getattr(pytest_readiness, public).__doc__, public


def test_the_package_lists_every_name_for_dir_and_type_checkers() -> None:
    source = (SOURCE / "__init__.py").read_text()
    imported = {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("pytest_readiness")
        for alias in node.names
    }

    assert imported | {"__version__"} == set(pytest_readiness.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = pytest_readiness.no_such_name
