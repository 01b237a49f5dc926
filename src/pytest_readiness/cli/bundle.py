"""``readiness bundle``: one archive with all that was judged, signed and certified.

For an auditor who has neither this tool nor the repository: its ``verify.sh`` needs
openssl, jq and coreutils, and checks every file and every signature in it.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.provenance import SUFFIX
from pytest_readiness.catalogue.canonical import canonical, digest
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.cli import console, situation
from pytest_readiness.errors import StoreError
from pytest_readiness.plugin.entry import LOCK_NAME
from pytest_readiness.probes.look import utc_now

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.cli.situation import Situation

__all__ = ["FORMAT", "configure", "run"]

FORMAT = "pytest-readiness/bundle/1"
_MANIFEST = "manifest.json"
_SCRIPT = "verify.sh"
_LEFT_OUT = frozenset({".gitignore"})
_MODE, _RUNS = 0o644, 0o755


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "archive", nargs="?", type=Path, metavar="FILE.tar.gz", help="what is written"
    )
    parser.add_argument(
        "--add",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="artefacts that go with it, each with its stamp",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    situation.add_arguments(parser)


@dataclass
class _Bundle:
    """What goes into the archive, by name."""

    entries: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, path: Path) -> None:
        """Take a file in.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            self.entries[name] = path.read_bytes()
        except OSError as error:
            what = f"cannot be read: {error.strerror or error}"
            raise StoreError(str(path), what, "name what is there") from None

    def add_folder(self, name: str, folder: Path) -> None:
        """Take a folder's files in, where there is one."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name not in _LEFT_OUT:
                self.add(f"{name}/{path.relative_to(folder).as_posix()}", path)


def run(arguments: argparse.Namespace) -> int:
    """Write the archive; exit 0, 4 where something cannot be read."""
    here = situation.Situation.of(arguments)
    signing = here.signing(utc_now())
    trust = signing.signatures.trust
    if trust is None:
        reason = "there is no trust file, so nothing in a bundle could be verified"
        raise Refused(Code.NO_TRUST_FILE, reason, str(here.files.trust))
    bundle = _gather(here, trust, arguments.add)
    archive = arguments.archive or Path(f"{here.configuration.system}-readiness.tar.gz")
    try:
        write_atomically(archive, _packed(bundle, archive.name.removesuffix(".tar.gz")))
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        raise StoreError(str(archive), what, "name another file") from None
    certified = any(
        name.endswith("certificate.intoto.jsonl") for name in bundle.entries
    )
    for text in _warnings(here, certified=certified):
        console.show([f"readiness: warning: {text}"])
    if arguments.json:
        document = {
            "archive": str(archive),
            "files": sorted(bundle.entries),
            "certified": certified,
        }
        console.print_json(document)
    else:
        console.say([f"{archive}: {len(bundle.entries)} files; run {_SCRIPT} in it"])
    return 0


def _warnings(here: Situation, *, certified: bool) -> Iterator[str]:
    if not certified:
        yield f"{here.report}: there is no certificate among what was bundled"


def _gather(here: Situation, trust: Trust, artefacts: list[Path]) -> _Bundle:
    """Collect everything, the manifest last."""
    bundle, signed = _Bundle(), here.files
    bundle.add_folder("report", here.report)
    bundle.add("trust/trust.toml", signed.trust)
    for name, path in (
        ("trust/trust.intoto.jsonl", signed.approvals),
        ("trust/snapshot.txt", signed.snapshot),
    ):
        if path.is_file():
            bundle.add(name, path)
    for path in filter(None, (signed.attestations, signed.folder)):
        if path.is_dir():
            bundle.add_folder("ledger/attestations", path)
        elif path.is_file():
            bundle.add("ledger/attestations.intoto.jsonl", path)
    bundle.add_folder("certificates", signed.trust.parent / "certificates")
    bundle.add(f"suite/{LOCK_NAME}", here.suite / LOCK_NAME)
    for path in artefacts:
        bundle.add(f"artefacts/{path.name}", path)
        stamp = path.with_name(f"{path.name}{SUFFIX}")
        bundle.add(f"artefacts/{stamp.name}", stamp)
    keys = {}
    for fingerprint, (person, key) in sorted(trust.by_fingerprint.items()):
        name = f"keys/{person.id}-{digest(key.key.blob)[:12]}.pem"
        bundle.entries[name] = key.key.pem.encode()
        keys[fingerprint] = {
            "file": name,
            "person": person.id,
            "kind": person.kind,
            "roles": list(person.roles),
            "algorithm": str(key.key.kind),
            "valid": f"{day(key.not_before)} to {day(key.not_after)}",
            "status": str(key.status),
        }
    script = files("pytest_readiness.cli").joinpath("verify.sh").read_bytes()
    bundle.entries[_SCRIPT] = script
    manifest = {
        "format": FORMAT,
        "system": here.configuration.system,
        "environment": here.target.name,
        "release": here.release.version,
        "source": here.release.source or "",
        "keys": keys,
        "files": {name: digest(data) for name, data in sorted(bundle.entries.items())},
    }
    bundle.entries[_MANIFEST] = canonical(manifest) + b"\n"
    return bundle


def _packed(bundle: _Bundle, folder: str) -> bytes:
    """Pack the files; equal files give equal bytes."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as packed,
        tarfile.open(mode="w", fileobj=packed, format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, data in sorted(bundle.entries.items()):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(data), _RUNS if name == _SCRIPT else _MODE
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
