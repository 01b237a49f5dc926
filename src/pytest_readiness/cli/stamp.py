"""``readiness stamp``: says of a file which release it was made from.

For the job that makes the file: a test report, a scan, a package. Later runs count it
only for that release.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest import envelope
from pytest_readiness.attest.keys import PrivateKey
from pytest_readiness.attest.predicates import Provenance
from pytest_readiness.attest.provenance import stamp_of, stamp_path
from pytest_readiness.attest.run_statement import release_ref
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.cli import console, situation
from pytest_readiness.cli.ci import job_url
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.run_statement import check_runner
from pytest_readiness.probes.look import utc_now

if TYPE_CHECKING:
    import argparse
    import datetime as dt

    from pytest_readiness.cli.situation import Situation

__all__ = ["configure", "run"]

_DATA = "data="


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="what this release's job made"
    )
    parser.add_argument(
        "--data",
        metavar="WORD",
        help="what it was made with, such as masked-production (also: data=WORD)",
    )
    parser.add_argument(
        "--run-key", metavar="FILE", help="a runner's private key, which signs"
    )
    parser.add_argument("--url", help="the job (default: what the CI system says)")
    parser.add_argument("--json", action="store_true", help="for scripts")
    situation.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write FILE.provenance.json beside each file; exit 0, or 4 where one cannot be."""
    words: list[str] = arguments.files
    data = [word.removeprefix(_DATA) for word in words if word.startswith(_DATA)]
    files = [Path(word) for word in words if not word.startswith(_DATA)]
    if not files:
        raise ConfigError("stamp", "no file is named", "name what this job made")
    here = situation.Situation.of(arguments)
    now = utc_now()
    predicate, key = _said(here, arguments, data, now)
    stamps = [_stamp(path, predicate, key) for path in files]
    release = here.release
    if arguments.json:
        signed = predicate.attester or ""
        console.print_json(
            {
                "stamps": list(map(str, stamps)),
                "source": release.source,
                "version": release.version,
                "dirty": release.dirty,
                "signed_by": signed,
            }
        )
        return 0
    by = f"signed by {predicate.attester}" if predicate.attester else "not signed"
    console.say(
        f"{path}: {release.version}, {release.source or 'unbound'}, {by}"
        for path in stamps
    )
    if release.dirty:
        count = len(release.dirty_paths)
        text = f"{count} uncommitted files: the stamp names what is committed"
        console.show([f"readiness: warning: {text}"])
    return 0


def _said(
    here: Situation, arguments: argparse.Namespace, data: list[str], now: dt.datetime
) -> tuple[Provenance, PrivateKey | None]:
    """Give what all the stamps say, and the key where one is given."""
    key, attester = None, None
    path = here.settings.run_key
    if path is not None:
        trust = here.signing(now).signatures.trust
        attester = check_runner(path, trust, now).id
        key = PrivateKey.read(path)
    release = here.release
    note = arguments.data or (data[-1] if data else None)
    predicate = Provenance(
        release=release_ref(release.version, release.source, release.commit),
        issued_at=now,
        attester=attester,
        data=note or None,
        url=arguments.url or job_url(os.environ) or None,
    )
    return predicate, key


def _stamp(path: Path, predicate: Provenance, key: PrivateKey | None) -> Path:
    try:
        payload = stamp_of(path, predicate)
        line = payload if key is None else envelope.sign(payload, key)
        target = stamp_path(path)
        write_atomically(target, line + b"\n")
    except OSError as error:
        what = f"cannot be stamped ({error.strerror})"
        raise ConfigError(str(path), what, "name a file that is there") from None
    return target
