"""The versions that are supported: every Python with every pytest.

``nox`` runs them all, ``nox --list`` shows their names, and what follows ``--`` goes to
pytest. An interpreter that the machine lacks is skipped by name.
"""

from __future__ import annotations

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "virtualenv"  # uv would not honour pip's settings
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

SUITES = ("tests/unit", "tests/plugin", "tests/properties", "tests/integration")
EDGES = {("3.11", "8.4"), ("3.12", "9"), ("3.13", "9")}
"""What continuous integration takes of them, so that it ends in time."""


@nox.session
@nox.parametrize(
    ("python", "pytest"),
    [
        nox.param(python, pytest, tags=["edges"] * ((python, pytest) in EDGES))
        for python in ("3.11", "3.12", "3.13")
        for pytest in ("8.4", "9")
    ],
)
def tests(session: nox.Session, pytest: str) -> None:
    """Test the wheel, as a user gets it."""
    project = nox.project.load_toml("pyproject.toml")
    group = nox.project.dependency_groups(project, "test")
    session.install("-qq", ".[demo]", f"pytest=={pytest}.*", *group)
    workers = ("-n2", "--dist=loadfile")
    session.run("python", "-m", "pytest", *workers, *(session.posargs or SUITES))
