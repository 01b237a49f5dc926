"""``readiness stamp`` and ``readiness deployed``: records that later runs rest on."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.provenance import Origin, origin
from pytest_readiness.attest.result import Refusal
from pytest_readiness.attest.signatures import LedgerFiles, read_signatures
from pytest_readiness.attest.trust_file import read_trust

if TYPE_CHECKING:
    from pathlib import Path

Shop = Any


@pytest.fixture
def artefact(shop: Shop) -> Path:
    path: Path = shop.path / "junit.xml"
    path.write_text("<testsuites/>")
    return path


def found(shop: Shop, artefact: Path) -> Origin | Refusal:
    trust = read_trust((shop.readiness / "trust.toml").read_bytes())
    return origin(artefact, trust, dt.datetime.now(dt.UTC))


def test_a_runner_stamps_what_its_job_made(
    shop: Shop, artefact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_JOB_URL", "https://token@ci.example.com/jobs/7?t=1")
    key = f"--run-key={shop.key_file('ci')}"
    code, out, err = shop.run(
        "stamp", str(artefact), "data=masked-production", key, "--json"
    )

    assert code == 0
    document = json.loads(out)
    assert document["stamps"] == [f"{artefact}.provenance.json"]
    assert document["signed_by"] == "ci"
    assert document["dirty"] is True
    assert err == ""
    stamped = found(shop, artefact)
    assert isinstance(stamped, Origin)
    assert stamped.is_of(shop.context.source, "")
    assert (stamped.runner, stamped.data, stamped.url) == (
        "ci",
        "masked-production",
        "https://ci.example.com/jobs/7",
    )


def test_without_a_key_the_stamp_is_not_signed(shop: Shop, artefact: Path) -> None:
    code, out, err = shop.run(
        "stamp", str(artefact), "--data=synthetic", "--url=https://ci.example.com/8"
    )

    assert code == 0
    assert out.startswith(f"{artefact}.provenance.json: 1.2.3, sha256:")
    assert out.endswith(", not signed\n")
    assert "1 uncommitted files: the stamp names what is committed" in err
    refused = found(shop, artefact)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.UNTRUSTED_KEY
    unsigned = origin(artefact, None, dt.datetime.now(dt.UTC))
    assert isinstance(unsigned, Origin)
    assert (unsigned.data, unsigned.url) == ("synthetic", "https://ci.example.com/8")


def test_a_stamp_needs_a_file_and_a_runner(shop: Shop, artefact: Path) -> None:
    for words, what in (
        (["none.xml"], "none.xml: cannot be stamped (No such file or directory)"),
        (["data=x"], "stamp: no file is named"),
        (
            [str(artefact), f"--run-key={shop.key_file('carol')}"],
            "carol is no machine with the role `runner`",
        ),
    ):
        code, _, err = shop.run("stamp", *words)
        assert code == 4
        assert what in err


# ---------------------------------------------------------------------- deployments


def deployed(shop: Shop, *words: str, by: str = "ci") -> tuple[int, str, str]:
    code, out, err = shop.run("deployed", f"--key={shop.key_file(by)}", "--yes", *words)
    return code, out, err


def records(shop: Shop) -> list[Any]:
    """The deployments of this release, as a run reads them."""
    read = read_signatures(
        LedgerFiles.below(shop.path),
        context=shop.context,
        now=dt.datetime.now(dt.UTC),
    )
    assert not read.failures
    return [line.predicate for line in read.deployments]


def test_begin_and_end_of_a_deployment_are_signed(shop: Shop) -> None:
    began = (shop.now - shop.HOUR).isoformat()
    code, out, _ = deployed(shop, "--begin", "--hosts", "app-1", "app-2", "--at", began)
    assert code == 0
    assert "deployment began" in out
    code, out, _ = deployed(shop, "--end", "--json", by="bob")
    assert code == 0
    assert json.loads(out)["hosts"] == ["app-1", "app-2"]

    first, second = records(shop)
    assert (first.attester, second.attester) == ("ci", "bob")
    assert first.ended is None
    assert second.began == first.began == shop.now - shop.HOUR
    assert second.ended > second.began
    assert second.release.commit == shop.git("rev-parse", "HEAD")
    # It has an end now, so that there is none to be ended.
    code, _, err = deployed(shop, "--end")
    assert code == 4
    assert "no deployment of this release has begun here" in err


def test_a_deployment_is_of_one_release(shop: Shop) -> None:
    deployed(shop, "--begin")
    (shop.path / "app.py").write_text("x = 1\n")
    shop.commit()

    assert records(shop) == []
    assert deployed(shop, "--end")[0] == 4


def test_no_time_that_has_not_come_or_is_none(shop: Shop) -> None:
    later = (shop.now + shop.HOUR).isoformat()
    for at, what in (
        (later, "has not come yet"),
        ("yesterday", "'yesterday' is no time with an offset"),
        ("2026-10-10T09:00:00", "is no time with an offset"),
    ):
        code, _, err = deployed(shop, "--begin", f"--at={at}")
        assert code == 4
        assert what in err
    assert records(shop) == []


def test_who_has_no_role_records_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.trust(
        signer=[
            {
                "person": name,
                "name": name,
                "kind": kind,
                "roles": roles,
                "key": [
                    {
                        "key": shop.key(name).public.openssh(),
                        "not_before": shop.now - shop.DAY,
                        "not_after": shop.now + shop.DAY,
                    }
                ],
            }
            for name, kind, roles in (
                ("alice", "human", ["ops-lead"]),
                ("ci", "machine", ["registrar"]),
            )
        ],
        root={"threshold": 1, "people": ["alice"]},
    )
    shop.ledger.unlink()
    code, _, err = deployed(shop, "--begin")
    assert code == 4
    assert "ci has no role that deploys" in err

    monkeypatch.setattr("pytest_readiness.cli.console.confirm", lambda *_a, **_k: False)
    assert deployed(shop, "--begin", by="alice")[0] == 1
    assert not shop.ledger.exists()
