from __future__ import annotations

import datetime as dt

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.tls import Asked, Tls
from pytest_readiness.probes.tls.handshakes import Answer, Shown
from pytest_readiness.target.blocks import TlsBlock, TlsEndpoint

UNREADABLE = Unavailable("a certificate cannot be read", Cause.NO_ANSWER)


def test_a_certificate_that_cannot_be_read_takes_no_other_fact_along() -> None:
    yes = Answer(value=True)
    shown = Shown(yes, yes, (b"garbage",), (b"garbage",), "asks for a certificate")
    facts = Asked("app:443", shown, Look("tls app:443", 1.0), dt.timedelta(0)).facts()
    assert facts.chain_trusted.value is True
    assert facts.chain_trusted.detail == "asks for a certificate"
    assert facts.host_matches.value is True
    assert facts.intermediates_sent.value == UNREADABLE
    assert facts.weak_signatures.value == UNREADABLE
    assert facts.certificates.value == UNREADABLE


def test_the_source_names_the_endpoints() -> None:
    block = TlsBlock(
        endpoints=(TlsEndpoint(host="a.example"), TlsEndpoint(host="b", name="db"))
    )
    assert Tls.source(block) == "tls a.example:443, db"
