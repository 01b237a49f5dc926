"""The checklist's rules of documents and drills, for the items that share them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.catalogue.judgement import Bound
    from pytest_readiness.catalogue.requirement import Check
    from pytest_readiness.plugin.attestation import Attestation
    from pytest_readiness.probes.documents import Document
    from pytest_readiness.target.blocks import Limits

__all__ = ["document_rules", "drill_rules"]


def document_rules(
    check: Check, document: Document, limits: Limits, *, plan: bool = False
) -> None:
    """Hold a document against the rules: there, long enough, finished, whole, reviewed.

    ``plan``: it is a plan, which is reviewed less often than a guide.
    """
    bounds = limits.documents
    max_age = bounds.max_age_of_plans if plan else bounds.max_age
    check("there is a document to read", document.found).is_true()
    check("its words", document.words).at_least(bounds.min_words)
    check("headings that are missing", document.missing_headings).empty()
    check("what is still to be written", document.placeholders).empty()
    check("links that lead nowhere", document.broken_links).empty()
    check("it says when it was reviewed", document.is_reviewed).is_true()
    check("time since its review", document.age).at_least(dt.timedelta(0)).at_most(
        max_age
    )


def drill_rules(
    check: Check, attestation: Attestation, max_age: Bound[dt.timedelta]
) -> None:
    """Hold what is signed of a drill against the rules: it ended, well, and lately.

    Its fields are ``start``, ``end`` and ``result``. Without a signature nothing is
    checked: the item waits for one anyway.
    """
    if not attestation.signers.available:
        return
    end = attestation.date("end")
    today = attestation.today
    check("the drill began", attestation.date("start")).at_most(end)
    check("time since the drill", end.map(lambda day: today - day)).at_least(
        dt.timedelta(0)
    ).at_most(max_age)
    check("how the drill ended", attestation.text("result")).equals("passed")
