"""What people signed, in a run: states, waivers, approvals, and lies about them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.predicates import Verdict, Waiver
from pytest_readiness.attest.statement import new_nonce
from pytest_readiness.demo.signing import sign

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conftest import Project
    from pytest_readiness.attest.context import Context
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.demo.signing import Draft, Signed

    Sign = Callable[..., pytest.RunResult]

DAY = dt.timedelta(days=1)
SIGNED = '@attested(role="business-owner", scope="environment")'
ORGANISED = '[system]\nname = "shop"\norganisation = "acme"\n'


class Signers:
    """A plugin: has people sign before the run reads what is signed."""

    def __init__(self, project: Project, *changes: Any, waived: Sequence[str]) -> None:
        self._project, self._changes, self._waived = project, changes, waived

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        session: Any = config.pluginmanager.get_plugin("readiness-session")
        session.run.sign_first = self._sign

    def _sign(self, items: Sequence[Item], context: Context, now: Any) -> Signed:
        return sign(
            self._project.path,
            items,
            context,
            now,
            waived=self._waived,
            changes=self._changes,
        )


@pytest.fixture
def judged(bare: Project) -> Sign:
    """Judge a suite of these items, after the people have signed all that they must."""

    def judged(
        *items: str,
        changes: Sequence[Callable[[Draft], None]] = (),
        waived: Sequence[str] = (),
        options: Sequence[str] = (),
        section: str = "host",
        stage: str = "pre-production",
        more: str = "",
    ) -> pytest.RunResult:
        bare.target(bare.TARGET.replace('[system]\nname = "shop"\n', ORGANISED) + more)
        bare.write(bare.module(*items, section=section, stage=stage))
        bare.lock()
        return bare.pytester.runpytest_inprocess(
            "--readiness",
            "-rA",
            "-pno:hypothesispytest",
            *options,
            plugins=[Signers(bare, *changes, waived=waived)],
        )

    return judged


def signed_item(
    project: Project, name: str = "one", body: str = "", **more: Any
) -> str:
    return project.item(name, body, arguments="", decorators=[SIGNED], **more)


def approval(project: Project, name: str, role: str) -> str:
    mark = f'@attested(role="{role}", scope="release")'
    return project.item(name, "", arguments="", decorators=[mark])


def declare_emergency(draft: Draft, issued: dt.datetime, *items: str) -> None:
    waiver = Waiver(
        attester="olga",
        requested_by="olga",
        reason="Quotes are wrong since noon.",
        risk="high",
        compensating_controls=("the desk trades by telephone",),
        issued_at=issued,
        valid_until=issued + DAY,
        nonce=new_nonce(),
        items={id_: draft.terms[id_].digest for id_ in items},
        incident="INC-7",
    )
    draft.waivers.append(waiver)


def refuted(project: Project, name: str = "bad") -> str:
    return project.item(name, 'check("exists", python.exists).is_false()')


def test_what_is_signed_is_attested_and_passes(bare: Project, judged: Sign) -> None:
    result = judged(signed_item(bare), bare.item("two"))

    result.assert_outcomes(passed=2)
    assert bare.states == {"host.one": "attested", "host.two": "verified"}
    assert bare.report["verdict"] == "READY"
    assert (bare.report["seen"], bare.report["signed"]) == (1, 1)
    (signer,) = bare.items["host.one"]["signed"]["signers"]
    assert (signer["person"], signer["role"]) == ("bruno", "business-owner")
    assert signer["fingerprint"].startswith("SHA256:")
    assert bare.report["trust"]["pinned"]
    assert result.ret == 0


def test_a_veto_fails_and_no_waiver_covers_it(bare: Project, judged: Sign) -> None:
    def veto(draft: Draft) -> None:
        no = Verdict.NOT_SATISFIED
        draft.change("host.one", lambda one: replace(one, verdict=no))

    result = judged(signed_item(bare), changes=[veto], waived=["host.one"])

    result.assert_outcomes(failed=1)
    assert bare.items["host.one"]["code"] == "REJECTED"
    assert result.ret == 1


def test_not_applicable_skips_where_two_roles_say_so(
    bare: Project, judged: Sign
) -> None:
    def drop(draft: Draft) -> None:
        (one,) = draft.statements["host.one"]
        dropped = replace(one, verdict=Verdict.NOT_APPLICABLE)
        other = replace(dropped, attester="deniz", nonce=new_nonce())
        draft.statements["host.one"] = [dropped, other]

    declared = '[not_applicable]\n"host.one" = "we have none"\n'
    result = judged(signed_item(bare), bare.item("two"), changes=[drop], more=declared)
    result.assert_outcomes(passed=1, skipped=1)
    assert bare.states["host.one"] == "not-applicable"
    assert result.ret == 0

    undeclared = judged(signed_item(bare), bare.item("two"), changes=[drop])
    undeclared.assert_outcomes(passed=1, xfailed=1)
    assert undeclared.ret == 10


def test_what_is_attested_and_refuted_is_a_conflict(
    bare: Project, judged: Sign
) -> None:
    body = 'check("exists", python.exists).is_false()'
    both = bare.item("one", body, decorators=[SIGNED])
    result = judged(both)

    result.assert_outcomes(failed=1)
    assert bare.items["host.one"]["code"] == "CONFLICT"
    assert result.ret == 1


def test_a_waived_item_shows_what_it_was_who_approved_and_until_when(
    bare: Project, judged: Sign
) -> None:
    result = judged(refuted(bare), bare.item("two"), waived=["host.bad"])

    result.assert_outcomes(passed=1, xfailed=1)
    result.stdout.fnmatch_lines(
        ["XFAIL*host*WAIVED failed VIOLATED until *Bruno Costa*", "waived: host.bad*"]
    )
    item = bare.items["host.bad"]
    assert (item["state"], item["raw_state"]) == ("waived", "failed")
    assert item["signed"]["waiver"]["used"]
    assert item["observations"]  # the probe looked all the same
    assert bare.report["verdict"] == "READY WITH WAIVERS"
    assert bare.report["raw_verdict"] == "NOT READY"
    assert result.ret == 0
    strict = judged(refuted(bare), waived=["host.bad"], options=["--readiness-strict"])
    assert strict.ret == 1


def test_a_waiver_that_is_not_needed_changes_nothing_and_is_named(
    bare: Project, judged: Sign
) -> None:
    result = judged(bare.item("fine"), waived=["host.fine"])

    assert bare.states == {"host.fine": "verified"}
    assert bare.report["verdict"] == "READY"
    result.stdout.fnmatch_lines(["waiver not needed: host.fine is verified*"])


def test_more_waivers_than_allowed_are_not_ready(bare: Project, judged: Sign) -> None:
    names = [f"bad_{number}" for number in range(6)]
    ids = [f"host.bad-{number}" for number in range(6)]
    result = judged(*(refuted(bare, name) for name in names), waived=ids)

    assert set(bare.states.values()) == {"waived"}
    assert bare.report["hindrances"][0]["code"] == "MAX_WAIVERS"
    assert bare.report["verdict"] == "NOT READY"
    result.stdout.fnmatch_lines(["blocked: MAX_WAIVERS: 6 waivers in use, 1 more*"])
    assert result.ret == 1


def test_an_emergency_waives_what_is_open_and_says_so(
    bare: Project, judged: Sign
) -> None:
    def emergency(draft: Draft) -> None:
        an_hour_ago = draft.now - dt.timedelta(hours=1)
        declare_emergency(draft, an_hour_ago, "host.bad", "host.all")

    rollup = bare.item("all", "", arguments="", decorators=['@rollup(over="host.bad")'])
    result = judged(refuted(bare), rollup, changes=[emergency])

    assert bare.states == {"host.bad": "waived", "host.all": "verified"}
    result.stdout.fnmatch_lines(["EMERGENCY, incident INC-7, until *"])
    assert result.ret == 0


def test_an_emergency_that_nobody_reviewed_blocks_the_next_sign_off(
    bare: Project, judged: Sign
) -> None:
    def long_ago(draft: Draft) -> None:
        issued = draft.now - 6 * DAY
        draft.trust["signer"][0]["key"][0]["not_before"] = issued - DAY
        declare_emergency(draft, issued, "stakeholder-approval.one")

    approvals = [
        approval(bare, name, role)
        for name, role in (
            ("one", "dev-lead"),
            ("two", "qa-lead"),
            ("three", "ops-lead"),
        )
    ]
    result = judged(
        *approvals,
        changes=[long_ago],
        section="stakeholder-approval",
        stage="sign-off",
    )

    assert set(bare.states.values()) == {"attested"}
    assert [one["code"] for one in bare.report["hindrances"]] == [
        "UNREVIEWED_EMERGENCY"
    ]
    assert result.ret == 10


def test_approvals_need_distinct_people(bare: Project, judged: Sign) -> None:
    approvals = [
        approval(bare, name, role)
        for name, role in (("one", "dev-lead"), ("two", "qa-lead"))
    ]
    how = {"section": "stakeholder-approval", "stage": "sign-off"}
    result = judged(*approvals, **how)
    assert bare.report["approvers"] == {"people": 2, "needed": 3}
    assert bare.report["hindrances"][0]["code"] == "BELOW_THRESHOLD"
    assert result.ret == 10

    written_down = judged(*approvals, **how, more="[approvals]\npeople = 2\n")
    assert bare.report["hindrances"] == []
    assert written_down.ret == 0


def test_an_approval_holds_while_nothing_is_worse(bare: Project, judged: Sign) -> None:
    """Whatever order the items are asked in: an approval comes after what it saw."""
    signed_off = bare.module(
        approval(bare, "one", "dev-lead"),
        section="stakeholder-approval",
        stage="sign-off",
    )
    bare.write(signed_off, "a_first/test_approval.py")
    result = judged(refuted(bare), more="[approvals]\npeople = 1\n")

    item = bare.items["stakeholder-approval.one"]
    assert (item["state"], item["code"]) == ("pending", "STATE_CHANGED")
    assert "host.bad (failed)" in item["reason"]
    result.stdout.fnmatch_lines(["following from these: stakeholder-approval.one"])

    waived = judged(
        refuted(bare), waived=["host.bad"], more="[approvals]\npeople = 1\n"
    )
    assert bare.states["stakeholder-approval.one"] == "attested"
    assert waived.ret == 0


def test_broken_trust_closes_the_gate_in_every_mode(
    bare: Project, judged: Sign
) -> None:
    def edit(draft: Draft) -> None:
        draft.afterwards.append(
            lambda files: files.trust.write_text(files.trust.read_text() + "# more\n")
        )

    result = judged(
        signed_item(bare),
        bare.item("two"),
        changes=[edit],
        options=["--readiness-no-gate"],
    )

    assert result.ret == 13
    assert bare.states == {"host.one": "pending", "host.two": "verified"}
    assert bare.items["host.one"]["code"] == "TRUST_THRESHOLD"
    result.stdout.fnmatch_lines(["not to be trusted: *TRUST_THRESHOLD*"])
    assert bare.report["trust"]["failures"]


CHECKED = """\
check("evidence", attestation.evidence).satisfies("at least one", bool)
check("signers", attestation.signers).contains("Bruno Costa")
check("ends", attestation.date("ends")).at_least(attestation.today)
check("result", attestation.text("result")).one_of(("passed",))
"""


def test_a_body_reads_what_its_signer_said(bare: Project, judged: Sign) -> None:
    item = bare.item(
        "one", CHECKED, arguments="check, attestation", decorators=[SIGNED]
    )
    judged(item)
    assert bare.states == {"host.one": "attested"}

    def lapse(draft: Draft) -> None:
        over = {"ends": "2020-01-01"}
        draft.change("host.one", lambda one: replace(one, claims=over))

    judged(item, changes=[lapse])
    found = bare.items["host.one"]
    assert (found["state"], found["code"]) == ("failed", "CONFLICT")
    assert "2020-01-01" in json.dumps(found["observations"])

    def unsigned(draft: Draft) -> None:
        del draft.statements["host.one"]

    judged(item, changes=[unsigned])
    found = bare.items["host.one"]
    assert (found["state"], found["code"]) == ("pending", "MISSING")


def test_evidence_that_changes_is_noticed(bare: Project, judged: Sign) -> None:
    def change(draft: Draft) -> None:
        record = draft.root / ".readiness" / "evidence" / "host.one.md"
        draft.afterwards.append(lambda _: record.write_text("another report"))

    judged(signed_item(bare), changes=[change])
    assert bare.items["host.one"]["code"] == "EVIDENCE_CHANGED"


def test_what_is_expected_from_outside_must_be_what_is_judged(ready: Project) -> None:
    result = ready.judge("--readiness-system=other")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--readiness-system: expects other, but shop is*"])
    assert ready.judge("--readiness-release=9.9").ret == 4
    fine = ready.judge("--readiness-system=shop", "--readiness-release=1.2.3")
    assert fine.ret == 0


OUTSIDE = {
    "trust-root": f"SHA256:{'A' * 43}",
    "trust-root-threshold": "1",
    "min-trust-version": "1",
    "system": "shop",
    "release": "1.2.3",
    "authors": "a@example.com",
}


@pytest.mark.parametrize("form", ["{}={}", "{} {}"], ids=["joined", "apart"])
@pytest.mark.parametrize(("stem", "value"), OUTSIDE.items(), ids=OUTSIDE)
def test_no_ini_speaks_for_the_caller(
    ready: Project, stem: str, value: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ``addopts`` are a command line too, before which the environment stands."""
    flag = f"--readiness-{stem}"
    ready.ini(f"addopts = {form.format(flag, value)}")
    monkeypatch.setenv(f"READINESS_{stem.upper().replace('-', '_')}", value)
    result = ready.judge()

    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*{flag}: comes from *pytest.ini*; give it on the*"])


