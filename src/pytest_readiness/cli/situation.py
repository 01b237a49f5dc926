"""What the commands about signatures work on: the same as a run, read the same way."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.catalogue import lock
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.entry import LOCK_NAME, OPTIONS
from pytest_readiness.plugin.inspection import checklist_order, read_suite
from pytest_readiness.plugin.settings import Settings
from pytest_readiness.plugin.signing import Ground, Signing, ledger_files
from pytest_readiness.plugin.suite import default_suite
from pytest_readiness.target.finding import find, no_target_file
from pytest_readiness.target.loading import load
from pytest_readiness.target.release import read_release
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from collections.abc import Mapping

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.signatures import LedgerFiles
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.lock import Lock
    from pytest_readiness.target.configuration import Configuration
    from pytest_readiness.target.model import Target
    from pytest_readiness.target.release import Release

__all__ = ["Situation", "add_arguments"]

_STEMS = frozenset({"config", "target", "trust", "attestations", "out"})
_PINS = frozenset(option.stem for option in OPTIONS if option.outside) - {"run-key"}
"""The run's own key is none of a person's: commands that take it declare it."""


def add_arguments(parser: argparse.ArgumentParser, *, pins: bool = False) -> None:
    """Declare what says where to look: the run's options without their prefix.

    ``pins``: also what the caller knows from outside the repository.
    """
    group = parser.add_argument_group("what it is about")
    for option in OPTIONS:
        if option.stem in _STEMS or (pins and option.stem in _PINS):
            group.add_argument(
                f"--{option.stem}", metavar=option.metavar, help=option.help
            )
    group.add_argument("--suite", type=Path, help="the suite's folder")


@dataclass(frozen=True)
class Situation:
    """A system in an environment at a release, its suite, and what is signed."""

    settings: Settings
    configuration: Configuration
    target: Target
    suite: Path
    lock: Lock

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Situation:
        """Read target file and lock.

        Raises:
            ConfigError: one of them is not what it must be.
        """
        here = Path.cwd()
        settings = Settings.of_command(arguments, os.environ)
        path = find(settings.config, here)
        if path is None:
            raise no_target_file(here)
        configuration = load(path, Redactor(), os.environ)
        suite: Path = arguments.suite or default_suite(path, here)
        return cls(
            settings,
            configuration,
            configuration.select(settings.target),
            suite,
            lock.read(suite / LOCK_NAME),
        )

    @property
    def root(self) -> Path:
        """The folder that evidence files are named from."""
        return self.configuration.path.parent

    @property
    def report(self) -> Path:
        """The folder of the last run's report."""
        return Path.cwd() / self.settings.out

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """The suite's items by id, in the checklist's order.

        Raises:
            ConfigError: the suite is not sound, or is not what its lock says.
        """
        found, problems = read_suite(self.suite)
        items = checklist_order(found, self.lock)
        problems += map(str, lock.compare(self.lock, items))
        if problems:
            raise ConfigError(str(self.suite), problems[0], "run `readiness check`")
        return {item.id: item for item in items}

    @cached_property
    def release(self) -> Release:
        """What is to go live."""
        return read_release(self.configuration, self.root, self.report)

    @property
    def about(self) -> str:
        """Name system, environment and release for people."""
        release = self.release
        source = f"source {release.source[:19]}..." if release.source else "unbound"
        system, environment = self.configuration.system, self.target.name
        return f"{system} in {environment}, release {release.version} ({source})"

    @cached_property
    def target_digest(self) -> str:
        """Digest of the target file's settings."""
        return self.configuration.digest(self.target)

    @property
    def files(self) -> LedgerFiles:
        """Where everything signed is."""
        return ledger_files(self.configuration, self.settings)

    @cached_property
    def _ground(self) -> Ground:
        return Ground.of(
            self.configuration,
            self.target,
            self.release,
            self.target_digest,
            self.lock,
            self.settings,
        )

    @property
    def context(self) -> Context:
        """What a signature is bound to here."""
        return self._ground.context

    def signing(self, now: dt.datetime) -> Signing:
        """Read and verify everything signed, as a run at that moment would."""
        return Signing.read(
            self._ground,
            self.lock,
            now,
            configuration=self.configuration,
            target=self.target,
            settings=self.settings,
            suite=self.suite,
        )
