"""The xfail with attestation: code, role and the exact command, in each output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

SIGNED = '@attested(role="business-owner", scope="release")'
BOTH = '@attested(role=("dba", "ops-lead"), scope="environment", max_age=days(30))'
STANDS_IN = '@attested(role="dba", scope="environment", when="unconfigured")'
LOOK = 'check("version", postgres.version).at_least("1")'


def one(project: Project, decorator: str, body: str = "", arguments: str = "") -> None:
    """Write a suite of one item that may be signed."""
    item = project.item("one", body, arguments=arguments, decorators=[decorator])
    project.write(project.module(item))
    project.lock()


CASES = {
    "always": (SIGNED, "", "", "MISSING business-owner: readiness attest host.one"),
    "two roles": (
        BOTH,
        "",
        "",
        "MISSING dba and ops-lead: readiness attest host.one",
    ),
    "unconfigured": (
        STANDS_IN,
        LOOK,
        "check, postgres",
        "MISSING dba: readiness attest host.one --evidence FILE",
    ),
    "beside a probe": (
        SIGNED,
        'check("exists", python.exists).is_true()',
        "check, python",
        "MISSING business-owner: readiness attest host.one",
    ),
}


@pytest.mark.parametrize(
    ("decorator", "body", "arguments", "said"), CASES.values(), ids=CASES
)
@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_a_missing_signature_is_an_xfail_that_names_the_command(
    bare: Project,
    decorator: str,
    body: str,
    arguments: str,
    said: str,
    workers: list[str],
) -> None:
    bare.people(ann="all")
    one(bare, decorator, body, arguments)
    result = bare.judge("-rx", *workers)

    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(
        [f"XFAIL readiness_suite/test_host.py::test_one - {said}"]
    )
    command = bare.items["host.one"]["command"]
    assert said.endswith(command)
    result.stdout.fnmatch_lines([f"*$ {command}"])


def test_it_is_an_xfail_under_runxfail_and_strict_too(bare: Project) -> None:
    bare.people(ann="all")
    one(bare, SIGNED)
    result = bare.judge("-rx", "--runxfail", "-o", "xfail_strict=true")

    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(["XFAIL *MISSING business-owner*"])
    assert result.ret == 10


def test_a_probe_that_fails_is_not_signed_away(bare: Project) -> None:
    body = 'check("exists", python.exists).is_false()'
    one(bare, SIGNED, body, "check, python")
    result = bare.judge()

    assert bare.states == {"host.one": "failed"}
    result.assert_outcomes(failed=1)
    assert result.ret == 1


def test_a_signature_only_stands_in_where_the_target_is_silent(bare: Project) -> None:
    one(bare, STANDS_IN, bare.HOLDS, "check, python")
    result = bare.judge()

    assert bare.states == {"host.one": "verified"}
    assert result.ret == 0


def test_an_unconfigured_probe_without_a_signature_stays_open(bare: Project) -> None:
    item = bare.item("one", LOOK, arguments="check, postgres")
    bare.write(bare.module(item))
    bare.lock()
    result = bare.judge("-rx")

    found = bare.items["host.one"]
    assert (found["state"], found["command"]) == ("unconfigured", "")
    assert found["remedy"] == "add [target.here.postgres] to the target file"
    result.stdout.fnmatch_lines(["XFAIL *UNCONFIGURED ops-lead*"])
    assert result.ret == 11


@pytest.mark.parametrize(
    ("decorator", "arguments", "kind"),
    [
        (SIGNED, "", "attest"),
        (SIGNED, "check, python", "probe+attest"),
        (STANDS_IN, "check, python", "probe|attest"),
        ("", "check, python", "probe"),
        ('@rollup(over="*")', "", "rollup"),
        (f'@rollup(over="*")\n{SIGNED}', "", "rollup+attest"),
    ],
)
def test_decorators_and_probes_give_the_kind(
    bare: Project, decorator: str, arguments: str, kind: str
) -> None:
    body = bare.HOLDS if arguments else ""
    one(bare, decorator, body, arguments)
    bare.judge()

    assert bare.items["host.one"]["kind"] == kind


def test_the_report_keeps_the_rule(bare: Project) -> None:
    one(bare, BOTH)
    bare.judge()

    assert bare.items["host.one"]["signature"] == {
        "roles": ["dba", "ops-lead"],
        "scope": "environment",
        "max_age_days": 30.0,
        "always": True,
    }
