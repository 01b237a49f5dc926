"""``readiness example``: an annotated target file, or the schema for editors."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of readiness.toml"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    if arguments.schema:
        from pytest_readiness.target.schema import json_schema  # noqa: PLC0415

        text = json.dumps(json_schema(), indent=2) + "\n"
    else:
        text = (
            files("pytest_readiness.target").joinpath("example.toml").read_text("utf-8")
        )
    sys.stdout.write(text)
    return 0
