"""Words of the command line that several commands take: evidence, claims, dates."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Refused
from pytest_readiness.attest.predicates import Evidence
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.errors import ConfigError
from pytest_readiness.target.values import parse_duration

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = [
    "add_evidence",
    "claims",
    "end_date",
    "evidence",
    "moment",
    "within",
]

_LARGEST = 4 * 1024**3


def add_evidence(parser: argparse.ArgumentParser) -> None:
    """Declare what a signer has looked at."""
    parser.add_argument(
        "--evidence",
        action="append",
        default=[],
        metavar="FILE",
        help="a file of the repository; it is hashed again at every run; repeatable",
    )
    parser.add_argument(
        "--evidence-uri",
        action="append",
        default=[],
        nargs=2,
        metavar=("URI", "FILE"),
        help="something elsewhere, by a copy of it; recorded only; repeatable",
    )


def evidence(
    root: Path, here: Path, files: Iterable[str], elsewhere: Iterable[Sequence[str]]
) -> tuple[Evidence, ...]:
    """Hash evidence.

    Raises:
        ConfigError: a file cannot be read, or is not below the repository's root.
    """
    found: list[Evidence] = []
    for name in files:
        path = (here / name).resolve()
        if not path.is_relative_to(root.resolve()):
            what = f"{name} is not below {root}, where a run could look at it again"
            remedy = "copy it there, or use --evidence-uri URI FILE"
            raise ConfigError("--evidence", what, remedy)
        relative = path.relative_to(root.resolve()).as_posix()
        found.append(Evidence(name=relative, digest=_digest("--evidence", path)))
    for uri, name in elsewhere:
        path = here / name
        digest = _digest("--evidence-uri", path)
        found.append(Evidence(name=path.name, digest=digest, uri=uri))
    return tuple(found)


def _digest(option: str, path: Path) -> str:
    try:
        with open_regular(path, _LARGEST) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        what = f"{path} cannot be read ({error.strerror})"
        raise ConfigError(option, what, "name another file") from None
    except Refused as refused:
        what = f"{path} {refused.reason}"
        raise ConfigError(option, what, "name another file") from None


def claims(texts: Iterable[str]) -> dict[str, str | int | bool]:
    """Read ``name=value``: true and false, whole numbers, else text.

    Raises:
        ConfigError: there is no ``=``, or a name stands twice.
    """
    found: dict[str, str | int | bool] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise ConfigError("--claim", f"{text!a} is not NAME=VALUE", "write it so")
        if name in found:
            raise ConfigError("--claim", f"{name} is given twice", "decide for one")
        found[name] = _typed(value)
    return found


def _typed(value: str) -> str | int | bool:
    if value in {"true", "false"}:
        return value == "true"
    try:
        return int(value)
    except ValueError:
        return value


def moment(option: str, text: str) -> dt.datetime:
    """Read a date, or a date and time with its offset.

    Raises:
        ConfigError: it is neither.
    """
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        what = f"{text!a} is no date"
        raise ConfigError(option, what, "as in 2026-10-31") from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def end_date(option: str, text: str, now: dt.datetime) -> dt.datetime:
    """Read an end: of a day without a time the end of that day, in UTC.

    Raises:
        ConfigError: it is no date, or is over.
    """
    found = moment(option, text)
    if "T" not in text and " " not in text:
        found += dt.timedelta(days=1) - dt.timedelta(seconds=1)
    if found <= now:
        raise ConfigError(option, f"{text} is over", "give a later date")
    return found


def within(option: str, text: str) -> dt.timedelta:
    """Read a duration such as ``14d``.

    Raises:
        ConfigError: it is none.
    """
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigError(option, str(error), "as in 14d or 12h") from None
