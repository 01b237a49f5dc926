"""The digest of the installed package is the one that its wheel's RECORD gives."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest_readiness
from pytest_readiness.attest.package import installed_package, package_digest

ROOT = Path(pytest_readiness.__file__).parents[2]


def by_record(wheel: Path) -> str:
    """Do what the module's shell lines do: RECORD, the package's lines, sorted."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/RECORD"))
        lines = archive.read(name).splitlines(keepends=True)
    own = sorted(line for line in lines if line.startswith(b"pytest_readiness/"))
    assert len(own) > 100
    assert all(len(row) == 3 for row in csv.reader(line.decode() for line in own))
    return hashlib.sha256(b"".join(own)).hexdigest()


def test_a_wheel_and_its_installation_have_one_digest(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d"]
    subprocess.run([*build, tmp_path], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    package = tmp_path / "site" / "pytest_readiness"
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_bytes(b"made by the installer")

    assert package_digest(package) == by_record(wheel)

    (package / "probes" / "tls.py").write_text("def probe(): return 'fine'\n")
    assert package_digest(package) != by_record(wheel)


def test_the_running_package_is_named_with_its_version() -> None:
    found = installed_package()

    assert found.name == f"pytest_readiness-{pytest_readiness.__version__}"
    assert found.digest == package_digest(Path(pytest_readiness.__file__).parent)
