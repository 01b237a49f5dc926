"""What the caller knows from outside: runner's key, plugin, last certificate."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest import envelope
from pytest_readiness.attest.package import installed_package
from pytest_readiness.attest.snapshot import listing
from pytest_readiness.plugin.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

Shop = Any
NAME = "run.intoto.json"


def said(result: pytest.RunResult) -> str:
    return result.stdout.str() + result.stderr.str()


# ------------------------------------------------------------------- the runner's key


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_a_runner_s_key_vouches_for_the_report(shop: Shop, workers: list[str]) -> None:
    key = f"--readiness-run-key={shop.key_file('ci')}"
    assert shop.project.judge(key, *workers).ret == 0

    line = (shop.out / NAME).read_bytes().strip()
    statement = json.loads(envelope.Envelope.parse(line).payload)
    predicate = statement["predicate"]
    assert statement["predicateType"].endswith("/predicates/run/v1")
    assert statement["subject"][0]["name"] == "report.json"
    assert predicate["attester"] == "ci"
    assert predicate["target"]["sha256"] == shop.project.report["target_digest"]
    assert predicate["suiteTree"] == {
        "gitTree": shop.git("rev-parse", "HEAD:readiness_suite")
    }
    assert predicate["wheel"]["digest"]["sha256"] == installed_package().digest
    assert predicate["release"]["commit"] == shop.git("rev-parse", "HEAD")
    # The next run without a key makes another report, which this does not vouch for.
    assert shop.project.judge().ret == 0
    assert not (shop.out / NAME).exists()


def test_an_ini_gives_no_key(shop: Shop) -> None:
    shop.project.ini(f"readiness_run_key = {shop.key_file('ci')}")
    shop.project.judge("--strict-config", "-p", "no:warnings")

    assert not (shop.out / NAME).exists()


@pytest.mark.parametrize(
    ("who", "what"),
    [
        ("grace", "grace is no machine with the role `runner`"),
        ("mallory", "is no key of the trust file"),
    ],
)
def test_only_a_runner_s_key_is_taken(shop: Shop, who: str, what: str) -> None:
    result = shop.project.judge(f"--readiness-run-key={shop.key_file(who)}")

    assert result.ret == 4
    assert what in said(result)
    assert not shop.out.exists()


def test_a_key_that_is_none_or_is_not_there_is_said(shop: Shop, tmp_path: Path) -> None:
    result = shop.project.judge(f"--readiness-run-key={tmp_path / 'none'}")
    assert result.ret == 4
    assert "none: cannot be read (No such file or directory)" in said(result)

    shop.trust(
        signer=[
            {
                "person": "ci",
                "name": "CI",
                "kind": "machine",
                "roles": ["runner"],
                "key": [
                    {
                        "key": shop.key("ci").public.openssh(),
                        "not_before": shop.now - 2 * shop.DAY,
                        "not_after": shop.now - shop.DAY,
                    }
                ],
            },
            {
                "person": "alice",
                "name": "Alice",
                "key": [
                    {
                        "key": shop.key("alice").public.openssh(),
                        "not_before": shop.now - shop.DAY,
                        "not_after": shop.now + shop.DAY,
                    }
                ],
            },
        ],
        root={"threshold": 1, "people": ["alice"]},
    )
    result = shop.project.judge(f"--readiness-run-key={shop.key_file('ci')}")
    assert result.ret == 4
    assert "the key of ci is not valid now" in said(result)


def test_a_key_that_vanishes_during_the_run_leaves_no_verdict(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pytest_readiness.plugin.run.check_runner", lambda *_words: None
    )
    result = shop.project.judge(f"--readiness-run-key={shop.key_file('mallory')}")

    assert result.ret == 3
    assert "is no key of the trust file" in said(result)
    assert not (shop.out / NAME).exists()


# ----------------------------------------------------------------- the plugin's digest


def test_the_plugin_is_the_one_that_is_pinned(shop: Shop) -> None:
    digest = installed_package().digest
    assert shop.project.judge(f"--readiness-plugin-sha256=SHA256:{digest}").ret == 0

    result = shop.project.judge(f"--readiness-plugin-sha256={'0' * 64}")
    assert result.ret == 13
    assert f"PROBES_CHANGED: the installed plugin has the digest {digest}" in (
        said(result).replace("\n", " ")
    )
    assert shop.project.states["host.signed"] == "pending"

    result = shop.project.judge("--readiness-plugin-sha256=abc")
    assert result.ret == 4
    assert "'abc' is no sha256" in said(result)


def test_the_suite_is_the_one_that_the_trust_file_pins(shop: Shop) -> None:
    tree = shop.git("rev-parse", "HEAD:readiness_suite")
    shop.trust(probes={"git_tree": tree})
    assert shop.project.judge().ret == 0

    module = shop.project.suite / "test_host.py"
    module.write_text(f"{module.read_text()}\n# always passes\n")
    result = shop.project.judge()
    assert result.ret == 13
    assert "PROBES_CHANGED" in said(result)
    # A repository with SHA-256 object names has longer ones.
    shop.trust(probes={"git_tree": "0" * 64})
    assert "PROBES_CHANGED" in said(shop.project.judge())


# --------------------------------------------------------------- the last certificate


@pytest.fixture
def last(certified: Shop, tmp_path: Path) -> Path:
    """The last certificate, kept outside of the repository with its list."""
    shop = certified
    folder = tmp_path / "kept"
    folder.mkdir()
    for name in ("certificate.intoto.jsonl", "certificate.statements.txt"):
        shutil.copy(shop.out / name, folder)
    return folder / "certificate.intoto.jsonl"


def judge(shop: Shop, last: Path, *words: str) -> tuple[int, str]:
    option = f"--readiness-previous-certificate={last}"
    result = shop.project.judge(option, *words)
    return result.ret, said(result)


def warnings(shop: Shop) -> str:
    return " ".join(shop.project.report["warnings"])


def test_nothing_is_older_than_the_last_certificate_knew(
    shop: Shop, last: Path
) -> None:
    assert judge(shop, last)[0] == 0
    assert "are gone" not in warnings(shop)

    shop.trust(version=6)
    code, text = judge(shop, last)
    assert code == 13
    assert "TRUST_ROLLBACK: version 6, but at least 7 is due" in text
    shop.trust(version=8)
    assert judge(shop, last)[0] == 0


def test_statements_that_it_knew_and_that_are_gone_are_named(
    shop: Shop, last: Path
) -> None:
    lines = shop.ledger.read_bytes().splitlines(keepends=True)
    gone = envelope.Envelope.parse(lines[0].strip()).payload_sha256
    shop.ledger.write_bytes(lines[1])
    code, _ = judge(shop, last)

    assert code == 10  # the item waits for its signature again
    assert "1 signed statements that the certificate of" in warnings(shop)
    assert f"knew are gone: payload {gone}" in warnings(shop)
    shop.ledger.unlink()
    judge(shop, last)
    assert "2 signed statements" in warnings(shop)


def test_a_last_certificate_is_somebody_s_word(shop: Shop, last: Path) -> None:
    good = last.read_bytes()
    shop.keys["grace"] = shop.key("new grace")
    shop.trust()
    code, text = judge(shop, last)
    assert code == 13
    assert "UNTRUSTED_KEY" in text

    last.write_bytes(b"{}\n")
    code, text = judge(shop, last)
    assert code == 4
    assert "MALFORMED" in text
    last.write_bytes(good)
    last.with_name("certificate.statements.txt").unlink()
    last.unlink()
    code, text = judge(shop, last)
    assert code == 4
    assert "certificate.intoto.jsonl: cannot be read (No such file" in text
    assert "name the last certificate" in text


def test_a_machine_s_or_another_system_s_certificate_is_none(
    shop: Shop, last: Path
) -> None:
    payload = envelope.Envelope.parse(last.read_bytes().strip()).payload
    last.write_bytes(envelope.sign(payload, shop.key("ci")))
    code, text = judge(shop, last)
    assert code == 13
    assert "KEY_NOT_VALID: no person with a sound key has signed it" in text

    shop.project.target(shop.project.TARGET.replace("shop", "depot"))
    shop.trust(system="depot")
    last.write_bytes(envelope.sign(payload, shop.key("grace")))
    code, text = judge(shop, last)
    assert code == 13
    assert "WRONG_SYSTEM: for 'shop', but 'depot' is judged" in text


def test_its_list_is_the_one_that_it_names(shop: Shop, last: Path) -> None:
    path = last.with_name("certificate.statements.txt")
    path.write_bytes(listing([]))
    code, text = judge(shop, last)
    assert code == 13
    assert "ARTIFACT_CHANGED: is not the list that the certificate names" in text

    path.unlink()
    code, text = judge(shop, last)
    assert code == 13
    assert "ARTIFACT_CHANGED: cannot be read (No such file or directory)" in text


def test_authors_are_those_since_the_last_certificate(shop: Shop) -> None:
    shop.certified()
    shop.git("config", "user.email", "erin@example.com")
    (shop.path / "app.py").write_text("x = 1\n")
    shop.git("add", "--all")
    shop.git("commit", "-qm", "More", "--author=Erin <erin@example.com>")
    since = Settings(previous_certificate=shop.certificate)

    both = {"dave@example.com", "erin@example.com"}
    assert shop.authors(Settings()) == both
    assert shop.authors(since) == {"erin@example.com"}
    # Nobody has the commit of that certificate any more: all the authors that one can
    # see are better than none.
    shop.git("checkout", "-q", "--orphan", "other")
    shop.git("commit", "-qm", "Squashed", "--author=Erin <erin@example.com>")
    shop.git("branch", "-q", "-D", shop.branch)
    shop.git("reflog", "expire", "--expire=now", "--all")
    shop.git("gc", "-q", "--prune=now")
    assert shop.authors(since) == {"erin@example.com"}
