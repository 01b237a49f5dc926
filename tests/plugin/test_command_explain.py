"""``readiness explain``: what an item asks, of whom, and where it looks."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

    Said = Callable[..., tuple[int, str, str]]

LIMITS = """
[target.here.limits.python]
min_version = "3.8"
"""


pytestmark = pytest.mark.usefixtures("explained")


@pytest.fixture
def explained(bare: Project) -> Project:
    """Give a suite with an item of each form."""
    item = '@item("version", owner="ops-lead", reach=True, core=True)'
    either = '@attested(role="dba", scope="environment", when="unconfigured")'
    both = '@attested(role=("dba", "dev-lead"), scope="release", max_age=days(2))'
    over = '@rollup(over="host.*", excluding="host.wanted")'
    check = 'check("version", python.version).at_least(limits.python.min_version)'
    left = "limits.certificates.needed(python.version)\npass"
    bare.write(
        bare.module(
            bare.item("version", check, arguments="check, python, limits", item=item),
            bare.item("left", left, arguments="check, python, limits"),
            bare.item("database", "", arguments="check, postgres", decorators=[either]),
            bare.item("wanted", "", arguments="", decorators=[both]),
            bare.item("summary", "", arguments="", decorators=[over]),
        )
    )
    bare.write(
        bare.module(bare.item("rounds"), section="rounds", stage="daily"),
        "test_rounds.py",
    )
    bare.lock()
    bare.target(bare.TARGET + LIMITS)
    return bare


def test_an_item_is_told_whole(said: Said) -> None:
    code, out, err = said("explain", "host.version")

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "host.version",
        "  The version holds.",
        "",
        "Why: it must.",
        "Fix: make it hold.",
        "",
        "section    Host, stage pre-production",
        "kind       probe: seen by a probe; no signature stands in for it",
        "owner      ops-lead",
        "scope      environment: true of one target, whatever release runs there",
        "reach      no answer is failed, for the claim is that it does",
        "core       never waived, never declared not applicable",
        "limit      python.min_version: 3.8 (set in readiness.toml",
        "           [target.here.limits.python] min_version; floor 3.9)",
        *looks_at(sys.executable),
        "           `readiness plan host.version` lists all it would do",
    ]


def looks_at(interpreter: str) -> list[str]:
    line = f"looks at   python of here: {interpreter}"
    if len(line) <= 80:
        return [line]
    return ["looks at   python of here:", f"           {interpreter}"]


def test_a_table_that_is_asked_shows_all_its_limits(said: Said) -> None:
    _, out, _ = said("explain", "host.left")

    assert "limit      certificates.min_left: 30 d (default)" in out
    assert "limit      certificates.min_ec_bits: 256 (default)" in out


def test_what_is_not_configured_is_said(said: Said) -> None:
    _, out, _ = said("explain", "host.database")

    assert "signed by  dba; holds 90 days" in out
    assert "kind       probe|attest: seen by a probe; signed where the target" in out
    assert "no look    postgres of here: readiness.toml has no" in out


def test_who_must_sign(said: Said) -> None:
    _, out, _ = said("explain", "host.wanted")

    assert "kind       attest: signed; no machine can see it" in out
    assert "signed by  dba, dev-lead, each a person of its own; holds 2 days" in out
    assert "scope      release: " in out


def test_what_a_rollup_is_over(said: Said) -> None:
    _, out, _ = said("explain", "host.summary")

    assert "over       host.*, without host.wanted" in out


def test_every_stage_is_explained(said: Said) -> None:
    code, out, _ = said("explain", "rounds.rounds")

    assert code == 0
    assert "stage daily" in out


def test_as_json(said: Said) -> None:
    _, out, _ = said("explain", "host.version", "--json")
    told = json.loads(out)

    assert told["claim"] == "The version holds."
    assert told["limits"] == {
        "python.min_version": {
            "value": "3.8",
            "floor": "3.9",
            "source": "readiness.toml [target.here.limits.python] min_version",
        }
    }
    assert told["looks_at"] == {"python of here": {"source": sys.executable}}
    _, out, _ = said("explain", "host.database", "--json")
    told = json.loads(out)
    assert told["signature"]["roles"] == ["dba"]
    assert told["signature"]["max_age_seconds"] == 90 * 86400
    assert "no_look" in told["looks_at"]["postgres of here"]
    _, out, _ = said("explain", "host.summary", "--json")
    assert json.loads(out)["rollup"] == {
        "over": ["host.*"],
        "excluding": ["host.wanted"],
    }


def test_without_a_target_file_the_defaults_are_told(
    explained: Project, said: Said
) -> None:
    (explained.path / "readiness.toml").unlink()
    code, out, _ = said("explain", "host.version")

    assert code == 0
    assert "limit      python.min_version: 3.9 (default; floor 3.9)" in out
    assert "looks at" not in out


@pytest.mark.parametrize("target_file", [True, False], ids=["target", "none"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("host.verson", "host.verson: is no item here; did you mean `host.version`?"),
        ("host.*", "host.*: is no item here; did you mean `host."),
        ("", ": is no item here; `readiness plan` lists them"),
    ],
)
def test_an_unknown_item_is_one_line_and_exit_4(
    explained: Project, said: Said, name: str, message: str, *, target_file: bool
) -> None:
    if not target_file:
        (explained.path / "readiness.toml").unlink()
    code, out, err = said("explain", name)

    assert (code, out) == (4, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_suite_that_cannot_be_read_is_named(explained: Project, said: Said) -> None:
    (explained.path / "readiness.toml").unlink()
    explained.write("import no_such_module_anywhere\n", "test_broken.py")
    code, _, err = said("explain", "host.version")

    assert code == 4
    assert "test_broken.py: ModuleNotFoundError" in err
