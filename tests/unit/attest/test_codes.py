from __future__ import annotations

import pytest

from pytest_readiness.attest.codes import (
    Code,
    Consequence,
    Foreign,
    Malformed,
    Refused,
    table,
)
from pytest_readiness.errors import AttestationError

EXPECTED = {
    Consequence.PENDING: (
        "MISSING EXPIRED ITEM_CHANGED WRONG_TARGET STATE_CHANGED EVIDENCE_CHANGED "
        "TARGET_CHANGED TOO_EARLY FUTURE BACKDATED KEY_NOT_VALID ROLE_NOT_ALLOWED "
        "SELF_APPROVAL BELOW_THRESHOLD REVOKED VETO_LAPSED NOT_WAIVABLE NO_TRUST_FILE"
    ),
    Consequence.FAILED: "REJECTED",
    Consequence.IGNORED: "FOREIGN UNTRUSTED_KEY",
    Consequence.TRUST: (
        "TAMPERED MALFORMED TRUST_INVALID TRUST_UNPINNED TRUST_THRESHOLD "
        "TRUST_ROLLBACK TRUST_EXPIRED WRONG_SYSTEM CLOCK_BEHIND CHECKLIST_MISMATCH "
        "TARGET_MISMATCH PROBES_CHANGED RUN_UNSIGNED ARTIFACT_CHANGED ITEMS_MISSING "
        "SNAPSHOT_MISSING SNAPSHOT_STALE SNAPSHOT_MISMATCH SNAPSHOT_ROLLBACK "
        "TOO_LARGE CONTEXT_MISSING"
    ),
}


@pytest.mark.parametrize("consequence", Consequence)
def test_each_consequence_has_its_codes(consequence: Consequence) -> None:
    found = {code for code in Code if code.consequence is consequence}

    assert found == set(EXPECTED[consequence].split())


@pytest.mark.parametrize("code", Code)
def test_a_code_is_its_word_and_says_what_and_what_to_do(code: Code) -> None:
    assert code == code.name
    assert Code(str(code)) is code
    for words in (code.meaning, code.remedy):
        assert words
        assert words[0].islower() or words[0] == "`"
        assert words[-1] != "."
        assert "|" not in words


def test_the_table_has_a_row_for_each_code_grouped_by_consequence() -> None:
    head, rule, *rows = table().splitlines()

    assert head.count("|") == rule.count("|") == 5
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    assert sorted(code for code, *_ in cells) == sorted(f"`{code}`" for code in Code)
    groups = [consequence for _, consequence, *_ in cells]
    assert list(dict.fromkeys(groups)) == [str(word) for word in Consequence]
    assert groups == sorted(groups, key=[str(word) for word in Consequence].index)
    assert table([Code.REJECTED]).splitlines()[2:] == [
        f"| `REJECTED` | failed | {Code.REJECTED.meaning} | {Code.REJECTED.remedy} |"
    ]


def test_a_refusal_says_where_which_code_why_and_what_to_do() -> None:
    refused = Refused(Code.TAMPERED, "the signature is another's", "ledger:3")

    assert isinstance(refused, AttestationError)
    assert refused.code is Code.TAMPERED
    assert refused.reason == "the signature is another's"
    assert str(refused) == (
        f"ledger:3: TAMPERED: the signature is another's; {Code.TAMPERED.remedy}"
    )


def test_malformed_and_foreign_carry_their_codes() -> None:
    assert Malformed("x").code is Code.MALFORMED
    assert Malformed("x", "here").where == "here"
    assert Foreign("x").code is Code.FOREIGN
    assert Foreign("x", "here").where == "here"


def test_a_mistake_is_found_under_the_parts_it_is_in() -> None:
    inner = Malformed("is no text")

    assert inner.below("id").where == "id"
    assert inner.below("id").below("item").where == "item.id"
    assert inner.below("id").reason == "is no text"
