"""``readiness certify``: what is certified, what is not, and what it leaves."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.issued import read_issued
from pytest_readiness.attest.package import installed_package
from pytest_readiness.attest.trust_file import read_trust

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Shop = Any


def configuration(shop: Shop) -> dict[str, Any]:
    """What a certificate names, by name."""
    found = shop.payload()["predicate"]["configuration"]
    return {entry["name"]: entry for entry in found}


def sha256(path: Path) -> dict[str, str]:
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def refused(found: tuple[int, str, str]) -> tuple[int, str, str]:
    """Give the code, and what it says, of a refusal."""
    document = json.loads(found[1])
    assert document["ok"] is False
    return found[0], document["code"], document["reason"]


def test_a_ready_system_is_certified(shop: Shop) -> None:
    document = shop.certified("--url=https://ci.example.com/7")

    statement = shop.payload()
    predicate, found = statement["predicate"], configuration(shop)
    assert predicate["result"] == "PASSED"
    assert sorted(predicate["passedTests"]) == sorted(shop.ITEMS)
    assert predicate["warnedTests"] == predicate["failedTests"] == []
    assert predicate["url"] == "https://ci.example.com/7"
    assert statement["subject"][0]["name"] == "readiness-target.json"

    words = found["readiness-target.json"]["annotations"]
    assert words["source"] == shop.context.source
    assert words["commit"] == shop.git("rev-parse", "HEAD")
    assert (words["gate"], words["way"], words["unpinned"]) == (
        "go-live",
        "ran here",
        True,
    )
    assert (words["items"], words["seen"], words["signed"]) == (4, 2, 2)
    assert "approvers" not in words
    assert "emergency" not in words

    assert found["report.json"]["digest"] == sha256(shop.out / "report.json")
    assert found["report.html"]["digest"] == sha256(shop.out / "report.html")
    assert found["trust.toml"]["digest"] == sha256(shop.readiness / "trust.toml")
    assert found["trust.toml"]["annotations"] == {"version": 7}
    assert found["suite.lock"]["digest"] == sha256(shop.project.suite / "suite.lock")
    assert found["suite.lock"]["annotations"] == {"items": 4}
    assert found["readiness.toml"]["digest"] == {
        "sha256": shop.project.report["target_digest"]
    }
    tree = shop.git("rev-parse", "HEAD:readiness_suite")
    assert found["probes"]["digest"] == {"gitTree": tree}
    package = installed_package()
    assert found[package.name]["digest"] == {"sha256": package.digest}

    kept = [path for path in document["files"] if ".readiness/certificates" in path]
    assert shop.certificate.read_bytes() == (shop.path / kept[0]).read_bytes()
    statements = shop.out / "certificate.statements.txt"
    assert found["statements.txt"]["digest"] == sha256(statements)
    assert found["statements.txt"]["annotations"] == {"count": 2}
    assert b"Grace Example" in (shop.out / "certificate.html").read_bytes()
    # It stands beside what is signed, and so is no part of the release.
    assert shop.context.source == words["source"]


def test_it_ends_with_the_first_of_what_it_rests_on(shop: Shop) -> None:
    assert shop.certified()["ends_with"] == "what a run may be certified for"

    shop.trust(certificate={"max_hours": 24 * 30})
    document = shop.certified()
    assert (
        document["ends_with"] == "the signature on final-verification.production-ready"
    )
    assert document["valid_until"] == (shop.now + 5 * shop.DAY).isoformat()

    shop.trust(certificate={"max_hours": 24 * 30}, expires=shop.now + 3 * shop.DAY)
    assert shop.certified()["ends_with"] == "the trust file"


def test_waived_items_are_warned_and_end_it(shop: Shop) -> None:
    shop.suite(waivable=True)
    shop.commit()
    shop.ledger.unlink()
    shop.waive("carol")
    shop.sign_all()
    document = shop.certified()

    predicate = shop.payload()["predicate"]
    assert (document["result"], predicate["warnedTests"]) == ("WARNED", [shop.WAIVED])
    assert document["ends_with"] == f"the waiver of {shop.WAIVED}"
    page = (shop.out / "certificate.html").read_text()
    assert "READY WITH WAIVERS" in page
    assert shop.WAIVED in page
    assert "dave@example.com" not in page
    assert "The new site opens later" in page

    assert shop.verify()[0] == 0
    assert shop.verify("--strict", *shop.said)[0] == 1

    code, _, err = shop.certify("--allow-unpinned", "--strict")
    assert code == 1
    assert "not certified: the verdict is READY WITH WAIVERS" in err


def test_an_emergency_is_written_on_it(shop: Shop) -> None:
    shop.suite(waivable=True)
    shop.commit()
    shop.ledger.unlink()
    shop.sign_all()
    shop.waive(
        "bob",
        items={shop.WAIVED: shop.ref(shop.WAIVED).digest},
        incident="INC-7",
        valid_until=shop.now + 20 * shop.HOUR,
    )
    shop.certified()

    words = configuration(shop)["readiness-target.json"]["annotations"]
    assert words["emergency"] == "INC-7"
    assert "EMERGENCY, incident INC-7" in (shop.out / "certificate.html").read_text()
    assert shop.verify()[1]["emergency"] == "incident INC-7"


def test_what_is_open_is_not_certified(shop: Shop) -> None:
    shop.suite(waivable=True)
    shop.commit()
    code, out, err = shop.certify("--allow-unpinned")

    assert code == 1
    assert json.loads(out) == {
        "ok": False,
        "code": "NOT_READY",
        "reason": "the verdict is NOT READY",
    }
    assert "readiness: not certified: the verdict is NOT READY" in err
    assert not shop.certificate.exists()
    assert shop.project.report["verdict"] == "NOT READY"


def test_an_unreadable_suite_judges_nothing(shop: Shop) -> None:
    (shop.project.suite / "test_host.py").write_text("import nothing_like_it\n")
    shop.commit()
    code, _, err = shop.certify("--allow-unpinned")

    assert code == 2
    assert "not certified: nothing was judged" in err


# ----------------------------------------------------------------- before it begins


def test_an_uncommitted_change_is_not_certified(shop: Shop) -> None:
    (shop.path / "app.py").write_text("x = 1\n")
    code, _, err = shop.certify("--allow-unpinned")

    assert code == 4
    assert err == (
        "readiness: certify: 1 uncommitted changes within the release: app.py;"
        " commit or remove them\n"
    )
    assert not shop.out.exists()


def test_unpinned_trust_is_not_certified_unless_it_is_said(shop: Shop) -> None:
    code, name, _ = refused(shop.certify())

    assert (code, name) == (13, "TRUST_UNPINNED")
    assert not shop.out.exists()


def test_in_full_use_nothing_is_unpinned(shop: Shop) -> None:
    pins = shop.approve()
    code, out, err = shop.certify(*pins)

    assert code == 0, (out, err)
    assert "unpinned" not in configuration(shop)["readiness-target.json"]["annotations"]
    assert shop.verify(*pins)[0] == 0
    # Made under no pins, one does not hold under some.
    shop.certified()
    code, found = shop.verify(*pins)
    assert (code, found["code"]) == (13, "TRUST_UNPINNED")


def test_the_bundled_suite_is_certified_only_where_it_is_pinned(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = "pytest_readiness.cli.desk.bundled_suite"
    monkeypatch.setattr(where, lambda: shop.project.suite)
    assert refused(shop.certify("--allow-unpinned"))[:2] == (13, "CHECKLIST_MISMATCH")

    data = (shop.project.suite / "suite.lock").read_bytes()
    pin = {"name": "mine", "items": 4, "sha256": hashlib.sha256(data).hexdigest()}
    shop.trust(checklist=pin)
    shop.certified()


@pytest.mark.parametrize("by", ["carol", "ci"])
def test_who_lacks_the_role_certifies_nothing(shop: Shop, by: str) -> None:
    code, name, reason = refused(shop.certify("--allow-unpinned", by=by))

    assert (code, name) == (13, "ROLE_NOT_ALLOWED")
    assert reason == f"{by} is no person with the role executive-sponsor"
    assert not shop.out.exists()


def test_a_broken_or_missing_or_expired_trust_file_certifies_nothing(
    shop: Shop,
) -> None:
    shop.trust(expires=shop.now - shop.HOUR)
    assert refused(shop.certify("--allow-unpinned"))[:2] == (13, "TRUST_EXPIRED")
    shop.trust(system="depot")
    assert refused(shop.certify("--allow-unpinned"))[:2] == (13, "WRONG_SYSTEM")
    (shop.readiness / "trust.toml").unlink()
    assert refused(shop.certify("--allow-unpinned"))[:2] == (13, "NO_TRUST_FILE")


def test_nobody_agreed_means_nothing_is_signed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_readiness.cli.console.confirm", lambda *_a, **_k: False)

    assert shop.certify("--allow-unpinned")[0] == 1
    assert not shop.certificate.exists()


def test_the_suite_s_own_conftest_is_all_that_is_loaded(shop: Shop) -> None:
    shop.project.conftest("raise SystemExit('foreign')\n")
    shop.project.ini("addopts = -k nothing", "python_files = x.py")
    shop.commit()
    shop.ledger.unlink()
    shop.sign_all()

    shop.certified()


# -------------------------------------------------------------------- from a report


def test_a_runner_s_report_is_certified(shop: Shop) -> None:
    shop.judge()
    document = shop.certified("--from-report")

    assert document["way"] == "from report"
    assert configuration(shop)["report.json"]["digest"] == sha256(
        shop.out / "report.json"
    )
    assert shop.verify()[0] == 0


def test_an_unsigned_report_is_not(shop: Shop) -> None:
    shop.judge()
    (shop.out / "run.intoto.json").unlink()

    found = refused(shop.certify("--allow-unpinned", "--from-report"))
    assert found == (
        13,
        "RUN_UNSIGNED",
        "there is no run statement beside the report",
    )


def test_an_edited_report_is_not(
    shop: Shop, lie: Callable[[Path, str, str], None]
) -> None:
    shop.judge()
    lie(shop.out / "report.json", '"host":"', '"host":"x')

    found = refused(shop.certify("--allow-unpinned", "--from-report"))
    assert found == (13, "RUN_UNSIGNED", "the report is another one")


def test_a_report_of_another_release_or_suite_is_not(shop: Shop) -> None:
    shop.judge()
    module = shop.project.suite / "test_host.py"
    module.write_text(f"{module.read_text()}\n# weaker\n")
    shop.commit()
    code, name, reason = refused(shop.certify("--allow-unpinned", "--from-report"))

    assert (code, name) == (13, "RUN_UNSIGNED")
    assert reason == "the suite is another one"


def test_a_run_signed_by_a_person_is_not(shop: Shop) -> None:
    shop.judge()
    statement = shop.out / "run.intoto.json"
    shop.trust()
    ci, shop.keys["ci"] = shop.keys["ci"], shop.keys["carol"]
    shop.keys["carol"] = ci
    shop.trust()

    found = refused(shop.certify("--allow-unpinned", "--from-report"))
    assert statement.exists()
    assert found[:2] == (13, "TAMPERED")


def test_what_was_vetoed_since_the_report_is_not_certified(shop: Shop) -> None:
    shop.judge()
    shop.veto("alice", "host.one")
    code, name, reason = refused(shop.certify("--allow-unpinned", "--from-report"))

    assert (code, name) == (13, "REJECTED")
    assert reason.startswith("host.one: signed NOT_SATISFIED by Alice Example")


def test_what_is_signed_no_longer_is_not_certified(shop: Shop) -> None:
    shop.judge()
    lines = shop.ledger.read_bytes().splitlines(keepends=True)
    shop.ledger.write_bytes(lines[1])
    code, name, reason = refused(shop.certify("--allow-unpinned", "--from-report"))

    assert (code, name) == (13, "MISSING")
    assert reason.startswith("host.signed: ")


def test_a_waiver_that_is_gone_is_not_certified(shop: Shop) -> None:
    shop.suite(waivable=True)
    shop.commit()
    shop.ledger.unlink()
    shop.sign_all()
    without = shop.ledger.read_bytes()
    shop.waive("carol")
    shop.judge()
    shop.ledger.write_bytes(without)

    found = refused(shop.certify("--allow-unpinned", "--from-report"))
    assert found == (10, "EXPIRED", f"{shop.WAIVED}: its waiver no longer holds")


def test_a_report_that_is_not_ready_is_not_certified(shop: Shop) -> None:
    shop.suite(waivable=True)
    shop.commit()
    key = f"--readiness-run-key={shop.key_file('ci')}"
    assert shop.project.judge_apart(key).ret == 1

    code, _, err = shop.certify("--allow-unpinned", "--from-report")
    assert code == 1
    assert "the verdict is NOT READY" in err


def test_a_report_that_is_not_there_is_said(shop: Shop) -> None:
    code, _, err = shop.certify("--allow-unpinned", "--from-report=none.json")

    assert code == 4
    assert "none.json: cannot be read: No such file" in err


# --------------------------------------------------------------------- two signers

NEED = {"need": [{"role": "project-manager"}]}


def test_two_signers_sign_the_same_bytes(shop: Shop) -> None:
    shop.trust(certificate=NEED)
    code, out, err = shop.certify("--allow-unpinned")
    first = json.loads(out)
    assert (code, first["ok"], first["missing_roles"]) == (
        10,
        False,
        ["project-manager"],
    )
    assert "project-manager must sign it: `readiness certify --sign-on" in err
    page = shop.out / "certificate.html"
    assert "the signature of project-manager is missing" in page.read_text()
    code, found = shop.verify()
    assert (code, found["code"]) == (10, "BELOW_THRESHOLD")

    second = shop.certified(f"--sign-on={shop.certificate}", by="pete")
    assert second["payload_sha256"] == first["payload_sha256"]
    assert str(page) in second["files"]
    assert "is missing" not in page.read_text()
    assert "Pete Example" in page.read_text()
    trust = read_trust((shop.readiness / "trust.toml").read_bytes())
    for path in (shop.certificate, *(shop.readiness / "certificates").glob("*.jsonl")):
        issued = read_issued(path.read_bytes(), trust)
        assert [one.person.id for one in issued.certifiers] == ["grace", "pete"]
        assert shop.verify(path=path)[0] == 0

    code, _, err = shop.certify(
        "--allow-unpinned", f"--sign-on={shop.certificate}", by="pete"
    )
    assert code == 4
    assert "pete has signed it already" in err


def test_nobody_signs_on_to_a_swapped_report(
    shop: Shop, lie: Callable[[Path, str, str], None]
) -> None:
    shop.trust(certificate=NEED)
    shop.certify("--allow-unpinned")
    lie(shop.out / "report.json", '"host":"', '"host":"x')
    found = shop.certify("--allow-unpinned", f"--sign-on={shop.certificate}", by="pete")

    assert refused(found)[:2] == (13, "ARTIFACT_CHANGED")


def test_nobody_signs_on_when_a_waiver_has_gone(shop: Shop) -> None:
    shop.suite(waivable=True)
    shop.commit()
    shop.trust(certificate=NEED)
    shop.ledger.unlink()
    shop.sign_all()
    without = shop.ledger.read_bytes()
    shop.waive("carol")
    assert shop.certify("--allow-unpinned")[0] == 10
    shop.ledger.write_bytes(without)
    found = shop.certify("--allow-unpinned", f"--sign-on={shop.certificate}", by="pete")

    assert refused(found)[:2] == (10, "EXPIRED")


def test_a_second_signer_may_decline(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.trust(certificate=NEED)
    shop.certify("--allow-unpinned")
    before = shop.certificate.read_bytes()
    monkeypatch.setattr("pytest_readiness.cli.console.confirm", lambda *_a, **_k: False)
    code, _, _ = shop.certify(
        "--allow-unpinned", f"--sign-on={shop.certificate}", by="pete"
    )

    assert code == 1
    assert shop.certificate.read_bytes() == before
