"""What a target must not claim: another digest, items dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project

TARGET = """\
[system]
name = "shop"
[release]
version = "1"
[target.here]
{more}
"""


def error(project: Project, more: str) -> str:
    """Judge a target that is refused; give the one line that says why."""
    project.target(TARGET.format(more=more))
    result = project.judge()
    assert result.ret == 4
    (line,) = [line for line in result.errlines if line]
    return line


def test_a_target_that_is_not_the_pinned_one_is_not_trusted(project: Project) -> None:
    pin = "0" * 64
    project.target(TARGET.format(more=f'sha256 = "{pin}"'))

    result = project.judge()

    assert result.ret == 13
    digest = project.report["target_digest"]
    (warning,) = project.report["warnings"]
    assert warning.startswith("TARGET_MISMATCH: [target.here] changed since")
    assert digest in warning
    assert project.report["verdict"] == "NOT READY"

    project.target(TARGET.format(more=f'sha256 = "{digest}"'))
    assert project.judge().ret == 11
    assert project.report["warnings"] == []


def test_only_items_of_the_checklist_can_be_not_applicable(project: Project) -> None:
    more = '[target.here.not_applicable]\n"host.verifed" = "we have none"'
    assert error(project, more) == (
        "ERROR: [target.here.not_applicable] host.verifed: is no item of the "
        "checklist; did you mean `host.verified`?"
    )


def test_a_rollup_always_applies(project: Project) -> None:
    more = '[target.here.not_applicable]\n"host.everything" = "not today"'
    assert error(project, more) == (
        "ERROR: [target.here.not_applicable] host.everything: is an item that always "
        "applies; take it out of this table"
    )
