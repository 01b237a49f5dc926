"""What the caller knows beside the trust file: plugin, suite, the last certificate.

All of it can only close the gate: it comes from outside the repository under judgement,
and what it does not fit is not to be believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.certificate import SNAPSHOT, STATEMENTS, TRUST
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.failure import Failure
from pytest_readiness.attest.issued import MAX_SIZE, read_issued, unverified
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.package import installed_package
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.attest.snapshot import MAX_ENTRIES
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.catalogue.tree import git_tree
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.attest.issued import Issued
    from pytest_readiness.attest.signatures import Signatures
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.plugin.settings import Settings

__all__ = ["CERTIFICATE_SUFFIX", "Previous", "hold", "previous", "statements_path"]

CERTIFICATE_SUFFIX = ".intoto.jsonl"
_ENTRY = re.compile(r"[0-9a-f]{64}")
_ENTRY_SIZE = 65
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_SHA256_DIGITS = 64
_SHOWN = 3


def statements_path(certificate: Path) -> Path:
    """Give the list of what was signed when a certificate was made, beside it."""
    name = certificate.name.removesuffix(CERTIFICATE_SUFFIX)
    return certificate.with_name(f"{name}.{STATEMENTS}")


@dataclass(frozen=True)
class Previous:
    """The last certificate, as the caller gives it."""

    path: Path
    data: bytes
    issued: Issued
    """Not yet verified: until then it is used for nothing but lowest versions."""

    @property
    def trust_version(self) -> int:
        """The trust file's version at that time."""
        return self.issued.certificate.number(TRUST, "version")

    @property
    def snapshot_version(self) -> int:
        """The snapshot's version at that time; 0 where there was none."""
        return self.issued.certificate.number(SNAPSHOT, "version")

    @property
    def commit(self) -> str:
        """The commit that was certified; empty where it names none."""
        commit = self.issued.certificate.judged.commit or ""
        return commit if _COMMIT.fullmatch(commit) else ""

    def check(self, found: Signatures, trust: Trust, system: str) -> None:
        """Verify it, and say what it knew of and is gone.

        Raises:
            Refused: no person of the trust file has signed it, it is another system's,
                or the list that belongs to it is another one.
        """
        where = str(self.path)
        issued = read_issued(self.data, trust, where)
        sound = [
            one
            for one in issued.certifiers
            if one.person.human and not one.key.compromised
        ]
        if not sound:
            reason = "no person with a sound key has signed it"
            raise Refused(Code.KEY_NOT_VALID, reason, where)
        named = issued.certificate.judged.system
        if named != system:
            reason = f"for {named!a}, but {system!a} is judged"
            raise Refused(Code.WRONG_SYSTEM, reason, where)
        gone = found.gone(self._statements())
        if gone:
            shown = ", ".join(gone[:_SHOWN])
            more = f" and {len(gone) - _SHOWN} more" if len(gone) > _SHOWN else ""
            certified = day(issued.certificate.issued_at)
            found.warnings.append(
                f"{len(gone)} signed statements that the certificate of {certified}"
                f" knew are gone: payload {shown}{more}"
            )

    def _statements(self) -> list[str]:
        """Read the list; it must be the one that the certificate names."""
        named = self.issued.certificate.digests.get(STATEMENTS)
        if named is None:
            return []
        path = statements_path(self.path)
        try:
            with open_regular(path, MAX_ENTRIES * _ENTRY_SIZE) as stream:
                content = stream.read()
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
            raise Refused(Code.ARTIFACT_CHANGED, reason, str(path)) from None
        lines = content.decode("ascii", "replace").splitlines()
        if digest(content) != named or not all(map(_ENTRY.fullmatch, lines)):
            reason = "is not the list that the certificate names"
            raise Refused(Code.ARTIFACT_CHANGED, reason, str(path))
        return lines


def previous(settings: Settings) -> Previous | None:
    """Read the last certificate, where the caller gives one.

    Raises:
        ConfigError: it cannot be read.
        Refused: it is no certificate.
    """
    path = settings.previous_certificate
    if path is None:
        return None
    try:
        with open_regular(path, MAX_SIZE) as stream:
            data = stream.read()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise ConfigError(str(path), what, "name the last certificate") from None
    return Previous(path, data, unverified(data, str(path)))


def hold(
    found: Signatures,
    settings: Settings,
    suite: Path,
    system: str,
    last: Previous | None,
) -> None:
    """Hold plugin, suite and last certificate against what the caller and trust say.

    What does not fit is added to the failures, which close the gate.
    """
    try:
        _check_code(found.trust, settings, suite)
        if last is not None and found.trust is not None and not found.failures:
            last.check(found, found.trust, system)
    except Refused as refused:
        found.failures.append(Failure(refused.code, refused.reason, refused.where))


def _check_code(trust: Trust | None, settings: Settings, suite: Path) -> None:
    pin = settings.plugin_sha256
    if pin is not None and pin != (package := installed_package()).digest:
        reason = f"the installed plugin has the digest {package.digest}, not {pin}"
        raise Refused(Code.PROBES_CHANGED, reason, package.name)
    tree = trust.probes.git_tree if trust and trust.probes else None
    if tree is None:
        return
    algorithm = "sha256" if len(tree) == _SHA256_DIGITS else "sha1"
    found = git_tree(suite, algorithm)
    if found != tree:
        reason = f"the suite's files are git's tree {found}, not {tree}"
        raise Refused(Code.PROBES_CHANGED, reason, str(suite))
