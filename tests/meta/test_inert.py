"""Installed and unused, the plugin is next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OURS = "pytest_readiness"
AT_MOST = 3
REPORT = """
import json, sys
def pytest_unconfigure(config):
    with open("modules.json", "w") as file:
        json.dump(sorted(sys.modules), file)
"""


def modules(folder: Path, *options: str) -> set[str]:
    """Give what an ordinary pytest run in the folder has imported."""
    (folder / "conftest.py").write_text(REPORT)
    (folder / "test_plain.py").write_text("def test_plain():\n    assert True\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    subprocess.run([*command, *options], cwd=folder, check=True, capture_output=True)
    return set(json.loads((folder / "modules.json").read_text()))


def test_an_unused_plugin_loads_three_modules_and_nothing_foreign(
    tmp_path: Path,
) -> None:
    installed = modules(tmp_path)
    blocked = modules(tmp_path, "-p", "no:readiness")

    added = installed - blocked
    ours = {name for name in added if name.split(".")[0] == OURS}
    assert 0 < len(ours) <= AT_MOST, ours
    assert added - ours == set()
    assert not any(name.split(".")[0] == OURS for name in blocked)


def test_the_package_alone_imports_neither_driver_nor_crypto(tmp_path: Path) -> None:
    code = "import json, sys, pytest_readiness; print(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", code]
    output = subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout

    loaded = {name.split(".")[0] for name in json.loads(output)}
    heavy = {"cryptography", "psycopg", "pydantic", "pytest", "redis", "requests"}
    assert OURS in loaded
    assert loaded & heavy == set()
