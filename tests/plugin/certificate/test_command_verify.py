"""``readiness verify``: each lie that a deploy job may be told, and its code."""

from __future__ import annotations

import base64
import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Shop = Any


def refused(found: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    code, document = found
    assert document["ok"] is False
    assert document["remedy"]
    return code, document["code"]


def test_a_good_certificate_is_told_in_words_and_for_scripts(certified: Shop) -> None:
    code, found = certified.verify()
    assert code == 0
    assert found["result"] == "PASSED"
    assert found["certified_by"] == [
        {"person": "grace", "fingerprint": certified.key("grace").fingerprint}
    ]
    assert found["unpinned"].startswith("nobody outside the repository")
    assert any("nobody outside" in text or "root" in text for text in found["warnings"])

    path = str(certified.certificate)
    code, out, err = certified.run("verify", path, *certified.said)
    assert code == 0
    assert "shop 1.2.3 in here: certified until" in out
    assert "certified by Grace Example, Title of grace, SHA256:" in out
    assert "UNPINNED: " in out
    assert "readiness: warning: " in err
    kept = next((certified.readiness / "certificates").glob("*.jsonl"))
    assert certified.verify(path=kept)[0] == 0


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_what_is_deployed_must_be_said(certified: Shop, left_out: int) -> None:
    said = certified.said
    flag = said.pop(left_out).partition("=")[0]
    code, found = certified.verify(*said)

    assert refused((code, found)) == (13, "CONTEXT_MISSING")
    assert found["reason"] == f"{flag}: what is deployed here is not said"


def test_the_ci_system_may_say_it(
    certified: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for word in certified.said:
        name, _, value = word.removeprefix("--").partition("=")
        monkeypatch.setenv(f"READINESS_{name.upper()}", value)
    code, out, _ = certified.run("verify", str(certified.certificate), "--json")

    assert (code, json.loads(out)["ok"]) == (0, True)


@pytest.mark.parametrize(
    "other",
    [
        "--target=production",
        "--system=depot",
        f"--release=sha256:{'0' * 64}",
    ],
)
def test_a_certificate_of_something_else_does_not_hold(
    certified: Shop, other: str
) -> None:
    flag = other.partition("=")[0]
    said = [word for word in certified.said if not word.startswith(flag)]
    found = certified.verify(*said, other)

    expected = "WRONG_SYSTEM" if "depot" in other else "WRONG_TARGET"
    assert refused(found) == (13, expected)


def test_staging_certified_is_not_production_certified(shop: Shop) -> None:
    text = (shop.path / "readiness.toml").read_text()
    shop.project.target(
        f'default = "staging"\n{text}'.replace("[target.here", "[target.staging")
        + text[text.index("[target.here") :].replace("here", "production")
    )
    shop.commit()
    shop.ledger.unlink()
    shop.sign_all()
    shop.certified()
    said = [word for word in shop.said if not word.startswith("--target")]

    assert shop.verify(*said, "--target=staging")[0] == 0
    found = shop.verify(*said, "--target=production")
    assert refused(found) == (13, "WRONG_TARGET")
    assert found[1]["reason"].startswith("certifies shop 1.2.3 in staging")


def test_a_version_is_that_of_the_checkout(certified: Shop) -> None:
    said = certified.said[:2]

    assert certified.verify(*said, "--release=1.2.3")[0] == 0
    commit = certified.git("rev-parse", "HEAD")
    assert certified.verify(*said, f"--release={commit}")[0] == 0
    code, _, err = certified.run(
        "verify", str(certified.certificate), *said, "--release=1.2.4"
    )
    assert code == 4
    assert "expects 1.2.4, but 1.2.3 is checked out" in err


def test_another_commit_of_the_checkout_is_another_release(certified: Shop) -> None:
    (certified.path / "app.py").write_text("x = 1\n")
    certified.commit()

    found = certified.verify(*certified.said[:2], "--release=1.2.3")
    assert refused(found) == (13, "WRONG_TARGET")


def test_without_a_checkout_trust_file_and_lock_are_enough(
    certified: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, place = certified.said, tmp_path / "deploy"
    place.mkdir()
    shutil.copy(certified.certificate, place)
    shutil.copy(certified.readiness / "trust.toml", place)
    shutil.copytree(certified.project.suite, place / "suite")
    monkeypatch.chdir(place)
    files = ["--trust=trust.toml", "--suite=suite"]

    path = place / certified.certificate.name
    assert certified.verify(*said, *files, path=path)[0] == 0
    # A version alone is not what was certified: that has a source.
    found = certified.verify(*said[:2], "--release=1.2.3", *files, path=path)
    assert refused(found) == (13, "WRONG_TARGET")
    found = certified.verify(*said, "--suite=suite", path=path)
    assert refused(found) == (13, "NO_TRUST_FILE")


# --------------------------------------------------------------------- the certificate


def test_an_edited_certificate_does_not_hold(certified: Shop) -> None:
    line = json.loads(certified.certificate.read_text())
    payload = base64.b64decode(line["payload"])
    edited = payload.replace(b'"host.one",', b"")
    assert edited != payload
    line["payload"] = base64.b64encode(edited).decode()
    certified.certificate.write_text(json.dumps(line) + "\n")

    assert refused(certified.verify()) == (13, "TAMPERED")


def test_one_that_expired_waits_for_a_new_one(
    certified: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=73)
    monkeypatch.setattr("pytest_readiness.cli.verify.utc_now", lambda: later)

    assert refused(certified.verify()) == (10, "EXPIRED")


def test_an_item_that_the_gate_has_since_is_missing(certified: Shop) -> None:
    module = certified.project.suite / "test_more.py"
    said = certified.said
    project = certified.project
    module.write_text(project.module(project.item("more"), section="more"))
    project.lock()

    found = certified.verify(*said)
    assert refused(found) == (13, "ITEMS_MISSING")
    assert found[1]["reason"] == "does not list more.more"


def test_another_gate_than_the_asked_one_is_refused(certified: Shop) -> None:
    found = certified.verify(*certified.said, "--gate=all")

    assert refused(found) == (13, "ITEMS_MISSING")


def test_a_swapped_report_is_found_beside_it_and_where_it_is_named(
    certified: Shop, lie: Callable[[Path, str, str], None], tmp_path: Path
) -> None:
    copy = tmp_path / "report.json"
    shutil.copy(certified.out / "report.json", copy)
    assert certified.verify(*certified.said, f"--report={copy}")[0] == 0
    lie(copy, '"host":"', '"host":"x')
    found = certified.verify(*certified.said, f"--report={copy}")
    assert refused(found) == (13, "ARTIFACT_CHANGED")

    lie(certified.out / "report.json", '"host":"', '"host":"x')
    assert refused(certified.verify()) == (13, "ARTIFACT_CHANGED")
    found = certified.verify(*certified.said, f"--report={tmp_path / 'none'}")
    assert refused(found) == (13, "ARTIFACT_CHANGED")
    found = certified.verify(*certified.said, f"--report={tmp_path}")
    assert refused(found) == (13, "ARTIFACT_CHANGED")
    (certified.out / "report.json").unlink()
    lie(certified.out / "report.html", "<p", "<P")
    found = certified.verify()
    assert refused(found) == (13, "ARTIFACT_CHANGED")


def test_another_lock_or_trust_file_is_changed(certified: Shop) -> None:
    said = certified.said
    certified.trust(skew_seconds=1)
    assert refused(certified.verify(*said)) == (13, "ARTIFACT_CHANGED")

    certified.trust(system="depot")
    assert refused(certified.verify(*said)) == (13, "WRONG_SYSTEM")


def test_a_lock_whose_order_alone_changed_is_another_file(certified: Shop) -> None:
    said, lock = certified.said, certified.project.suite / "suite.lock"
    lock.write_text(f"{lock.read_text()}\n# a comment\n")

    found = certified.verify(*said)
    assert refused(found) == (13, "ARTIFACT_CHANGED")
    assert found[1]["where"] == "suite.lock"


def test_a_damaged_ledger_closes_the_gate_here_too(certified: Shop) -> None:
    with certified.ledger.open("a") as ledger:
        ledger.write("<<<<<<< HEAD\n")

    assert refused(certified.verify()) == (13, "MALFORMED")


def test_a_file_that_is_not_there_is_said_in_a_line(certified: Shop) -> None:
    code, _, err = certified.run("verify", "none.jsonl", *certified.said)

    assert code == 4
    assert err == (
        "readiness: none.jsonl: cannot be read: No such file or directory;"
        " name a certificate\n"
    )
    code, _, err = certified.run("verify", str(certified.ledger), *certified.said)
    assert code == 13
    assert "MALFORMED" in err
