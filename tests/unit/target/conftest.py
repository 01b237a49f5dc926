"""A target file of one's own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_readiness.target.configuration import Configuration

HEAD = """
[system]
name = "engine"
[release]
version = "1"
"""
TARGET = "[target.production]\n"


class Load(Protocol):
    """Write a target file and load it."""

    def __call__(
        self,
        text: str,
        environ: Mapping[str, str] | None = None,
        *,
        head: str = HEAD,
        timeout: float = 10,
    ) -> Configuration: ...


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def load_text(
    tmp_path: Path, redactor: Redactor, monkeypatch: pytest.MonkeyPatch
) -> Load:
    monkeypatch.chdir(tmp_path)  # so that messages call the file readiness.toml

    def load_it(
        text: str,
        environ: Mapping[str, str] | None = None,
        *,
        head: str = HEAD,
        timeout: float = 10,
    ) -> Configuration:
        path = tmp_path / "readiness.toml"
        path.write_text(head + text, encoding="utf-8")
        return load(path, redactor, environ or {}, command_timeout=timeout)

    return load_it
