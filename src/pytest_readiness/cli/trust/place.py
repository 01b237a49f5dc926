"""Where the trust file is, what it was before, and who approved it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest import ledger
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.ledger import Tally
from pytest_readiness.attest.line import says
from pytest_readiness.attest.predicates import TrustApproval
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.attest.trust_file import MAX_TRUST_SIZE, read_trust
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.entry import OPTIONS
from pytest_readiness.plugin.settings import Settings
from pytest_readiness.plugin.signing import ledger_files
from pytest_readiness.target.finding import find, no_target_file
from pytest_readiness.target.git import Git, NoRepository
from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.signatures import LedgerFiles
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.target.configuration import Configuration

__all__ = ["Place", "add_arguments"]

_STEMS = frozenset({"config", "trust", "attestations"})
_MOST_VERSIONS = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what says where the files are."""
    group = parser.add_argument_group("where it is")
    for option in OPTIONS:
        if option.stem in _STEMS:
            group.add_argument(
                f"--{option.stem}", metavar=option.metavar, help=option.help
            )


@dataclass(frozen=True)
class Place:
    """A system's trust file and its ledger; no target need be named."""

    configuration: Configuration
    settings: Settings
    files: LedgerFiles

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Place:
        """Find them.

        Raises:
            ConfigError: there is no target file, or it is not what it must be.
        """
        settings = Settings.of_command(arguments, os.environ)
        path = find(settings.config, Path.cwd())
        if path is None:
            raise no_target_file(Path.cwd())
        configuration = load(path, Redactor(), os.environ)
        return cls(configuration, settings, ledger_files(configuration, settings))

    def read(self) -> bytes:
        """Give the trust file's bytes.

        Raises:
            Refused: NO_TRUST_FILE, or it is too large, or no file.
            ConfigError: it cannot be read.
        """
        path = self.files.trust
        try:
            with open_regular(path, MAX_TRUST_SIZE) as stream:
                return stream.read()
        except FileNotFoundError:
            code = Code.NO_TRUST_FILE
            raise Refused(code, code.meaning, str(path)) from None
        except OSError as error:
            raise ConfigError(str(path), f"cannot be read ({error.strerror})") from None

    def trust(self) -> Trust:
        """Read the trust file.

        Raises:
            Refused: there is none, or TRUST_INVALID.
        """
        return read_trust(self.read(), str(self.files.trust))

    def versions(self) -> list[bytes] | None:
        """Give what the repository has of the file, the newest first.

        None where there is no repository to ask.
        """
        path = self.files.trust
        git = Git(path.parent)
        try:
            known = git.ask(
                "log", "--format=%H", f"-n{_MOST_VERSIONS}", "--", path.name
            )
            return [
                git.ask("show", f"{commit}:./{path.name}")
                for commit in known.decode().split()
            ]
        except (NoRepository, ConfigError):
            return None

    def before(self, data: bytes) -> Trust | None:
        """Give the version that was committed before these bytes, if there is one."""
        for old in self.versions() or ():
            if old != data:
                return read_trust(old, f"{self.files.trust}, as it was committed")
        return None

    def approvals(self, trust: Trust) -> list[Line[TrustApproval]]:
        """Give the approvals that keys of this trust file have signed."""
        judged = ledger.read(self.files.approvals, trust, Tally())
        lines = (one.line for one in judged)
        return [line for line in lines if line and says(line, TrustApproval)]
