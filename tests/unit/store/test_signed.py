"""What the report says of people: who signed, what is hidden of them."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.failure import Failure
from pytest_readiness.attest.pins import TrustPins
from pytest_readiness.attest.predicates import Evidence
from pytest_readiness.attest.result import ItemSignatures, Refusal, Result, Signed
from pytest_readiness.attest.signatures import Signatures
from pytest_readiness.store.signed import masked, signed_shown, trust_shown

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ask alice.doe@example.com today", "ask a...@... today"),
        ("call +49 (30) 1234-5678 at night", "call (number) at night"),
        ("call 030/12345678.", "call (number)."),
        ("until 2026-12-31, ticket RISK-91", "until 2026-12-31, ticket RISK-91"),
        ("PT-77, 0 of 12 open, p95 1.8 s", "PT-77, 0 of 12 open, p95 1.8 s"),
        ("sha256 0a0382c65687", "sha256 0a0382c65687"),
    ],
)
def test_addresses_and_numbers_are_hidden(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_signature_is_shown_with_all_that_an_auditor_asks() -> None:
    signer = Signed(
        person="alice",
        name="Alice Example",
        title="Head of Security",
        role="security-lead",
        stands_in_for="bob",
        fingerprint="SHA256:abc",
        issued_at=NOON,
        until=NOON + DAY,
        payload="0" * 64,
        justification="Read in full; call alice@example.com.",
        evidence=(Evidence(name="PT-77.pdf", digest="1" * 64, uri="https://x/PT-77"),),
        claims=(("by", "bob@example.com"), ("findings", 0)),
    )
    found = ItemSignatures(
        item="s.one",
        result=Result.SATISFIED,
        code=None,
        reason="signed",
        signers=(signer,),
        refusals=(Refusal(Code.EXPIRED, "signed long ago", "carol"),),
    )
    shown = signed_shown(found, waived=False)
    assert shown.expires == NOON + DAY
    assert shown.signers[0].stands_in_for == "bob"
    assert shown.signers[0].justification == "Read in full; call a...@...."
    assert shown.signers[0].claims == {"by": "b...@...", "findings": 0}
    assert shown.signers[0].evidence[0].uri == "https://x/PT-77"
    assert [(one.code, one.person) for one in shown.refusals] == [("EXPIRED", "carol")]
    assert shown.waiver is None


def test_broken_trust_is_told_with_place_and_remedy() -> None:
    found = Signatures(pins=TrustPins(), now=NOON)
    found.failures.append(Failure(Code.TAMPERED, "is not hers", "ledger, line 3"))
    (text,) = trust_shown(found, "broken").failures
    assert text == f"TAMPERED: is not hers (ledger, line 3); {Code.TAMPERED.remedy}"