def test_a_target_of_the_ini_is_not_named_by_the_caller(ready: Project) -> None:
    ready.ini("addopts = --readiness-target=here")
    outside = {"trust-root", "system", "release", "authors"}
    given = [f"--readiness-{stem}={OUTSIDE[stem]}" for stem in outside]

    assert ready.judge(*given).ret == 13
    assert "CONTEXT_MISSING" in " ".join(ready.report["trust"]["failures"])
    assert ready.judge(*given, "--readiness-target=here").ret == 13
    assert "CONTEXT_MISSING" not in " ".join(ready.report["trust"]["failures"])


def test_a_version_that_is_no_number_is_one_line(ready: Project) -> None:
    result = ready.judge("--readiness-min-trust-version=two")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["*--readiness-min-trust-version: 'two' is no number, write it like 2"]
    )


def test_the_caller_may_speak_through_the_environment(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--readiness-system=shop")
    assert ready.judge().ret == 0
    monkeypatch.setenv("PYTEST_ADDOPTS", "--readiness-system=other")
    assert ready.judge().ret == 4


def test_pins_do_not_come_from_the_repository(ready: Project) -> None:
    ready.ini("readiness_trust_root = SHA256:abc")
    assert ready.judge("-p", "no:warnings").ret == 0
    pinned = ready.judge("--readiness-trust-root=SHA256:abc")
    assert pinned.ret == 4
    pinned.stderr.fnmatch_lines(["*trust root: 'SHA256:abc' is no fingerprint*"])
