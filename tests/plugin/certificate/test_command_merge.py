"""``readiness merge``: signed runs from several vantage points; the worst counts."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest import envelope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Shop = Any


@pytest.fixture
def runs(shop: Shop) -> dict[str, Path]:
    """Two runs, from inside and from outside of the network."""
    result = shop.project.judge(f"--readiness-run-key={shop.key_file('ci')}")
    assert result.ret == 0
    folders = {}
    for name in ("inside", "outside"):
        folders[name] = shop.path.parent / f"{shop.path.name}-{name}"
        shutil.copytree(shop.out, folders[name])
        rewrite(shop, folders[name], host_of(name))
    shutil.rmtree(shop.out)
    return folders


def host_of(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["run"].update(host=f"{name}.example")


@pytest.fixture
def merge(
    shop: Shop, runs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Merge the two runs, by their names."""

    def merge(*more: str) -> tuple[int, str, str]:
        capsys.readouterr()
        words = [f"{name}={folder}" for name, folder in runs.items()]
        code = shop.project.command_line("merge", *words, *more)
        out, err = capsys.readouterr()
        return code, out, err

    return merge


def report(shop: Shop) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((shop.out / "report.json").read_text())
    return document


def rewrite(shop: Shop, folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a report, and have the runner sign what it says now."""
    path = folder / "report.json"
    document = json.loads(path.read_text())
    change(document)
    counts: dict[str, dict[str, int]] = {"raw": {}, "after": {}}
    for key, kind in (("raw_state", "raw"), ("state", "after")):
        states = [item[key] for item in document["items"]]
        counts[kind] = {s: states.count(s) for s in document["counts"][kind]}
    document["counts"] = counts
    document["seen"] = counts["after"]["verified"]
    document["signed"] = counts["after"]["attested"]
    data = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    path.write_bytes(data.encode() + b"\n")
    sign(shop, folder)


def sign(shop: Shop, folder: Path) -> None:
    """Have the runner vouch for the report as it is now."""
    path = folder / "run.intoto.json"
    payload = envelope.Envelope.parse(path.read_bytes().strip()).payload
    digest = hashlib.sha256((folder / "report.json").read_bytes()).hexdigest()
    before = json.loads(payload)["subject"][0]["digest"]["sha256"]
    changed = payload.replace(before.encode(), digest.encode())
    path.write_bytes(envelope.sign(changed, shop.key("ci")) + b"\n")


def set_state(state: str, raw: str = "") -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        item = next(one for one in document["items"] if one["id"] == "host.one")
        item["state"], item["raw_state"] = state, raw or state

    return change


def test_two_that_are_ready_are_ready(
    shop: Shop, merge: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, err = merge()
    document = report(shop)

    assert (code, err) == (0, "")
    assert "READY (" in out
    assert [one["name"] for one in document["vantages"]] == ["inside", "outside"]
    assert {one["runner"] for one in document["vantages"]} == {"ci"}
    (one,) = [item for item in document["items"] if item["id"] == "host.one"]
    assert one["seen_from"] == [
        {"state": "verified", "vantage": "inside"},
        {"state": "verified", "vantage": "outside"},
    ]
    page = (shop.out / "report.md").read_text()
    assert "merged: outside" in page
    assert "(inside: verified, outside: verified)" in page


@pytest.mark.parametrize(
    ("state", "raw", "code", "verdict"),
    [
        ("failed", "", 1, "NOT READY"),
        ("unknown", "", 11, "NOT READY"),
        ("pending", "", 10, "NOT READY"),
        ("not-run", "", 12, "INCOMPLETE"),
        ("waived", "failed", 0, "READY WITH WAIVERS"),
        ("attested", "", 0, "READY"),
    ],
)
@pytest.mark.parametrize("where", ["inside", "outside"])
def test_the_worst_state_wins(  # noqa: PLR0913, PLR0917
    shop: Shop,
    runs: dict[str, Path],
    merge: Callable[..., tuple[int, str, str]],
    state: str,
    raw: str,
    code: int,
    verdict: str,
    where: str,
) -> None:
    rewrite(shop, runs[where], set_state(state, raw))
    found = merge()
    document = report(shop)
    (one,) = [item for item in document["items"] if item["id"] == "host.one"]

    assert found[0] == code
    assert (document["verdict"], document["exit_code"]) == (verdict, code)
    assert (one["state"], one["raw_state"]) == (state, raw or state)
    assert {seen["vantage"]: seen["state"] for seen in one["seen_from"]}[where] == state


def test_strict_allows_no_waiver(
    shop: Shop, runs: dict[str, Path], merge: Callable[..., tuple[int, str, str]]
) -> None:
    rewrite(shop, runs["inside"], set_state("waived", "failed"))

    assert merge("--strict")[0] == 1


def test_a_hindrance_or_a_selection_of_one_is_of_all(
    shop: Shop, runs: dict[str, Path], merge: Callable[..., tuple[int, str, str]]
) -> None:
    def change(document: dict[str, Any]) -> None:
        document["hindrances"] = [{"code": "BELOW_THRESHOLD", "reason": "one of two"}]
        document["exit_code"] = 10

    rewrite(shop, runs["outside"], change)
    assert merge()[0] == 10

    def select(document: dict[str, Any]) -> None:
        document["selection"]["selected"] = True

    rewrite(shop, runs["inside"], select)
    code, out, _ = merge()
    assert code == 12
    assert "INCOMPLETE" in out


def test_too_many_waivers_of_both_together(
    shop: Shop, runs: dict[str, Path], merge: Callable[..., tuple[int, str, str]]
) -> None:
    shop.trust(waiver={"max_waivers": 0})
    trust = (shop.readiness / "trust.toml").read_bytes()
    rewrite(shop, runs["inside"], set_state("waived", "failed"))
    assert "knew another trust file" in merge()[2]
    digest = hashlib.sha256(trust).hexdigest()
    for folder in runs.values():
        rewrite(shop, folder, lambda document: document["trust"].update(digest=digest))
    code, out, _ = merge()

    assert code == 1
    assert "MAX_WAIVERS: 1 waivers in use, 1 more than are allowed" in " ".join(
        out.split()
    )


# ---------------------------------------------------------------------------- refused


def test_a_run_without_its_statement_is_refused(
    runs: dict[str, Path], merge: Callable[..., tuple[int, str, str]]
) -> None:
    (runs["inside"] / "run.intoto.json").unlink()
    code, _, err = merge()

    assert code == 13
    assert "there is no run statement beside the report" in err


def test_an_edited_report_is_refused(
    runs: dict[str, Path], merge: Callable[..., tuple[int, str, str]]
) -> None:
    path = runs["inside"] / "report.json"
    path.write_bytes(path.read_bytes().replace(b'"failed":0', b'"failed":1', 1))
    code, _, err = merge("--json")

    assert code == 13
    assert err == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("environment", "elsewhere"), ("candidate", "staging"), ("target_digest", "0")],
)
def test_runs_of_several_questions_are_refused(
    shop: Shop,
    runs: dict[str, Path],
    merge: Callable[..., tuple[int, str, str]],
    name: str,
    value: str,
) -> None:
    rewrite(shop, runs["inside"], lambda document: document.update({name: value}))
    code, _, err = merge()

    assert code == 4
    assert "cannot be one: they are of another" in err


def test_an_old_run_says_nothing_of_now(
    merge: Callable[..., tuple[int, str, str]],
) -> None:
    code, _, err = merge("--within", "0s")

    assert code == 4
    assert "which is too long ago; run it anew" in err


def test_a_merged_report_is_neither_merged_nor_certified(
    shop: Shop, runs: dict[str, Path], merge: Callable[..., tuple[int, str, str]]
) -> None:
    merge()
    assert not (shop.out / "run.intoto.json").exists()
    code, out, _ = shop.certify("--allow-unpinned", "--from-report")
    assert (code, json.loads(out)["code"]) == (13, "RUN_UNSIGNED")

    shutil.copy(shop.out / "report.json", runs["inside"])
    sign(shop, runs["inside"])
    assert "merged already" in merge()[2]


def test_one_run_is_no_several(
    shop: Shop, runs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    inside = str(runs["inside"])
    assert shop.project.command_line("merge", inside) == 4
    assert "one run is no several" in capsys.readouterr().err
    assert shop.project.command_line("merge", f"a={inside}", f"b={inside}") == 4
    assert "is named twice" in capsys.readouterr().err
