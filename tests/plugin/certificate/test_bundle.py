"""The bundle verifies without us, and a bundle that was touched does not."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest import envelope
from pytest_readiness.attest.keys import KeyKind, PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

Shop = Any
PROGRAMS = ("bash", "openssl", "jq", "base64", "sha256sum")


@pytest.fixture(autouse=True)
def programs() -> None:
    """Have the programs, skip without them, or fail where all are promised."""
    for name in PROGRAMS:
        if shutil.which(name) is None:
            promised = os.environ.get("READINESS_REQUIRE_SERVICES") == "1"
            (pytest.fail if promised else pytest.skip)(f"{name} is not installed here")


_MADE: dict[str, Any] = {}


@pytest.fixture
def folder(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A bundle, unpacked; it is made once, and each test changes its own copy."""
    if not _MADE:
        shop = request.getfixturevalue("shop")
        _MADE["folder"] = bundled(shop, tmp_path_factory.mktemp("bundle"))
        _MADE["keys"] = shop.keys
    copy: Path = shutil.copytree(_MADE["folder"], tmp_path / "shop")
    return copy


def bundled(shop: Shop, place: Path) -> Path:
    """Make a bundle and unpack it; one of its people has a P-256 key."""
    shop.keys["carol"] = PrivateKey.generate(KeyKind.P256)
    shop.trust()
    shop.ledger.unlink()
    shop.sign_all()
    pins = shop.approve()
    assert shop.certify(*pins)[0] == 0
    artefact = shop.path / "junit.xml"
    artefact.write_text("<testsuites/>")
    shop.run("stamp", str(artefact), f"--run-key={shop.key_file('ci')}")
    (shop.path / "plain.xml").write_text("<testsuites/>")
    shop.run("stamp", str(shop.path / "plain.xml"))
    added = [str(artefact), str(shop.path / "plain.xml")]
    code, out, err = shop.run("bundle", "shop.tar.gz", "--json", "--add", *added)
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["certified"] is True
    with tarfile.open(shop.path / "shop.tar.gz") as archive:
        archive.extractall(place, filter="data")
        names = sorted(name.removeprefix("shop/") for name in archive.getnames())
    assert document["files"] == names
    return place / "shop"


