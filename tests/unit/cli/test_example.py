"""``readiness example``: the annotated target file, and the schema for editors."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import jsonschema

from pytest_readiness.cli import main
from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Give what the command prints."""
    assert main(["example", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_it_loads(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "readiness.toml"
    path.write_text(printed(capsys))
    configuration = load(path, Redactor(), {})

    assert "production" in configuration.targets


def test_the_schema_is_one_and_the_example_meets_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    schema = json.loads(printed(capsys, "--schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(json.dumps(tomllib.loads(printed(capsys)), default=str))

    jsonschema.validate(document, schema)
