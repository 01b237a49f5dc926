"""What a signature says, as facts: from claims, and from evidence that was signed."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.attest.predicates import Evidence
from pytest_readiness.attest.result import ItemSignatures, Result, Signed
from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.plugin.attestation import Attestation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Attestation]

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
FIELDS = {
    "record.yaml": "date: 2026-11-20\nresult: Passed\n",
    "record.yml": "date: 2026-11-20 08:00:00\nresult: passed\n",
    "record.toml": 'date = 2026-11-20\nresult = "passed"\n',
    "record.json": '{"date": "2026-11-20", "result": "PASSED"}',
    "record.md": "---\ndate: 2026-11-20\nresult: passed\n---\n\n# Drill\n",
}
WITHOUT = {
    "broken.yaml": "a: [",
    "broken.json": "{",
    "broken.toml": "=",
    "list.json": "[1]",
    "plain.md": "# Drill\n",
    "open.md": "---\ndate: 2026-11-20\n",
    "python.yaml": "!!python/object/apply:os.system [true]",
    "report.pdf": "date: 2026-11-20",
    "deep.json": "[" * 100_000,
}


@pytest.fixture
def attested(tmp_path: Path) -> Make:
    """Give an attestation with evidence files of these names and contents."""

    def attested(
        files: dict[str, str] | None = None,
        *,
        result: Result = Result.SATISFIED,
        uri: str | None = None,
        digest: str = "",
        **claims: str | int | bool,
    ) -> Attestation:
        evidence = []
        for name, text in (files or {}).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
            own = digest or hashlib.sha256(text.encode()).hexdigest()
            evidence.append(Evidence(name=name, digest=own, uri=uri))
        signer = Signed(
            person="alice",
            name="Alice Example",
            title="",
            role="ops-lead",
            stands_in_for="",
            fingerprint="SHA256:abc",
            issued_at=NOON,
            until=NOON,
            payload="0" * 64,
            evidence=tuple(evidence),
            claims=tuple(claims.items()),
        )
        found = ItemSignatures(
            item="s.one", result=result, code=None, reason="", signers=(signer,)
        )
        return Attestation(found, tmp_path, NOON.date(), NOON)

    return attested


@pytest.mark.parametrize("name", FIELDS)
def test_a_record_is_read_whatever_it_is_written_in(attested: Make, name: str) -> None:
    found = attested({name: FIELDS[name]})
    assert found.date("date").value == dt.date(2026, 11, 20)
    assert found.text("result").value == "passed"
    assert found.fields.value == ("date", "result")
    assert found.evidence.value == (name,)
    assert found.signers.value == ("Alice Example",)
    assert found.signers.source == "the attestation of Alice Example"


@pytest.mark.parametrize("name", WITHOUT)
def test_what_has_no_fields_has_none_and_does_no_harm(
    attested: Make, name: str
) -> None:
    found = attested({name: WITHOUT[name]})
    assert found.fields.value == ()
    value = found.date("date").value
    assert isinstance(value, Unavailable)
    assert "neither a claim nor an evidence file has `date`" in value.reason
    assert "--claim date=" in value.remedy


def test_claims_go_before_files(attested: Make) -> None:
    found = attested({"record.yaml": "ends: 2020-01-01\n"}, ends="2027-01-31", open=0)
    assert found.date("ends").value == dt.date(2027, 1, 31)
    assert found.text("open").value == "0"


def test_only_bytes_that_were_signed_are_read(attested: Make) -> None:
    record = {"record.yaml": FIELDS["record.yaml"]}
    assert attested(record, digest="0" * 64).fields.value == ()
    assert attested(record, uri="https://wiki.example/1").fields.value == ()
    found = attested(record)
    (found.root / "record.yaml").unlink()
    assert found.fields.value == ()


def test_a_value_of_another_form_is_no_date(attested: Make) -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\ndate: [*b, *b]\n"
    for found in (attested(date="soon"), attested({"bomb.yaml": bomb})):
        value = found.date("date").value
        assert isinstance(value, Unavailable)
        assert value.reason == "`date` is not of the form that is asked"
    assert isinstance(attested({"bomb.yaml": bomb}).text("date").value, Unavailable)


def test_evidence_is_found_by_what_it_is_named_after(attested: Make) -> None:
    files = {"yahoo_finance-2026.md": "x", "fred.pdf": "x"}
    found = attested(files)
    assert found.naming("Yahoo Finance").value == ("yahoo_finance-2026.md",)
    assert found.naming("tradier").value == ()
    assert found.naming("-").value == ()
    assert found.declared(("fred",)).value == ("fred",)


def test_without_a_signature_all_waits_for_one(attested: Make, tmp_path: Path) -> None:
    nobody = Attestation(None, tmp_path, NOON.date(), NOON)
    vetoed = attested({"r.yaml": FIELDS["record.yaml"]}, result=Result.VETOED)
    for found in (nobody, vetoed):
        facts = (
            found.signers,
            found.evidence,
            found.fields,
            found.date("date"),
            found.text("result"),
            found.naming("fred"),
        )
        for fact in facts:
            assert isinstance(fact.value, Unavailable)
            assert fact.value.cause is Cause.UNCONFIGURED
            assert fact.source == "the signed attestations"