def verify(folder: Path, *words: str) -> tuple[int, list[str]]:
    """Run the script, with the programs that it says it needs and nothing of ours."""
    done = subprocess.run(
        ["./verify.sh", *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def signed_lines(folder: Path) -> int:
    """Count what is signed in the bundle, in our own way."""
    lines = [path.read_text().splitlines() for path in folder.rglob("*.jsonl")]
    alone = [path.read_text() for path in folder.rglob("*.json")]
    return sum(map(len, lines)) + sum("payloadType" in text for text in alone)


def seal(folder: Path) -> None:
    """Write the manifest anew, as whoever changes a bundle would."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"] = {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and file != path
    }
    path.write_text(json.dumps(manifest))


def manifest(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return document


def test_every_line_of_a_bundle_verifies_with_openssl_and_jq(folder: Path) -> None:
    code, said = verify(folder)

    assert code == 0, said
    count = signed_lines(folder)
    assert said == [
        "ignored artefacts/plain.xml.provenance.json: not signed",
        f"{count} signatures verify, 1 are left out, 0 failures",
    ]
    assert count == 7  # 2 approvals, 2 attestations, the certificate twice, a stamp
    algorithms = {key["algorithm"] for key in manifest(folder)["keys"].values()}
    assert algorithms == {"ed25519", "ecdsa-p256"}


def test_it_is_the_bundle_that_one_was_told_of(folder: Path) -> None:
    told = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()

    assert verify(folder, told)[0] == 0
    code, said = verify(folder, "0" * 64)
    assert code == 1
    assert said[0].startswith("FAILED  manifest.json: is not the one with the sha256")


@pytest.mark.parametrize("sealed", [False, True], ids=["as it is", "sealed anew"])
def test_a_changed_line_fails_and_is_named(folder: Path, *, sealed: bool) -> None:
    path = folder / "ledger" / "attestations.intoto.jsonl"
    first, second = path.read_bytes().splitlines()
    fields = json.loads(second)
    other = json.loads(first)
    moved = json.dumps(fields | {"payload": other["payload"]}).encode()
    path.write_bytes(first + b"\n" + moved + b"\n")
    if sealed:
        seal(folder)
    code, said = verify(folder)

    assert code == 1
    ledger = "FAILED  ledger/attestations.intoto.jsonl"
    named = f"{ledger}, line 2: the signature is not that of SHA256:"
    assert any(line.startswith(named) for line in said)
    assert (f"{ledger}: is not the file that the manifest names" in said) is not sealed


def test_a_swapped_report_fails(folder: Path) -> None:
    path = folder / "report" / "report.json"
    path.write_text(path.read_text().replace('"host":"', '"host":"x'))
    seal(folder)
    code, said = verify(folder)

    assert code == 1
    assert said[-2:] == [
        "FAILED  report/report.json: is not the file that the certificate names",
        f"{signed_lines(folder)} signatures verify, 1 are left out, 1 failures",
    ]


def test_an_edited_certificate_fails(folder: Path) -> None:
    path = folder / "report" / "certificate.intoto.jsonl"
    line = json.loads(path.read_text())
    payload = envelope.Envelope.parse(json.dumps(line).encode()).payload
    edited = payload.replace(b'"PASSED"', b'"WARNED"')
    line["payload"] = base64.b64encode(edited).decode()
    path.write_text(json.dumps(line) + "\n")
    seal(folder)
    code, said = verify(folder)

    assert code == 1
    assert any(
        line.startswith("FAILED  report/certificate.intoto.jsonl, line 1: ")
        for line in said
    )


def test_a_key_that_was_swapped_fails(folder: Path) -> None:
    (path,) = (folder / "keys").glob("grace-*.pem")
    path.write_text(PrivateKey.generate().public.pem)
    seal(folder)
    code, said = verify(folder)

    assert code == 1
    assert any("has the fingerprint SHA256:" in line for line in said)


def test_who_signs_in_another_s_name_fails(folder: Path) -> None:
    path = folder / "ledger" / "attestations.intoto.jsonl"
    line = path.read_bytes().splitlines()[0]
    payload = envelope.Envelope.parse(line).payload
    with path.open("ab") as ledger:
        ledger.write(envelope.sign(payload, _MADE["keys"]["bob"]) + b"\n")
    seal(folder)
    code, said = verify(folder)

    assert code == 1
    assert (
        "FAILED  ledger/attestations.intoto.jsonl, line 3: signed by bob in the name"
        " of carol"
    ) in said


def test_what_is_missing_more_or_no_statement_is_named(folder: Path) -> None:
    (folder / "suite" / "suite.lock").unlink()
    (folder / "report" / "more.txt").write_text("x")
    with (folder / "ledger" / "attestations.intoto.jsonl").open("a") as ledger:
        ledger.write("junk\n")
        ledger.write('{"payloadType":"x","payload":"!!","signatures":[{"sig":""}]}\n')
        ledger.write('{"payloadType":"x","payload":"","signatures":[]}\n')
    (folder / "artefacts" / "junit.xml").write_text("<testsuites failures='0'/>")
    code, said = verify(folder)

    assert code == 1
    text = "\n".join(said)
    for expected in (
        "FAILED  suite/suite.lock: is missing",
        "FAILED  report/more.txt: is not in the manifest",
        "line 3: is no signed statement",
        "line 4: its payload is no base64",
        "line 5: is not signed",
        "FAILED  artefacts/junit.xml: is not the file that was stamped",
        "FAILED  suite/suite.lock: is not the file that the certificate names",
    ):
        assert expected in text


def test_a_stranger_s_line_is_left_out_and_told(folder: Path) -> None:
    with (folder / "ledger" / "attestations.intoto.jsonl").open("ab") as ledger:
        ledger.write(envelope.sign(b"{}", PrivateKey.generate()) + b"\n")
    seal(folder)
    code, said = verify(folder)

    assert code == 0
    assert any("whom the trust file does not know" in line for line in said)


# ----------------------------------------------------------------------- the command


def test_equal_contents_give_equal_archives(shop: Shop) -> None:
    archive = shop.path / "shop.tar.gz"

    def packed() -> bytes:
        code, _, err = shop.run("bundle", archive.name)
        assert code == 0
        assert "there is no certificate among what was bundled" in err
        return archive.read_bytes()

    assert packed() == packed()


def test_without_a_trust_file_there_is_nothing_to_bundle(shop: Shop) -> None:
    (shop.readiness / "trust.toml").unlink()
    code, _, err = shop.run("bundle")

    assert code == 4
    assert "there is no trust file" in err
    shop.trust()
    code, _, err = shop.run("bundle", "--add", "none.xml")
    assert code == 4
    assert "none.xml: cannot be read: No such file" in err
    code, _, err = shop.run("bundle", "no/such/folder.tar.gz")
    assert code == 4
    assert "cannot be written" in err


def test_a_folder_of_statements_is_bundled(shop: Shop) -> None:
    statements = shop.readiness / "attestations" / "host.signed"
    statements.mkdir(parents=True)
    line = shop.ledger.read_bytes().splitlines()[0]
    (statements / "abc.intoto.json").write_bytes(line)
    code, out, _ = shop.run("bundle", "--json")

    assert code == 0
    assert "ledger/attestations/host.signed/abc.intoto.json" in json.loads(out)["files"]
