"""``readiness import``: take in what somebody signed elsewhere.

The signature counts, not the carrier: every envelope is verified as a ledger's line is,
and all of an answer is taken in or nothing.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest import request
from pytest_readiness.attest.codes import Code, Malformed, Refused
from pytest_readiness.attest.envelope import Envelope, verify
from pytest_readiness.attest.keys import PublicKey
from pytest_readiness.attest.line import judge, says
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.predicates import ItemAttestation
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.cli import console, lines, signer, situation as where
from pytest_readiness.cli.kept import Kept, tell
from pytest_readiness.cli.signer import Draft, SignedDraft
from pytest_readiness.cli.situation import Situation
from pytest_readiness.errors import AttestationError, ConfigError

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.request import Answer
    from pytest_readiness.attest.trust import Trust

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "answers", nargs="+", type=Path, metavar="ANSWER", help="files of `sign`"
    )
    where.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where all of it is in the ledger now, whether it was new or not."""
    situation = Situation.of(arguments)
    signing = situation.signing(dt.datetime.now(dt.UTC))
    trust = signer.trust_of(signing.signatures)
    known = {line.payload for line in lines.all_lines(situation.files, trust)}
    new: dict[str, SignedDraft] = {}
    twice = 0
    for path in arguments.answers:
        answer = _read(path)
        for text in answer.statements:
            data = text.encode()
            line = _believed(path, answer, data, trust)
            if line.payload in known or line.payload in new:
                twice += 1
                continue
            until = day(line.predicate.valid_until)
            said = f"{line.predicate.verdict} by {line.person.id} until {until}"
            draft = Draft(line.predicate.item.id, said, b"")
            new[line.payload] = SignedDraft(draft, data)
    paths = signer.append(situation.files, list(new.values())) if new else []
    if twice:
        console.show([f"{twice} of them were in the ledger already."])
    kept = [
        Kept(one.draft.group, one.draft.what, payload, path)
        for (payload, one), path in zip(new.items(), paths, strict=True)
    ]
    tell(situation, kept, as_json=arguments.json)
    return 0


def _read(path: Path) -> Answer:
    try:
        with open_regular(path, request.ANSWER.size) as stream:
            return request.read_answer(stream.read())
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise ConfigError(str(path), what, "name the answer's file") from None
    except Refused as refused:
        what = f"is no answer: {f'{refused.where} {refused.reason}'.strip()}"
        raise ConfigError(str(path), what, "have it sent again") from None


def _believed(
    path: Path, answer: Answer, data: bytes, trust: Trust
) -> Line[ItemAttestation]:
    """Verify an envelope.

    Raises:
        AttestationError: a key that is not entered yet, with the command to enter it.
        Refused: anything else that a ledger must not hold.
    """
    judged = judge(data, trust)
    if judged.line is not None and says(judged.line, ItemAttestation):
        return judged.line
    refused = judged.refused or Malformed("is no signature on an item")
    key = PublicKey.load(answer.key, f"{path}, key")
    own = refused.code is Code.UNTRUSTED_KEY and verify(Envelope.parse(data), key)
    if own:
        what = f"the trust file does not have the key {key.fingerprint}"
        remedy = (
            f"have {answer.person} read that fingerprint out to you; then: readiness"
            f" trust add {answer.person} --public-key '{key.openssh(answer.person)}'"
        )
        raise AttestationError(str(path), what, remedy)
    raise Refused(refused.code, refused.reason, str(path))
