"""``readiness sign``: sign what a request asks, with nothing but the request.

No git, no clone, no target file. A key is made where you have none yet. What is signed
is computed from what is shown, never taken from the request's own digests.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest import request
from pytest_readiness.attest.codes import Malformed, Refused
from pytest_readiness.attest.keys import PublicKey
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.predicates import ItemAttestation, ItemRef, Verdict
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.attest.request import Answer, AskedItem, Request
from pytest_readiness.attest.statement import (
    TARGET_NAME,
    Statement,
    Subject,
    new_nonce,
)
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.cli import console, signer, unlocking
from pytest_readiness.cli.keys import add_no_passphrase, make
from pytest_readiness.cli.signer import Draft
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.attest.keys import Signer

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("request", type=Path, help="the file that was sent to you")
    parser.add_argument(
        "-o", "--to", type=Path, metavar="FILE", help="the answer (default: beside it)"
    )
    parser.add_argument(
        "--as", dest="person", metavar="ID", help="who you are, where your key is new"
    )
    says = parser.add_argument_group("what you say")
    says.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ITEM",
        help="sign this item and no other; repeatable",
    )
    says.add_argument(
        "--not-satisfied",
        action="append",
        default=[],
        metavar="ITEM",
        help="say of this item that it does not hold; repeatable",
    )
    says.add_argument("--comment", default="", metavar="TEXT", help="why you say so")
    signer.add_arguments(parser)
    add_no_passphrase(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where an answer is written, 1 where you did not agree."""
    path: Path = arguments.request
    data = _bytes(path)
    try:
        asked = request.read_request(data)
    except Malformed as error:
        what = f"is no request: {f'{error.where} {error.reason}'.strip()}"
        remedy = "have it sent again; where it is newer than this version, update"
        raise ConfigError(str(path), what, remedy) from None
    items = _chosen(arguments, asked)
    now = dt.datetime.now(dt.UTC)
    key = _key(arguments)
    person = _person(arguments, asked, key)
    drafts = [_draft(arguments, asked, item, person, now) for item in items]
    out = arguments.to or path.with_name(f"{path.stem}.{person}.answer.json")
    if out.exists():
        raise ConfigError(str(out), "is there already", "name another with --to")
    who = f"{person}, with the key {key.fingerprint}"
    if asked.summary:
        console.show(console.wrapped(f"The last report: {asked.summary}."))
    if not signer.agree_as(who, drafts, arguments, about=asked.release):
        return 1
    signed = signer.sign(key, drafts)
    answer = Answer(
        format=request.ANSWER_FORMAT,
        request=digest(data),
        person=person,
        key=PublicKey.from_blob(key.blob).openssh(person),
        statements=tuple(one.line.decode() for one in signed),
    )
    try:
        write_atomically(out, request.write(answer))
    except OSError as error:
        raise ConfigError(str(out), f"cannot be written ({error.strerror})") from None
    _tell(arguments, asked, person, key, out)
    return 0


def _bytes(path: Path) -> bytes:
    try:
        with open_regular(path, request.REQUEST.size) as stream:
            return stream.read()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise ConfigError(str(path), what, "name the file that was sent") from None
    except Refused as refused:
        raise ConfigError(str(path), refused.reason, "name the file sent") from None


def _chosen(arguments: argparse.Namespace, asked: Request) -> list[AskedItem]:
    known = {item.id for item in asked.items}
    for option in ("only", "not_satisfied"):
        for word in set(getattr(arguments, option)) - known:
            what = f"{word} is not asked for"
            remedy = f"it asks for {', '.join(sorted(known))}"
            raise ConfigError(f"--{option.replace('_', '-')}", what, remedy)
    if arguments.not_satisfied and not arguments.comment:
        what = "is needed where you say that something does not hold"
        raise ConfigError("--comment", what, "say why in a sentence")
    only = set(arguments.only)
    return [item for item in asked.items if not only or item.id in only]


