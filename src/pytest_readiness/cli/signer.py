"""Signing, for every command that does: whose key, what is signed, where it goes.

A command that signs goes through four steps, of which each happens once, whatever the
number of statements:

1. ``signatory = Signatory.of(arguments, trust_of(signing.signatures), now)``: the key
   is unlocked, and the trust file says whose it is;
2. the command makes a :class:`Draft` of each statement, in that person's name;
3. ``agree(signatory, drafts, arguments)`` shows them all and asks once;
4. ``append(files, sign(signatory.signer, drafts))`` signs all, then keeps all.

Nothing is kept before everything is signed: an agent that refuses the last of ten
leaves the ledger as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest import appending, envelope
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.moments import day
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.cli import console, unlocking
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pytest_readiness.attest.keys import Signer
    from pytest_readiness.attest.signatures import LedgerFiles, Signatures
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.attest.trust_tables import Key, Person

__all__ = [
    "Draft",
    "Signatory",
    "SignedDraft",
    "add_arguments",
    "agree",
    "agree_as",
    "append",
    "sign",
    "trust_of",
]


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement that is ready to be signed, and how it is shown before it is."""

    group: str
    """The item's id; of statements about no item, what they are."""
    what: str
    """What is said of it, in a few words: ``SATISFIED until 2026-12-31``."""
    payload: bytes
    """``Statement(...).payload()``."""
    lines: tuple[str, ...] = ()
    """What the signer must have read: the claim, the evidence, the reason."""


@dataclass(frozen=True, slots=True)
class SignedDraft:
    """A statement with its signature."""

    draft: Draft
    line: bytes
    """The envelope, without an end of line."""

    @property
    def payload_sha256(self) -> str:
        """What the statement is known by."""
        return digest(self.draft.payload)


@dataclass(frozen=True, slots=True)
class Signatory:
    """Whoever signs: a key that is unlocked, and whose it is."""

    signer: Signer
    person: Person
    key: Key

    @classmethod
    def of(
        cls, arguments: argparse.Namespace, trust: Trust, now: dt.datetime
    ) -> Signatory:
        """Unlock the key that was asked for, and find its owner.

        Raises:
            AttestationError: it cannot be unlocked, is no key of the trust file, or is
                not valid now.
        """
        signer = unlocking.unlock(arguments, known=trust.public_keys)
        return cls.with_key(signer, trust, now)

    @classmethod
    def with_key(cls, signer: Signer, trust: Trust, now: dt.datetime) -> Signatory:
        """Find the owner of a key that is unlocked already.

        Raises:
            AttestationError: it is no key of the trust file, or is not valid now.
        """
        owner = trust.by_fingerprint.get(signer.fingerprint)
        if owner is None:
            what = f"{signer.fingerprint} is no key of the trust file"
            remedy = (
                "name another with --key or --agent, or have it entered (`trust add`)"
            )
            raise AttestationError("your key", what, remedy)
        person, key = owner
        if key.compromised or not key.valid_at(now):
            state = (
                "is marked as compromised"
                if key.compromised
                else f"is valid from {day(key.not_before)} to {day(key.not_after)} only"
            )
            what = f"{signer.fingerprint} {state}"
            remedy = "have a new key entered with `readiness trust rotate`"
            raise AttestationError("your key", what, remedy)
        return cls(signer, person, key)

    def roles(self, trust: Trust, now: dt.datetime) -> tuple[str, ...]:
        """Give the person's roles now, those of a deputy included."""
        return tuple(trust.roles_of(self.person.id, now))

    @property
    def shown(self) -> str:
        """Name the person and the key, for people."""
        title = f", {self.person.title}" if self.person.title else ""
        name = f"{self.person.name} ({self.person.id}){title}"
        return f"{name}, with the key {self.signer.fingerprint}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare whose key signs, and that nobody need be asked."""
    group = parser.add_argument_group("whose key signs")
    unlocking.add_arguments(group)
    group.add_argument(
        "--yes", action="store_true", help="sign without asking, for scripts"
    )


def agree(
    signatory: Signatory,
    drafts: Sequence[Draft],
    arguments: argparse.Namespace,
    *,
    about: str = "",
) -> bool:
    """Show all that would be signed, as one table, and ask once.

    Args:
        signatory: Who signs.
        drafts: What.
        arguments: ``yes`` is the answer given beforehand.
        about: What they are about: system, environment and release.

    Raises:
        ConfigError: nobody can be asked, and ``--yes`` was not given.
    """
    return agree_as(signatory.shown, drafts, arguments, about=about)


def agree_as(
    who: str, drafts: Sequence[Draft], arguments: argparse.Namespace, *, about: str = ""
) -> bool:
    """As :func:`agree`, where no trust file says who signs.

    Raises:
        ConfigError: nobody can be asked, and ``--yes`` was not given.
    """
    head = f"You sign as {who}{f', for {about}' if about else ''}:"
    lines = [*console.wrapped(head), ""]
    for draft in drafts:
        lines += _shown(draft)
    console.show([*lines, ""])
    count = f"these {len(drafts)} statements" if len(drafts) > 1 else "this statement"
    return console.confirm(f"Sign {count}?", yes=arguments.yes)


def _shown(draft: Draft) -> list[str]:
    gap = console.WIDTH - 2 - len(draft.group) - len(draft.what)
    one_line = f"  {draft.group}{' ' * gap}{draft.what}"
    head = [one_line] if gap > 0 else [f"  {draft.group}", f"    {draft.what}"]
    rest = (line for text in draft.lines for line in console.wrapped(text, "    "))
    return [*head, *rest]


def sign(signer: Signer, drafts: Iterable[Draft]) -> list[SignedDraft]:
    """Sign all; nothing is kept yet.

    Raises:
        AttestationError: the agent refuses, or a signature does not verify.
    """
    return [
        SignedDraft(draft, envelope.sign(draft.payload, signer)) for draft in drafts
    ]


def append(files: LedgerFiles, signed: Sequence[SignedDraft]) -> list[Path]:
    """Keep all that was signed; give the file of each.

    In the ledger's file in one go, or each in a file of its own where the ledger is a
    folder: where the target file names one, or where the usual folder is there and the
    usual file is not.

    Raises:
        AttestationError: the ledger is damaged at its end, or cannot be written.
    """
    folder = _folder(files)
    if folder is not None:
        return [
            appending.write_statement(folder, one.draft.group, one.line)
            for one in signed
        ]
    appending.append(files.attestations, [one.line for one in signed])
    return [files.attestations] * len(signed)


def _folder(files: LedgerFiles) -> Path | None:
    given = files.attestations
    if given.is_dir() or (not given.exists() and not given.suffix):
        return given
    usual = files.folder
    if usual is not None and usual.is_dir() and not given.exists():
        return usual
    return None


def trust_of(signatures: Signatures) -> Trust:
    """Give the trust file that signers are looked up in.

    A ledger that is damaged does not keep anybody from signing, or nobody could revoke
    what is wrong in it; it is said, though.

    Raises:
        AttestationError: there is no trust file, or it is not to be believed.
    """
    trust = signatures.trust
    if trust is None and not signatures.failures:
        code = Code.NO_TRUST_FILE
        raise Refused(code, code.meaning)
    if trust is None or signatures.index is None:
        failure = signatures.failures[0]
        raise Refused(failure.code, failure.reason, failure.where)
    console.show(f"readiness: warning: {failure}" for failure in signatures.failures)
    return trust
