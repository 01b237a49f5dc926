"""The options of one run, frozen: command line before environment before ini."""

from __future__ import annotations

import datetime as dt
import os
import re
import shlex
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

__all__ = ["DEMO", "Settings", "origin"]

DEMO = "demo"
"""The name of the embedded target."""

_YES, _NO = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


def _switch(text: str) -> bool:
    word = text.strip().lower()
    if word not in _YES | _NO:
        msg = f"{text!r} is neither true nor false"
        raise ValueError(msg)
    return word in _YES


def _sha256(text: str) -> str:
    digits = text.strip().lower().removeprefix("sha256:")
    if re.fullmatch("[0-9a-f]{64}", digits) is None:
        msg = f"{text!a} is no sha256 (64 hexadecimal digits)"
        raise ValueError(msg)
    return digits


def _number(text: str) -> int:
    if not text.strip().isdecimal():
        msg = f"{text!a} is no number, write it like 2"
        raise ValueError(msg)
    return int(text)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.replace(",", " ").split())


_CONVERTERS: dict[str, Callable[[str], object]] = {
    "config": Path,
    "out": Path,
    "deadline": parse_duration,
    "open": _switch,
    "no-gate": _switch,
    "strict": _switch,
    "trust": Path,
    "attestations": Path,
    "trust-root": _words,
    "trust-root-threshold": _number,
    "min-trust-version": _number,
    "min-snapshot-version": _number,
    "authors": _words,
    "previous-certificate": Path,
    "plugin-sha256": _sha256,
    "run-key": Path,
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


def origin(config: pytest.Config, flag: str) -> str:
    """Say where an option of the command line comes from: "" where it was typed.

    Else PYTEST_ADDOPTS, or the ini whose ``addopts`` have it. The later of these wins
    with pytest, so the first here that has the option is where it comes from.
    """
    pattern = f"{flag}(=|$)" if flag.startswith("--") else rf"-[qsvxl]*{flag[1]}"
    form = re.compile(pattern)
    if any(map(form.match, config.invocation_params.args)):
        return ""
    if any(map(form.match, shlex.split(os.environ.get("PYTEST_ADDOPTS", "")))):
        return "PYTEST_ADDOPTS"
    return str(config.inipath)


@dataclass(frozen=True, slots=True)
class _Given:
    """What pytest knows of the options, the caller's words apart from an ini's."""

    config: pytest.Config
    line: argparse.Namespace

    def _said(self, option: Option) -> tuple[object, bool]:
        """Give an option's text, and whether the ini's ``addopts`` say it."""
        value = getattr(self.line, option.dest, None)
        if value is None:
            return None, False
        return value, origin(self.config, option.flag) == str(self.config.inipath)

    def by_caller(self, option: Option) -> object:
        """Give what was typed, or stands in PYTEST_ADDOPTS."""
        value, by_ini = self._said(option)
        return None if by_ini else value

    def by_ini(self, option: Option) -> object:
        """Give what the ini says, in its ``addopts`` or under the option's own key.

        Raises:
            ConfigError: it cannot be read; or the repository under judgement says what
                only somebody outside of it may.
        """
        value, by_ini = self._said(option)
        if option.outside:
            if by_ini:
                what = f"comes from {self.config.inipath or 'a file of arguments'}"
                remedy = f"give it on the command line or as {option.variable}"
                raise ConfigError(option.flag, what, remedy)
            return None
        if by_ini:
            # As pytest's own: what stands in addopts is relative to where it runs.
            return _convert(option, option.flag, value)
        return self._by_key(option)

    def _by_key(self, option: Option) -> object:
        where = f"{self.config.inipath}: {option.dest}"
        try:
            value = self.config.getini(option.dest)
        except (ValueError, pytest.UsageError) as error:  # pytest 8.4 and 9
            raise ConfigError(where, str(error)) from None
        read = _convert(option, where, value)
        if isinstance(read, Path) and self.config.inipath:
            # As pytest's own: what an ini names stands where the ini does.
            return self.config.inipath.parent / read
        return read


def _nowhere(option: Option) -> object:  # noqa: ARG001  # a command has no ini
    return None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user asked for."""

    config: Path | None = None
    target: str | None = None
    gate: str = "go-live"
    out: Path = Path("readiness-report")
    deadline: dt.timedelta = dt.timedelta(minutes=10)
    """For all looks together."""
    open: bool = False
    """Only what the last report has open."""
    no_gate: bool = False
    strict: bool = False
    baseline: str | None = None
    """A file, or ``last``."""
    demo_fault: str | None = None
    trust: Path | None = None
    attestations: Path | None = None
    trust_root: frozenset[str] = frozenset()
    trust_root_threshold: int | None = None
    min_trust_version: int = 0
    min_snapshot_version: int = 0
    system: str | None = None
    release: str | None = None
    authors: frozenset[str] | None = None
    previous_certificate: Path | None = None
    plugin_sha256: str | None = None
    run_key: Path | None = None
    target_from_outside: bool = False
    """Whether ``target`` was named by the caller, not by an ini of the repository."""

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
        words = _Given(config, given or config.option)
        settings = cls._collect(words.by_caller, environ, words.by_ini)
        if settings.demo_fault and not settings.demo:
            raise ConfigError(
                "--readiness-demo-fault",
                f"{settings.demo_fault!r} breaks the demo only",
                "add --readiness-target=demo",
            )
        return settings

    @classmethod
    def of_command(
        cls, given: argparse.Namespace, environ: Mapping[str, str]
    ) -> Settings:
        """Collect the settings of a ``readiness`` command: its options by stem."""
        words: dict[str, object] = vars(given)
        return cls._collect(lambda option: words.get(option.name), environ, _nowhere)

    @classmethod
    def _collect(
        cls,
        typed: Callable[[Option], object],
        environ: Mapping[str, str],
        fall_back: Callable[[Option], object],
    ) -> Settings:
        found: dict[str, object] = {}
        for option in OPTIONS:
            read = _convert(option, option.flag, typed(option))
            if read is None:
                read = _convert(option, option.variable, environ.get(option.variable))
            if option.stem == "target" and read is not None:
                found["target_from_outside"] = True
            # An ini that may not speak is heard, whoever spoke before it.
            if read is None or option.outside:
                by_ini = fall_back(option)
                read = by_ini if read is None else read
            if read is not None:
                found[option.name] = read
        return cls(**found)  # type: ignore[arg-type]  # converted above