def _key(arguments: argparse.Namespace) -> Signer:
    """Take your key; make one where you have none yet."""
    path = unlocking.default_key()
    if arguments.agent is None and arguments.key is None and not path.exists():
        console.show(
            console.wrapped(
                f"You have no key yet, so one is made now: {path}. Keep it, and"
                " remember its passphrase: whoever has both can sign in your name."
            )
        )
        return make(path, arguments)
    return unlocking.unlock(arguments)


def _person(arguments: argparse.Namespace, asked: Request, key: Signer) -> str:
    """Say who signs: whose key it is, else who you say you are."""
    people = {one.id: one for one in asked.people}
    owners = [one.id for one in asked.people if key.fingerprint in one.keys]
    given: str | None = arguments.person
    if owners and given in {None, owners[0]}:
        return owners[0]
    if owners:
        what = f"is {given}, but the key is that of {owners[0]}"
        raise ConfigError("--as", what, "leave it out, or use your own key")
    if given is None and len(people) == 1:
        (given,) = people
    if given is None:
        shown = ", ".join(f"{one.id} ({one.name})" for one in asked.people)
        given = console.ask(f"Who are you: {shown}")
    if given not in people:
        what = f"{given!a} is not asked"
        raise ConfigError("--as", what, f"the request asks {', '.join(people)}")
    return given


def _draft(
    arguments: argparse.Namespace,
    asked: Request,
    item: AskedItem,
    person: str,
    now: dt.datetime,
) -> Draft:
    veto = item.id in arguments.not_satisfied
    verdict = Verdict.NOT_SATISFIED if veto else Verdict.SATISFIED
    until = now + dt.timedelta(seconds=item.max_age)
    statement = Statement(
        Subject(name=TARGET_NAME, digest=item.subject),
        ItemAttestation(
            attester=person,
            item=ItemRef(id=item.id, digest=item.digest),
            verdict=verdict,
            issued_at=now,
            valid_until=until,
            nonce=new_nonce(),
            target=item.target,
            justification=arguments.comment or None,
            evidence=item.evidence,
            anchor=asked.anchor,
            saw=item.saw,
        ),
    )
    target = ", ".join(f"{name} {value[:30]}" for name, value in item.target.items())
    folder = arguments.request.parent
    files = (_evidence(folder, one.name, one.digest) for one in item.evidence or ())
    lines = [item.claim, f"for {target}", *files]
    if item.saw is not None:
        names = ", ".join(f"{one.id} ({one.state})" for one in item.saw.open)
        lines.append(f"open: {names or 'nothing'}")
    if arguments.comment:
        lines.append(f"comment: {arguments.comment}")
    what = f"{verdict} until {day(until)}"
    return Draft(item.id, what, statement.payload(), tuple(lines))


def _evidence(folder: Path, name: str, expected: str) -> str:
    """Compare the file where it was sent along; another one there is refused."""
    path = folder / Path(name).name
    shown = f"evidence: {name}, sha256 {expected[:16]}..."
    if not path.is_file():
        return f"{shown} (not here: ask for it where you have not seen it)"
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        what = "is not the file that the request names"
        raise ConfigError(str(path), what, "ask for the right one")
    return f"{shown} (it is {path})"


def _tell(
    arguments: argparse.Namespace,
    asked: Request,
    person: str,
    key: Signer,
    out: Path,
) -> None:
    known = any(key.fingerprint in one.keys for one in asked.people)
    if arguments.json:
        result = {
            "answer": str(out),
            "person": person,
            "fingerprint": key.fingerprint,
            "known": known,
        }
        console.print_json(result)
        return
    texts = [f"Signed. Send {out} back to whoever asked you."]
    if not known:
        texts.append(
            "Your key is new to them: read its fingerprint out to them, on the phone or"
            f" face to face: {key.fingerprint}"
        )
    console.say(line for text in texts for line in console.wrapped(text))
