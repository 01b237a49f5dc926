"""``readiness attach SYSTEM TICKET``: the report on a ticket, once, however often.

The report's files are attached, each under a name that environment and gate begin. What
an earlier call put there is replaced, nobody else's.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_readiness.attest.certificate import CERTIFICATE, REPORT_PAGE
from pytest_readiness.catalogue.rendering import printable
from pytest_readiness.cli import console, stored
from pytest_readiness.cli.tickets.api import Api, File, Refusal
from pytest_readiness.cli.tickets.attaching import attach
from pytest_readiness.cli.tickets.roundup import Roundup
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.run_statement import RUN_STATEMENT
from pytest_readiness.store.files import REPORT, parse_report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from pytest_readiness.store.document import Report

__all__ = ["configure", "run"]

_TOKEN: Final = "READINESS_TICKET_TOKEN"  # noqa: S105  # the variable's name
_COMMAND_TIME = 60
_FILES: Final = (REPORT_PAGE, REPORT, RUN_STATEMENT, CERTIFICATE)
"""Attached where they are there; the certificate is verified with its report."""
_KINDS: Final = {
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".xml": "application/xml",
    ".csv": "text/csv",
}


@dataclass(frozen=True, slots=True)
class _Login:
    """How requests are made known as somebody's."""

    token: str
    user: str

    @property
    def basic(self) -> str:
        pair = f"{self.user}:{self.token}".encode()
        return f"Basic {b64encode(pair).decode()}"


def _roundup(login: _Login, url: str) -> dict[str, str]:
    # What its defence against forged requests asks for.
    origin = "/".join(url.split("/")[:3])
    return {
        "Authorization": login.basic,
        "X-Requested-With": "rest",
        "Origin": origin,
        "Referer": f"{url.rstrip('/')}/",
    }


_HEADERS: Final[Mapping[str, Callable[[_Login, str], dict[str, str]]]] = {
    "roundup": _roundup,
}
"""By system: what makes a request known as somebody's."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("system", choices=sorted(_HEADERS), metavar="SYSTEM")
    parser.add_argument(
        "ticket",
        metavar="TICKET",
        help="roundup: the number of an issue",
    )
    stored.add_report(parser)
    parser.add_argument("--url", required=True, help="the tracker's address")
    parser.add_argument("--user", required=True, help="whose token it is")
    token = parser.add_mutually_exclusive_group()
    token.add_argument(
        "--token-env", metavar="NAME", help=f"the token's variable ({_TOKEN})"
    )
    token.add_argument("--token-file", type=Path, metavar="FILE")
    token.add_argument("--token-command", metavar="COMMAND", help="it prints the token")
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="a private CA")
    parser.add_argument(
        "--file",
        action="append",
        metavar="NAME",
        help="of the report's folder; repeatable (default: report, run, certificate)",
    )
    parser.add_argument("--dry-run", action="store_true", help="read, change nothing")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 once it is there, 1 where the system refuses."""
    path = stored.named(arguments.report)
    data = stored.bytes_of(path)
    report = parse_report(data, str(path))
    url: str = arguments.url
    login = _Login(_token(arguments), arguments.user)
    secrets = (login.token, login.basic.removeprefix("Basic "))
    headers = _HEADERS[arguments.system](login, url)
    api = Api(url, headers, secrets, arguments.ca_file)
    if arguments.dry_run:
        console.say(["dry run: nothing is changed"])
    system = Roundup(api, arguments.ticket, arguments.user)
    files = _files(arguments, report, path.parent)
    try:
        for line in attach(system, files, dry=arguments.dry_run):
            console.say(console.wrapped(line))
    except Refusal as refusal:
        console.show([f"readiness: {refusal}"])
        return 1
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        what = f"its answer is not the documented one ({type(error).__name__})"
        console.show([f"readiness: {url}: {what}; is it a {arguments.system}?"])
        return 1
    return 0


def _files(arguments: argparse.Namespace, report: Report, folder: Path) -> list[File]:
    """Read what is attached; environment and gate keep reports on one ticket apart."""
    names = arguments.file or [name for name in _FILES if (folder / name).is_file()]
    before = f"{report.environment}.{report.gate.name}"
    return [
        File(
            name=printable(f"{before}.{Path(name).name}"),
            data=stored.bytes_of(folder / name),
            kind=_KINDS.get(Path(name).suffix, "application/octet-stream"),
        )
        for name in names
    ]


def _token(arguments: argparse.Namespace) -> str:
    """Give the token; it is on no command line, where others would see it.

    Raises:
        ConfigError: there is none, or it cannot be sent.
    """
    if arguments.token_file is not None:
        where = str(arguments.token_file)
        text = stored.bytes_of(arguments.token_file).decode(errors="replace")
    elif arguments.token_command is not None:
        where = "--token-command"
        text = _printed(arguments.token_command)
    else:
        where = arguments.token_env or _TOKEN
        text = os.environ.get(where, "")
    token = text.strip()
    if not token:
        raise ConfigError(where, "gives no token", "set it, or name another place")
    if not token.isascii() or not token.isprintable():
        raise ConfigError(where, "gives what no header can carry", "set it anew")
    return token


def _printed(command: str) -> str:
    try:
        done = subprocess.run(
            shlex.split(command),
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            timeout=_COMMAND_TIME,
            check=True,
            text=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # The error's text may quote what was printed.
        what = f"failed: {type(error).__name__}"
        raise ConfigError("--token-command", what, "run it by hand") from None
    return done.stdout
