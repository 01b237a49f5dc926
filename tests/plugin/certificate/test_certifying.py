"""The making of a certificate: each way in which a report contradicts what is known."""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest import envelope
from pytest_readiness.attest.appending import append
from pytest_readiness.attest.certificate import Way
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.predicates import Snapshot
from pytest_readiness.attest.snapshot import listing
from pytest_readiness.attest.statement import Statement, Subject
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.cli import situation
from pytest_readiness.plugin.certifying import Basis, certify, roles_needed
from pytest_readiness.store.files import read_report
from pytest_readiness.verdict.gate import GATES
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from pytest_readiness.store.document import Report

Shop = Any


def basis(now: dt.datetime | None = None) -> Basis:
    """What is known in the present shop, as the command reads it."""
    parser = argparse.ArgumentParser()
    situation.add_arguments(parser)
    here = situation.Situation.of(parser.parse_args([]))
    now = now or dt.datetime.now(dt.UTC)
    return Basis(
        context=here.context,
        lock=here.lock,
        gate=GATES["go-live"],
        items=here.items,
        suite=here.suite,
        signing=here.signing(now),
        now=now.replace(microsecond=0),
    )


def refusal(known: Basis, report: Report) -> tuple[Code, str]:
    with pytest.raises(Refused) as caught:
        certify(known, report, b"{}", Way.RAN_HERE)
    return caught.value.code, caught.value.reason


def test_a_page_is_named_and_a_snapshot(certified: Shop) -> None:
    report = read_report(certified.out / "report.json")
    made = certify(basis(), report, b"{}", Way.RAN_HERE, page=b"<p>")

    assert {"report.json", "report.html"} <= set(made.certificate.digests)
    assert made.waivers == ()


LIES: dict[str, tuple[dict[str, Any], Code]] = {
    "not ready": ({"verdict": "NOT READY"}, Code.ITEMS_MISSING),
    "another system": ({"system": "depot"}, Code.WRONG_TARGET),
    "another environment": ({"environment": "staging"}, Code.WRONG_TARGET),
    "another target file": ({"target_digest": "0" * 64}, Code.TARGET_MISMATCH),
    "no items": ({"items": ()}, Code.ITEMS_MISSING),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_report_about_something_else_is_not_certified(
    certified: Shop, lie: str
) -> None:
    changes, code = LIES[lie]
    report = read_report(certified.out / "report.json").model_copy(update=changes)

    assert refusal(basis(), report)[0] is code


def test_another_source_lock_gate_or_state_is_not_certified(certified: Shop) -> None:
    report, known = read_report(certified.out / "report.json"), basis()

    def changed(part: str, **update: Any) -> Report:
        other = getattr(report, part).model_copy(update=update)
        return report.model_copy(update={part: other})

    def stated(state: State) -> Report:
        items = (report.items[0].model_copy(update={"state": state}), *report.items[1:])
        return report.model_copy(update={"items": items})

    other = f"sha256:{'0' * 64}"
    assert refusal(known, changed("release", source=other))[0] is Code.WRONG_TARGET
    lock = changed("checklist", digest="0" * 64)
    assert refusal(known, lock)[0] is Code.CHECKLIST_MISMATCH
    for gate in (changed("gate", name="all"), changed("gate", stages=())):
        assert refusal(known, gate)[0] is Code.ITEMS_MISSING
    assert refusal(known, stated(State.FAILED)) == (
        Code.ITEMS_MISSING,
        f"{report.items[0].id} is open",
    )
    # What the report calls attested must be signed.
    assert refusal(known, stated(State.ATTESTED))[0] is Code.MISSING
    assert refusal(known, stated(State.NOT_APPLICABLE))[0] is Code.MISSING
    assert refusal(known, stated(State.WAIVED))[0] is Code.EXPIRED

    nothing = replace(known, gate=GATES["daily"])
    daily = changed("gate", name="daily", stages=GATES["daily"].stages)
    assert refusal(nothing, daily) == (Code.ITEMS_MISSING, "the gate asks for nothing")


def test_an_unbound_release_is_its_version(shop: Shop) -> None:
    shutil.rmtree(shop.path / ".git")
    shop.ledger.unlink()
    shop.sign_all()
    assert shop.project.judge().ret == 0
    report, known = read_report(shop.out / "report.json"), basis()

    judged = certify(known, report, b"{}", Way.RAN_HERE).certificate.judged
    assert (judged.source, judged.release) == (None, "1.2.3")
    release = report.release.model_copy(update={"version": "1.2.4"})
    other = report.model_copy(update={"release": release})
    assert refusal(known, other)[0] is Code.WRONG_TARGET


def test_a_run_of_last_week_has_ended(certified: Shop) -> None:
    report = read_report(certified.out / "report.json")
    now = dt.datetime.now(dt.UTC) + dt.timedelta(hours=80)

    assert refusal(basis(now), report) == (
        Code.EXPIRED,
        "what a run may be certified for has ended already",
    )


def test_a_ledger_that_is_broken_or_not_trusted_certifies_nothing(
    certified: Shop,
) -> None:
    report = read_report(certified.out / "report.json")
    with certified.ledger.open("a") as ledger:
        ledger.write("junk\n")
    assert refusal(basis(), report)[0] is Code.MALFORMED

    certified.ledger.unlink()
    (certified.readiness / "trust.toml").unlink()
    assert refusal(basis(), report)[0] is Code.NO_TRUST_FILE


def test_more_waivers_than_are_allowed_now_are_not_certified(shop: Shop) -> None:
    shop.suite(waivable=True)
    shop.commit()
    shop.ledger.unlink()
    shop.waive("carol")
    shop.sign_all()
    assert shop.project.judge().ret == 0
    report = read_report(shop.out / "report.json")
    assert len(certify(basis(), report, b"{}", Way.RAN_HERE).waivers) == 1

    shop.trust(waiver={"max_waivers": 0})
    assert refusal(basis(), report) == (
        Code.NOT_WAIVABLE,
        "1 waivers in use, 1 more than are allowed",
    )


def test_a_snapshot_ends_a_certificate_and_is_named(certified: Shop) -> None:
    shop = certified
    shop.trust(snapshot={"max_hours": 2})
    lines = shop.ledger.read_bytes().splitlines()
    content = listing(envelope.Envelope.parse(line).payload_sha256 for line in lines)
    (shop.readiness / "snapshot.txt").write_bytes(content)
    said = Snapshot(
        attester="ci",
        version=5,
        count=len(lines),
        issued_at=shop.now,
        valid_until=shop.now + shop.DAY,
    )
    subject = Subject(name="snapshot.txt", digest=digest(content))
    payload = Statement(subject, said).payload()
    append(shop.ledger, [envelope.sign(payload, shop.key("ci"))])
    report = read_report(shop.out / "report.json")
    made = certify(basis(), report, b"{}", Way.RAN_HERE).certificate

    assert made.judged.ends_with == "the snapshot"
    assert made.digests["snapshot.txt"] == digest(content)
    assert made.number("snapshot.txt", "version") == 5


@pytest.mark.usefixtures("certified")
def test_a_checklist_without_the_row_is_certified_by_the_sponsor() -> None:
    known = basis()
    trust = known.signing.signatures.trust
    assert trust is not None
    lock = replace(known.lock, items=known.lock.items[:-1])

    assert roles_needed(trust, lock) == ("executive-sponsor",)
