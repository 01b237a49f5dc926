"""Every command line in the documentation is one that the command understands."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from pytest_readiness.cli import COMMANDS, main

DOCS = Path(__file__).resolve().parents[2] / "docs"
LINE = re.compile(
    r"^\s*\$ (?:uvx --from pytest-readiness )?readiness (.+)$", re.MULTILINE
)
INLINE = re.compile(r"`readiness ((?:[a-z-]+)(?: [^`]*)?)`")
PLACEHOLDERS = re.compile(r"\.\.\.|…")

LINES = sorted(
    {
        (page.relative_to(DOCS).as_posix(), match)
        for page in DOCS.rglob("*.md")
        for match in LINE.findall(page.read_text())
        if not PLACEHOLDERS.search(match)
    }
)


@pytest.mark.parametrize(("page", "line"), LINES)
def test_it_is_understood(
    page: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(line, comments=True)
    command = words[0]
    assert command in COMMANDS, page
    module = {"import": "import_"}.get(command, command)
    monkeypatch.setattr(
        import_module(f"pytest_readiness.cli.{module}"), "run", lambda _: 0
    )

    assert main(words) == 0


def test_the_documentation_has_some() -> None:
    assert len(LINES) > 30


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_commands_in_sentences_exist(page: Path) -> None:
    named = {match.split()[0] for match in INLINE.findall(page.read_text())}

    assert named <= COMMANDS.keys()
