"""The options of one run, frozen: command line before environment before ini."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.entry import OPTIONS, Option
from pytest_readiness.target.values import parse_duration

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

__all__ = ["DEMO", "Settings"]

DEMO = "demo"
"""The name of the embedded target."""

_YES, _NO = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


def _switch(text: str) -> bool:
    word = text.strip().lower()
    if word not in _YES | _NO:
        msg = f"{text!r} is neither true nor false"
        raise ValueError(msg)
    return word in _YES


_CONVERTERS: dict[str, Callable[[str], object]] = {
    "config": Path,
    "out": Path,
    "deadline": parse_duration,
    "no-gate": _switch,
    "strict": _switch,
}
"""By stem; the others are names and stay texts."""


def _convert(option: Option, where: str, value: object) -> object:
    """Give the setting that a text means; None where nothing is given."""
    if not isinstance(value, str):
        return value
    try:
        return _CONVERTERS.get(option.stem, str)(value) if value else None
    except ValueError as error:
        raise ConfigError(where, str(error)) from None


def _from_ini(option: Option, config: pytest.Config) -> object:
    where = f"{config.inipath}: {option.dest}"
    try:
        value = config.getini(option.dest)
    except (ValueError, pytest.UsageError) as error:  # pytest 8.4 and 9
        raise ConfigError(where, str(error)) from None
    read = _convert(option, where, value)
    if isinstance(read, Path) and config.inipath:
        # As pytest's own: what an ini names stands where the ini does.
        return config.inipath.parent / read
    return read


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user asked for."""

    config: Path | None = None
    target: str | None = None
    gate: str = "go-live"
    out: Path = Path("readiness-report")
    deadline: dt.timedelta = dt.timedelta(minutes=10)
    """For all looks together."""
    no_gate: bool = False
    strict: bool = False
    demo_fault: str | None = None

    @property
    def demo(self) -> bool:
        """Whether the embedded target is judged."""
        return self.target == DEMO

    @classmethod
    def of(
        cls,
        config: pytest.Config,
        environ: Mapping[str, str],
        given: argparse.Namespace | None = None,
    ) -> Settings:
        """Collect the settings; raise ConfigError for one that cannot be read.

        ``given`` is the command line as far as it is known before the conftests are.
        """
        line = given or config.option
        found: dict[str, object] = {}
        for option in OPTIONS:
            read = _convert(option, option.flag, getattr(line, option.dest, None))
            if read is None:
                read = _convert(option, option.variable, environ.get(option.variable))
            if read is None:
                read = _from_ini(option, config)
            if read is not None:
                found[option.stem.replace("-", "_")] = read
        settings = cls(**found)  # type: ignore[arg-type]  # converted above
        if settings.demo_fault and not settings.demo:
            raise ConfigError(
                "--readiness-demo-fault",
                f"{settings.demo_fault!r} breaks the demo only",
                "add --readiness-target=demo",
            )
        return settings
