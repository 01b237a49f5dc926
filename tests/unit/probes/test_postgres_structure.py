from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.postgres import structure
from pytest_readiness.probes.postgres.reading import named, split_name
from pytest_readiness.probes.postgres.structure import alembic_heads

if TYPE_CHECKING:
    from pathlib import Path


def test_names_go_there_and_back() -> None:
    for name in ("orders", "sales.orders"):
        assert named(*split_name(name)) == name
    assert named("public", "orders", "INSERT", "now") == "orders: INSERT, now"


def script(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)


def test_branches_and_merges_of_alembic(tmp_path: Path) -> None:
    script(tmp_path, "a", "revision = 'a'\ndown_revision = None\n")
    script(tmp_path, "b", "revision = 'b'\ndown_revision = 'a'\nimport os\n")
    script(tmp_path, "c", "x: int\nrevision: str = 'c'\ndown_revision = 'a'\n")
    script(tmp_path, "env", "x = [y for y in ()]\n(a, b) = 1, 2\n")
    assert alembic_heads(tmp_path) == (("b", "c"), ("a",))
    script(tmp_path, "d", "revision = 'd'\ndown_revision = ('b', 'c')\n")
    assert alembic_heads(tmp_path) == (("d",), ("a", "b", "c"))


@pytest.mark.parametrize(
    "text",
    [
        "revision = (",
        "revision = str(1)",
        "revision = 'a'\0",
        "revision = 'b'\ndown_revision = 5\n",
        "revision = " + "-" * 100_000 + "1",
    ],
)
def test_a_script_that_cannot_be_read_is_no_script(text: str, tmp_path: Path) -> None:
    script(tmp_path, "a", text)
    with pytest.raises(LookError, match="a script cannot be read"):
        alembic_heads(tmp_path)


def test_no_scripts_are_no_head(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent", None):
        with pytest.raises(LookError, match="holds no Alembic script"):
            alembic_heads(folder)


def test_scripts_that_are_too_many_or_too_large_are_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, "a", "revision = 'a'\ndown_revision = None\n")
    script(tmp_path, "b", "revision = 'b'\ndown_revision = 'a'\n" + "#" * 200)
    monkeypatch.setattr(structure, "_MAX_SCRIPTS", 1)
    with pytest.raises(LookError, match="holds 2 scripts, at most 1 do"):
        alembic_heads(tmp_path)
    monkeypatch.setattr(structure, "_MAX_SCRIPTS", 2)
    monkeypatch.setattr(structure, "_MAX_SCRIPT", 100)
    with pytest.raises(LookError, match=r"b\.py has over .* no Alembic script"):
        alembic_heads(tmp_path)
