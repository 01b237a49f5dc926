"""Whose release an artefact is: what a stamp says, and each way it says nothing."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest import envelope, provenance
from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.predicates import Provenance, ReleaseRef
from pytest_readiness.attest.provenance import Origin, origin, stamp_of, stamp_path
from pytest_readiness.attest.result import Refusal

if TYPE_CHECKING:
    from pathlib import Path

World = Any
DIGITS = "5e" * 32
RELEASE = ReleaseRef(version="2.4.0", source=DIGITS, commit="d20ace7")


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    path = tmp_path / "junit.xml"
    path.write_text("<testsuites/>")
    return path


def stamp(world: World, artefact: Path, by: str = "ci", **more: Any) -> None:
    """Stamp an artefact; ``by=""``: unsigned."""
    predicate = Provenance(
        **{"release": RELEASE, "issued_at": world.NOW, "attester": by or None, **more}
    )
    payload = stamp_of(artefact, predicate)
    data = envelope.sign(payload, world.key_of(by)) if by else payload
    stamp_path(artefact).write_bytes(data + b"\n")


def refusal(artefact: Path, world: World, *, trust: bool = True) -> tuple[Code, str]:
    found = origin(artefact, world.trust if trust else None, world.NOW)
    assert isinstance(found, Refusal)
    return found.code, found.reason


def test_a_runner_s_stamp_names_the_release(world: World, artefact: Path) -> None:
    stamp(world, artefact, data="masked-production", url="https://ci.example/7")

    assert origin(artefact, world.trust, world.NOW) == Origin(
        release=RELEASE,
        stamped_at=world.NOW,
        runner="ci",
        data="masked-production",
        url="https://ci.example/7",
    )
    # Where nobody says whose key it is, it is worth what an unsigned one is.
    unknown = origin(artefact, None, world.NOW)
    assert isinstance(unknown, Origin)
    assert (unknown.release, unknown.runner) == (RELEASE, "")


def test_an_unsigned_stamp_counts_where_there_is_no_runner(
    world: World, artefact: Path
) -> None:
    stamp(world, artefact, by="")
    found = origin(artefact, None, world.NOW)
    assert isinstance(found, Origin)
    assert (found.runner, found.data, found.url) == ("", "", "")

    assert refusal(artefact, world) == (
        Code.UNTRUSTED_KEY,
        "junit.xml.provenance.json: is not signed, though the trust file has a runner",
    )
    for change in ({"status": "compromised"}, {"not_after": world.NOW}):
        world.person("ci")["key"] = [world.key("ci", **change)]
        assert refusal(artefact, world)[0] is Code.UNTRUSTED_KEY
    world.person("ci")["roles"] = []
    assert isinstance(origin(artefact, world.trust, world.NOW), Origin)


def test_another_file_under_the_name_has_no_origin(
    world: World, artefact: Path
) -> None:
    stamp(world, artefact)
    artefact.write_text("<testsuites failures='0'/>")

    assert refusal(artefact, world) == (
        Code.ARTIFACT_CHANGED,
        "junit.xml is not the file that was stamped",
    )


def test_a_stamp_that_the_trust_file_revokes_names_no_release(
    world: World, artefact: Path
) -> None:
    stamp(world, artefact)
    line = stamp_path(artefact).read_bytes().rstrip()
    payload = envelope.Envelope.parse(line).payload_sha256
    world.table["revoked"] = [{"payload_sha256": payload, "reason": "wrong"}]

    assert refusal(artefact, world)[0] is Code.REVOKED


def test_what_is_no_file_has_no_origin(world: World, artefact: Path) -> None:
    """A pipe would wait for its other end."""
    stamp(world, artefact)
    artefact.unlink()
    os.mkfifo(artefact)

    assert refusal(artefact, world)[0] is Code.MALFORMED


def test_nothing_there_is_missing(
    world: World, artefact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, reason = refusal(artefact, world)
    assert (code, reason) == (
        Code.MISSING,
        "junit.xml has no stamp to say whose release it is",
    )
    stamp(world, artefact)
    artefact.unlink()
    assert refusal(artefact, world) == (Code.MISSING, "junit.xml is not there")

    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(provenance, "sha256_of", refuse)
    assert refusal(artefact, world) == (
        Code.MISSING,
        "junit.xml.provenance.json cannot be read (Permission denied)",
    )


def test_who_is_no_runner_stamps_nothing(world: World, artefact: Path) -> None:
    stamp(world, artefact, by="bob")
    assert refusal(artefact, world)[0] is Code.ROLE_NOT_ALLOWED

    stamp(world, artefact)
    world.person("ci")["key"] = [world.key("ci", not_after=world.NOW)]
    assert refusal(artefact, world)[0] is Code.KEY_NOT_VALID
    world.person("ci")["key"] = [world.key("ci", status="compromised")]
    assert refusal(artefact, world)[0] is Code.KEY_NOT_VALID
    world.person("ci")["key"] = [world.key("mallory")]
    assert refusal(artefact, world)[0] is Code.UNTRUSTED_KEY


def test_a_stamp_of_tomorrow_is_none(world: World, artefact: Path) -> None:
    stamp(world, artefact, issued_at=world.NOW + world.HOUR)

    assert refusal(artefact, world)[0] is Code.FUTURE
    assert refusal(artefact, world, trust=False)[0] is Code.FUTURE


def test_what_is_changed_or_no_stamp_is_refused(world: World, artefact: Path) -> None:
    stamp(world, artefact)
    path = stamp_path(artefact)
    good = path.read_bytes().strip()

    path.write_bytes(world.repack(good, "2.4.0", "2.5.0"))
    assert refusal(artefact, world)[0] is Code.TAMPERED

    foreign = json.loads(good) | {"payloadType": "text/plain"}
    path.write_text(json.dumps(foreign))
    assert refusal(artefact, world)[0] is Code.MALFORMED
    assert refusal(artefact, world, trust=False)[0] is Code.MALFORMED

    path.write_bytes(world.attestation("bob"))
    assert refusal(artefact, world)[0] is Code.MALFORMED
    assert refusal(artefact, world, trust=False)[0] is Code.MALFORMED

    path.write_bytes(b"{" * 70_000)
    assert refusal(artefact, world)[0] is Code.TOO_LARGE


@pytest.mark.parametrize(
    ("release", "source", "version", "same"),
    [
        (RELEASE, f"sha256:{DIGITS}", "9.9", True),
        (RELEASE, f"sha256:{'0' * 64}", "2.4.0", False),
        (RELEASE, None, "2.4.0", False),
        (ReleaseRef(version="2.4.0"), None, "2.4.0", True),
        (ReleaseRef(version="2.4.0"), None, "2.5.0", False),
        (ReleaseRef(version="2.4.0"), f"sha256:{DIGITS}", "2.4.0", False),
    ],
)
def test_the_source_decides_whose_it_is(
    world: World, release: ReleaseRef, source: str | None, version: str, *, same: bool
) -> None:
    found = Origin(release=release, stamped_at=world.NOW, runner="", data="", url="")

    assert found.is_of(source, version) is same
