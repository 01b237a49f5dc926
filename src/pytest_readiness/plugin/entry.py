"""The entry point that pytest loads: options, and nothing else until ``--readiness``.

This module, its package and ``pytest_readiness`` itself are all of ours that an
ordinary test run imports.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, MutableMapping

__all__ = ["LOCK_NAME", "METADATA", "OPTIONS", "SUITE_NAME", "Option", "is_active"]

LOCK_NAME = "suite.lock"
METADATA = pytest.StashKey["MutableMapping[str, object]"]()
"""pytest-metadata's table, where that plugin is installed."""
SUITE_NAME = "readiness_suite"


class Option(NamedTuple):
    """One setting: ``--readiness-STEM``, ini ``readiness_STEM``, ``READINESS_STEM``."""

    stem: str
    help: str
    metavar: str = ""
    """Empty for a switch."""
    outside: bool = False
    """Never read from an ini: it must not come from the repository under judgement."""

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return f"--readiness-{self.stem}"

    @property
    def name(self) -> str:
        """The setting's name in Python."""
        return self.stem.replace("-", "_")

    @property
    def dest(self) -> str:
        """The ini key, and the attribute of pytest's namespace."""
        return f"readiness_{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable."""
        return self.dest.upper()


OPTIONS = (
    Option(
        "config", "the target file (default: readiness.toml, here or above)", "FILE"
    ),
    Option("target", "the environment to judge, or 'demo'", "NAME"),
    Option("gate", "which stages must be ready (default: go-live)", "NAME"),
    Option("out", "folder for the reports (default: readiness-report)", "DIR"),
    Option("deadline", "the whole run's limit, such as 90s or 10m", "TIME"),
    Option("open", "only what the last report has open; never READY, see the docs"),
    Option("no-gate", "report only: not-ready verdicts exit 0"),
    Option("strict", "READY WITH WAIVERS exits 1"),
    Option("baseline", "a past report to compare with; 'last': the store's", "FILE"),
    Option("demo-fault", "break the demo target in one named way", "NAME"),
    Option("trust", "the trust file (default: .readiness/trust.toml)", "FILE"),
    Option("attestations", "the signed attestations, a file or a folder", "PATH"),
    Option(
        "trust-root",
        "fingerprints of those who must have approved the trust file",
        "SHA256:...",
        outside=True,
    ),
    Option(
        "trust-root-threshold", "how many of them must have", "NUMBER", outside=True
    ),
    Option("min-trust-version", "oldest version that counts", "NUMBER", outside=True),
    Option(
        "min-snapshot-version", "oldest snapshot that counts", "NUMBER", outside=True
    ),
    Option("system", "the system that must be under judgement", "NAME", outside=True),
    Option(
        "release",
        "the release that must be under judgement: its source or version",
        "DIGEST",
        outside=True,
    ),
    Option(
        "authors", "mail addresses of who wrote the change", "MAIL,...", outside=True
    ),
    Option(
        "previous-certificate",
        "the last certificate: nothing may be older than what it names",
        "FILE",
        outside=True,
    ),
    Option(
        "plugin-sha256",
        "digest that the installed plugin must have",
        "DIGEST",
        outside=True,
    ),
    Option(
        "run-key",
        "a runner's private key, which vouches for the report",
        "FILE",
        outside=True,
    ),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; the same table gives ini keys and variables."""
    group = parser.getgroup("readiness", "production readiness")
    group.addoption(
        "--readiness",
        action="store_true",
        default=False,
        help="judge the target of readiness.toml: may it go live?",
    )
    for option in OPTIONS:
        if option.metavar:
            group.addoption(
                option.flag, dest=option.dest, metavar=option.metavar, help=option.help
            )
        else:
            # None, not False: the environment or the ini may say yes.
            group.addoption(
                option.flag,
                dest=option.dest,
                action="store_true",
                default=None,
                help=option.help,
            )
        kind: Literal["bool"] | None = None if option.metavar else "bool"
        if not option.outside:
            parser.addini(option.dest, option.help, type=kind, default=None)


def is_active(config: pytest.Config) -> bool:
    """Whether this process judges a target.

    Not in a worker of another plugin, and not where pytest only explains itself.
    """
    option = config.option
    explains = (option.help, option.version, option.markers, option.showfixtures)
    return (
        bool(option.readiness)
        and not any(explains)
        and not hasattr(config, "workerinput")
    )


@pytest.hookimpl(trylast=True, optionalhook=True)
def pytest_metadata(
    metadata: MutableMapping[str, object], config: pytest.Config
) -> None:
    """Empty pytest-metadata's table: it copies ``GIT_URL``, token included."""
    if is_active(config):
        metadata.clear()
        config.stash[METADATA] = metadata


def _is_suite(folder: str) -> bool:
    return Path(folder).name == SUITE_NAME or os.path.isfile(  # noqa: PTH113  # hot path
        os.path.join(folder, LOCK_NAME)  # noqa: PTH118  # hot path
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, args: list[str]
) -> Generator[None, object, object]:
    """Find the suite before conftests are loaded, or refuse one named by mistake."""
    known = early_config.known_args_namespace
    if not known.readiness:
        _refuse_suites(known.file_or_dir)
        return (yield)
    from pytest_readiness.plugin.startup import LastWord, choose_suite  # noqa: PLC0415

    choose_suite(early_config, args)
    result = yield
    early_config.pluginmanager.register(LastWord())
    return result


def _in_suite(arg: str) -> bool:
    path = Path(arg.split("::", 1)[0]).absolute()
    return path.exists() and any(_is_suite(str(p)) for p in (path, *path.parents))


def _refuse_suites(paths: list[str]) -> None:
    for arg in filter(_in_suite, paths):
        msg = f"{arg}: this is a readiness suite; add --readiness to judge a target"
        raise pytest.UsageError(msg)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load the target and register the rest of the plugin, or keep out of the way."""
    if is_active(config):
        from pytest_readiness.plugin.startup import activate  # noqa: PLC0415  # lazy

        activate(config)
    elif config.option.readiness:
        return
    elif config.args_source is config.ArgsSource.TESTPATHS:
        # What pytest starts from is not asked about in pytest_ignore_collect.
        config.args = [arg for arg in config.args if not _in_suite(arg)]
    else:
        _refuse_suites(config.args)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Keep a readiness suite out of ordinary test runs."""
    if config.option.readiness or not _is_suite(str(collection_path)):
        return None
    return True
