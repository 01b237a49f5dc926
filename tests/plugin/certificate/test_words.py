"""What people read who do not ask for JSON, and what happens on a full disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

Shop = Any


def test_certifying_says_until_when_and_where(shop: Shop) -> None:
    key = f"--key={shop.key_file('grace')}"
    code, out, err = shop.run("certify", key, "--yes", "--allow-unpinned")

    assert code == 0
    first, *files = out.splitlines()
    assert first.startswith("certified until ")
    assert files[0] == str(shop.certificate)
    assert "UNPINNED: nobody outside the repository vouches for trust" in err


def test_what_must_be_known_is_said_with_an_unbound_or_waived_one(shop: Shop) -> None:
    text = (shop.path / "readiness.toml").read_text()
    shop.project.target(f"{text}\n[approvals]\npeople = 2\n")
    shop.suite(waivable=True)
    shop.commit()
    shop.ledger.unlink()
    shop.sign_all()
    shop.waive("carol")
    shop.certified()
    said = [word for word in shop.said if not word.startswith("--release")]
    path = str(shop.certificate)

    code, out, err = shop.run("verify", path, *shop.said)
    assert code == 0
    assert f"waived: {shop.WAIVED}" in out
    assert "APPROVERS: 2" in out
    code, _, err = shop.run("verify", path, "--strict", *shop.said)
    assert code == 1
    assert "items are waived, which --strict does not allow" in err
    code, _, err = shop.run("verify", path, *said)
    assert code == 13
    assert "readiness: CONTEXT_MISSING: --release: what is deployed here" in err


def test_a_release_without_a_source_is_said_to_be_unbound(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (shop.path / ".git").rename(tmp_path / "gone")
    shop.ledger.unlink()
    shop.sign_all()
    shop.certified()
    words = ["--system=shop", "--target=here", "--release=1.2.3"]

    code, out, _ = shop.run("verify", str(shop.certificate), *words)
    assert code == 0
    assert "UNBOUND: the release is a version only" in out
    # A deploy job without a checkout knows the version alone.
    place = tmp_path / "deploy"
    place.mkdir()
    monkeypatch.chdir(place)
    files = [
        f"--trust={shop.readiness / 'trust.toml'}",
        f"--suite={shop.project.suite}",
    ]
    assert shop.run("verify", str(shop.certificate), *words, *files)[0] == 0


def refuse(*_words: Any, **_more: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_said_in_a_line(
    certified: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pytest_readiness.cli.certificate_files.write_atomically", refuse
    )
    code, _, err = certified.certify("--allow-unpinned")
    assert code == 4
    assert "cannot be written: No space left on device" in err

    monkeypatch.setattr(Path, "iterdir", refuse)
    code, _, err = certified.certify("--allow-unpinned")
    assert code == 4
    assert "cannot be read: No space left on device; free space" in err


def test_another_certificate_beside_it_is_not_signed_on(
    shop: Shop, lie: Callable[[Path, str, str], None]
) -> None:
    shop.trust(certificate={"need": [{"role": "project-manager"}]})
    assert shop.certify("--allow-unpinned")[0] == 10
    (kept,) = (shop.readiness / "certificates").glob("*.jsonl")
    named = shop.path.parent / f"{shop.path.name}-named.intoto.jsonl"
    named.write_bytes(shop.certificate.read_bytes())
    shop.certificate.write_text("junk\n")
    kept.unlink()
    words = ("--allow-unpinned", f"--sign-on={named}")
    code, _, err = shop.certify(*words, by="pete")

    assert (code, err.count("project-manager must sign")) == (0, 0)
    assert named.read_bytes().count(b"\n") == 2
    assert shop.certificate.read_text() == "junk\n"
    assert not kept.exists()
    lie(shop.out / "certificate.html", "Not valid yet", "Not valid yet")


def test_the_last_certificate_of_before_there_were_lists_has_none(
    certified: Shop,
) -> None:
    from pytest_readiness.attest import envelope  # noqa: PLC0415 - of this test alone

    payload = envelope.Envelope.parse(certified.certificate.read_bytes().strip())
    older = payload.payload.replace(b'"statements.txt"', b'"statements.old"')
    last = certified.path.parent / f"{certified.path.name}-last.intoto.jsonl"
    last.write_bytes(envelope.sign(older, certified.key("grace")))

    result = certified.project.judge(f"--readiness-previous-certificate={last}")
    assert result.ret == 0
