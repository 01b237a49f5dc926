"""The annotated target file that ``readiness example`` prints."""

from __future__ import annotations

from importlib.resources import files

__all__ = ["example"]


def example() -> str:
    """Give the annotated example of a target file."""
    return files("pytest_readiness.target").joinpath("example.toml").read_text("utf-8")
