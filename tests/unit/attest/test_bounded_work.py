"""Within the limits of size no file can keep the verification busy for long."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest import envelope, ledger
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.keys import PublicKey
from pytest_readiness.attest.result import Result
from pytest_readiness.attest.trust_file import MAX_TRUST_SIZE, read_trust

if TYPE_CHECKING:
    from collections.abc import Callable

World = Any


def seconds(work: Callable[[], object]) -> float:
    """Measure the processor's time: others may have the processor, too."""
    began = time.process_time()
    work()
    return time.process_time() - began


# --------------------------------------------------------------------- the trust file


def refusal(data: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        read_trust(data)
    return caught.value


@pytest.mark.parametrize("form", ["{}k=1", "[{}k]", "x={{{}k=1}}", '"a".{}k=1'])
def test_a_key_of_very_many_parts_is_not_parsed(form: str) -> None:
    """Reading one takes a time that grows with the square of its parts."""
    data = b"version = 1\n" + form.format("a." * 100_000).encode()
    assert len(data) < MAX_TRUST_SIZE

    assert seconds(lambda: refusal(data)) < 1
    assert refusal(data).code is Code.TRUST_INVALID
    assert refusal(data).reason == "line 2 has more than 1000 dots"


def test_a_line_may_have_as_many_dots_as_patterns_need(world: World) -> None:
    world.table["waiver"] = {"never": [f"a.b{n}" for n in range(1000)]}
    line = world.trust_bytes().replace(b",\n", b",")

    assert len(read_trust(line).waiver.never) == 1000
    assert refusal(b"." * 1000).reason.startswith("no TOML")
    assert refusal(b"." * 1001).reason == "line 1 has more than 1000 dots"


def test_many_lines_of_many_parts_are_read_in_bounded_time() -> None:
    line = "a." * 1000
    lines = [f"{line}k{n}=1" for n in range(120)]
    data = "\n".join(lines).encode()
    assert len(data) < MAX_TRUST_SIZE

    assert seconds(lambda: refusal(data)) < 15


def test_very_many_mistakes_are_not_all_looked_up() -> None:
    data = b"\n".join(b"waiverr%d=1" % n for n in range(18_000))
    assert len(data) < MAX_TRUST_SIZE

    found = refusal(data)

    assert found.reason.endswith("and 17985 more")
    assert seconds(lambda: refusal(data)) < 5


def test_very_many_patterns_are_compiled_once(world: World) -> None:
    """Else each item would compile them all anew."""
    world.table["rule"] = [
        {"items": [f"*a*b{first + n}*" for n in range(200)]}
        for first in range(0, 10_000, 200)
    ]
    world.table["waiver"] = {"never": [f"*c*d{n}*" for n in range(900)]}
    world.waive("carol")
    found = world.read()
    found.verify(world.ITEM)

    def judge() -> None:
        for _ in range(20):
            assert found.verify(world.ITEM).result is Result.WAIVED

    assert seconds(judge) < 2


# ------------------------------------------------------------------------- the ledger


def unnamed(world: World, line: bytes) -> bytes:
    return bytes(world.rewrite(line, keyid=""))


def trials(world: World, *lines: bytes) -> int:
    """Give how many trials lines without a key id cost."""
    world.files.attestations.parent.mkdir(exist_ok=True)
    world.lines = [line + b"\n" for line in lines]
    found = ledger.read(world.files.attestations, world.trust, ledger.Tally())
    return sum(judged.trials for judged in found)


def test_lines_without_a_key_id_are_tried_with_every_key(world: World) -> None:
    line = world.attestation("bob")
    keys = len(world.trust.public_keys)

    assert trials(world, line) == 0
    assert trials(world, unnamed(world, line)) == keys
    stranger = unnamed(world, world.attestation("mallory"))
    assert trials(world, stranger, line, stranger) == 2 * keys
    assert trials(world, world.repack(unnamed(world, line), "bob", "erin")) == keys
    assert trials(world, b"{}") == 0


def test_where_no_key_is_known_none_is_tried(world: World) -> None:
    line = envelope.Envelope.parse(unnamed(world, world.attestation("bob")))

    assert envelope.trials(line, 0) == 0
    assert [envelope.trials(line, keys) for keys in (1, 63, 64, 65)] == [1, 63, 64, 0]


def test_of_many_signatures_without_a_key_id_only_some_are_tried(world: World) -> None:
    line = world.attestation("bob")
    sig = json.loads(line)["signatures"][0]["sig"]
    junk = [base64.b64encode(bytes([n]) * 64).decode() for n in range(15)]
    many = world.rewrite(line, signatures=[{"sig": one} for one in [*junk, sig]])
    keys = len(world.trust.public_keys)
    assert keys == 9

    assert trials(world, many) == 7 * keys <= envelope.MAX_TRIALS


def test_a_ledger_that_needs_too_many_trials_is_too_large(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = len(world.trust.public_keys)
    for person in ("bob", "dave", "erin"):
        line = world.attestation(person)
        world.add(unnamed(world, line))
        world.add(line)
    monkeypatch.setattr(ledger, "MAX_TRIALS_IN_ALL", 3 * keys)
    assert not world.read().broken

    monkeypatch.setattr(ledger, "MAX_TRIALS_IN_ALL", 3 * keys - 1)
    found = world.read()
    world.lines = world.lines[::-1]

    assert found.failures[0].code is Code.TOO_LARGE
    assert found.failures == world.read().failures
    assert "name the key" in found.failures[0].reason


def test_a_signature_that_stands_many_times_is_verified_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = world.attestation("bob")
    (signature,) = json.loads(line)["signatures"]
    world.add(world.rewrite(line, signatures=[signature] * 16))
    world.write_trust()
    verified: list[bytes] = []
    verify = PublicKey.verify

    def counting(key: PublicKey, signature: bytes, message: bytes) -> bool:
        verified.append(signature)
        return verify(key, signature, message)

    monkeypatch.setattr(PublicKey, "verify", counting)

    assert world.verify().result is Result.SATISFIED
    assert len(verified) == 1
