"""The linter on sources that somebody wrote."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes import sources
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.sources import Sources
from pytest_readiness.target.blocks import SourcesBlock

if TYPE_CHECKING:
    from pathlib import Path

BUILT = "cursor.execute(f\"SELECT * FROM t WHERE a = '{word}'\")"


def see(root: Path, timeout: float = 20.0, **settings: object) -> Sources:
    block = SourcesBlock(root=root, **settings)
    return Sources.gather(block, Look(Sources.source(block), timeout))


@pytest.mark.parametrize(
    "line",
    [
        BUILT,
        "cursor.execute(\"SELECT * FROM t WHERE a = '%s'\" % word)",
        'cursor.execute("SELECT * FROM t WHERE a = \'" + word + "\'")',
        "cursor.execute(\"SELECT * FROM t WHERE a = '{}'\".format(word))",
        f"{BUILT}  # noqa: S608",
        f"{BUILT}  # nosec",
        f"{BUILT}  # nosec B608",
        f"{BUILT}  # noqa",
        f"{BUILT}  # nosec B105 - that is another rule's matter",
    ],
)
def test_statements_that_are_built_are_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.py").write_text(f"def f(cursor, word):\n    {line}\n")
    facts = see(tmp_path)
    assert facts.built_sql.value == ("a.py:2",)
    assert facts.python_files.value == 1


@pytest.mark.parametrize(
    "line",
    [
        'cursor.execute("SELECT * FROM t WHERE a = %s", (word,))',
        f"{BUILT}  # nosec B608: word is a constant of ours",
        f"{BUILT}  # noqa: S608  # word is a constant of ours",
        f"{BUILT}  # noqa: E501, S608 - word is a constant of ours",
    ],
)
def test_parameters_and_explained_excuses_are_good(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.py").write_text(f"def f(cursor, word):\n    {line}\n")
    assert see(tmp_path).built_sql.value == ()


def test_the_repository_s_own_settings_have_no_say(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"def f(cursor, word):\n    {BUILT}\n")
    (tmp_path / "ruff.toml").write_text('exclude = ["*.py"]\n[lint]\nselect = ["E"]\n')
    assert see(tmp_path).built_sql.value == ("a.py:2",)


def test_what_is_excluded_is_not_read(tmp_path: Path) -> None:
    for name in ("app", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text(f"def f(cursor, word):\n    {BUILT}\n")
    facts = see(tmp_path, exclude=("tests/*",))
    assert facts.built_sql.value == ("app/a.py:2",)
    assert see(tmp_path, paths=("tests/a.py",)).built_sql.value == ("tests/a.py:2",)


@pytest.mark.parametrize(
    ("settings", "says", "cause"),
    [
        ({"paths": ("gone",)}, "is not there", Cause.LOCAL),
        ({"exclude": ("*",)}, "there is no Python below", Cause.UNCONFIGURED),
    ],
)
def test_nothing_to_read(
    tmp_path: Path, settings: dict[str, object], says: str, cause: Cause
) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    reason = see(tmp_path, **settings).reason
    assert says in reason.reason
    assert reason.cause is cause


def test_what_is_no_python_is_not_called_clean(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(:\n")
    assert see(tmp_path).reason.reason.startswith("a.py:1 cannot be parsed")


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 3", "ruff ended with 3"),
        ("echo nonsense", "ruff ended with 0, and did not say"),
        ("echo '{}'", "did not say what it found"),
        ("sleep 30", "no answer within"),
    ],
)
def test_a_linter_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    program = tmp_path / "ruff"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sources, "_ruff", lambda: str(program))
    began = time.monotonic()
    assert says in see(tmp_path, timeout=2.0).reason.reason
    assert time.monotonic() - began < 10


def test_without_a_linter_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    monkeypatch.setattr(sources.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = see(tmp_path).reason
    assert reason.reason == "ruff is not installed"
    assert "pytest-readiness[sources]" in reason.remedy
