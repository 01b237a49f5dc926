"""Our lines and canonical bytes checked with openssl, jq and base64 alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.attest.envelope import sign
from pytest_readiness.attest.keys import KeyKind, PrivateKey, PublicKey
from pytest_readiness.attest.predicates import Waiver
from pytest_readiness.attest.statement import canonical_target
from pytest_readiness.catalogue.canonical import canonical
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parents[1] / "unit" / "attest" / "data"
SAMPLE = (DATA / "sample.intoto.jsonl").read_bytes()
SAMPLE_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAnYwbtT54TS4/RHTd3XU9WaUl5xVnNwAobQ1ZAf4TDyM=
-----END PUBLIC KEY-----
"""

# All that an auditor needs beside the line and the public key.
VERIFY = r"""
set -eu
type=$(jq -r .payloadType "$1")
jq -r .payload "$1" | base64 -d > payload
jq -r '.signatures[0].sig' "$1" | base64 -d > signature
size=$(wc -c < payload)
printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$size" | cat - payload > signed
if openssl pkey -pubin -in "$2" -text -noout | grep -q ED25519
then openssl pkeyutl -verify -pubin -inkey "$2" -rawin -in signed -sigfile signature
else openssl dgst -sha256 -verify "$2" -signature signature signed; fi
"""


@pytest.fixture(autouse=True)
def programs() -> None:
    """Have the programs, skip without them, or fail where all are promised."""
    for name in ("bash", "openssl", "jq", "base64"):
        if shutil.which(name) is None:
            promised = os.environ.get("READINESS_REQUIRE_SERVICES") == "1"
            (pytest.fail if promised else pytest.skip)(f"{name} is not installed here")


def shell(script: str, *arguments: str, data: bytes = b"", cwd: Path) -> str:
    """Run a script; give what it printed, or "" where it failed."""
    done = subprocess.run(
        ["bash", "-c", script, "script", *arguments],  # noqa: S607 - whichever it is
        input=data,
        cwd=cwd,
        capture_output=True,
        check=False,
    )
    return "" if done.returncode else done.stdout.decode()


@pytest.fixture
def verifies(tmp_path: Path) -> Callable[[bytes, str], bool]:
    def run(line: bytes, pem: str) -> bool:
        (tmp_path / "line").write_bytes(line)
        (tmp_path / "key").write_text(pem)
        said = shell(VERIFY, "line", "key", cwd=tmp_path)
        return "Verified OK" in said or "Signature Verified Successfully" in said

    return run


@pytest.mark.parametrize("kind", KeyKind)
def test_openssl_verifies_our_lines(
    verifies: Callable[[bytes, str], bool], kind: KeyKind
) -> None:
    key = PrivateKey.generate(kind)
    payload = '{"_type":"https://in-toto.io/Statement/v1","text":"é"}'.encode()
    line = sign(payload, key)

    assert verifies(line, key.public.pem)
    assert not verifies(line, PrivateKey.generate(kind).public.pem)
    other = json.loads(sign(payload + b" ", key))["payload"]
    assert not verifies(
        json.dumps(json.loads(line) | {"payload": other}).encode(), key.public.pem
    )


def test_openssl_verifies_the_formats_sample(
    verifies: Callable[[bytes, str], bool],
) -> None:
    assert verifies(SAMPLE, SAMPLE_KEY)
    assert verifies(SAMPLE, PublicKey.load(SAMPLE_KEY).pem)


@pytest.mark.parametrize("options", [[], ["-aes256"]], ids=["open", "locked"])
@pytest.mark.parametrize(
    "algorithm",
    [["ed25519"], ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]],
    ids=["ed25519", "p256"],
)
def test_keys_made_by_openssl_sign_here(
    verifies: Callable[[bytes, str], bool],
    tmp_path: Path,
    algorithm: list[str],
    options: list[str],
) -> None:
    arguments = [*algorithm, *options, *(["-pass", "pass:secret"] if options else [])]
    shell('openssl genpkey -out k -algorithm "$@"', *arguments, cwd=tmp_path)
    pem = shell("openssl pkey -in k -pubout -passin pass:secret", cwd=tmp_path)

    key = PrivateKey.read(tmp_path / "k", lambda: b"secret")

    assert key.public.pem == pem
    assert verifies(sign(b"{}", key), pem)


# ------------------------------------------------------------------- canonical bytes

AWKWARD = "é \U0001f600 \" \\ / < > & ' {}[]:, ü\u0301 \ufeff \u200b \u00a0"


def test_canonical_bytes_are_those_of_jq(tmp_path: Path) -> None:
    context = {
        "system": AWKWARD,
        "environment": "Ω production",
        "source": "sha256:" + "a" * 64,
        "organisation": "acme",
        "version": "2.4.0",
    }
    written = json.loads((DATA / "predicates.json").read_text())
    waiver = Waiver.read(written["waiver"] | {"reason": AWKWARD})

    canonicals = [canonical(canonical_target(scope, context)) for scope in Scope]
    for data in (*canonicals, waiver.terms):
        pretty = json.dumps(json.loads(data), indent=3).encode()
        assert shell("jq -cjS .", data=pretty, cwd=tmp_path).encode() == data


def test_every_printable_character_is_written_as_jq_does(tmp_path: Path) -> None:
    # Of the planes that names come from; control characters are refused everywhere.
    planes = (range(0x20, 0x7F), range(0xA0, 0x2028), range(0x2030, 0xD800, 7))
    text = "".join(chr(code) for plane in planes for code in plane)
    data = canonical({"text": text})

    assert shell("jq -cjS .", data=data, cwd=tmp_path).encode() == data
