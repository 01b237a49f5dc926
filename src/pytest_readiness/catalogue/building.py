"""From what a suite's author wrote to an :class:`Item`, or a list of what is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_readiness.catalogue.canonical import fold
from pytest_readiness.catalogue.item import (
    ANOTHER_ROLE,
    DEFAULT_MAX_AGE,
    ITEM_ID,
    ROLES,
    SLUG,
    Item,
    Kind,
    Rollup,
    Scope,
    SignatureRule,
    Stage,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

__all__ = ["Written", "build_item", "parse_docstring"]

_PART = re.compile(r"^[ \t]*(Why|Fix):", re.MULTILINE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_STAGES, _SCOPES = tuple(Stage), tuple(Scope)


@dataclass(frozen=True)
class Written:
    """What stands in a suite's module about one item: marks by name, docstrings."""

    marks: Mapping[str, Mapping[str, Any]]
    docstring: str
    module_docstring: str
    probes: bool
    """Whether the body asks for a probe."""


@dataclass
class _Problems:
    found: list[str] = field(default_factory=list)

    def known(self, what: str, value: object, options: Sequence[str]) -> None:
        if value not in options:
            names = ", ".join(sorted(options))
            self.found.append(f"{what} {value!r} is none of {names}")

    def need(self, holds: object, otherwise: str) -> None:
        if not holds:
            self.found.append(otherwise)


def parse_docstring(docstring: str) -> tuple[str, str, str]:
    r"""Split an item's docstring into claim, Why and Fix; missing parts are empty.

    >>> parse_docstring("It answers.\n\nWhy: so.\nFix: start it.")
    ('It answers.', 'so.', 'start it.')
    """
    claim, *rest = _PART.split(docstring)
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    return fold(claim), fold(parts.get("Why", "")), fold(parts.get("Fix", ""))


def build_item(written: Written) -> Item | list[str]:
    """Make the item, or say everything that is wrong with it."""
    marks, problems = written.marks, _Problems()
    section = marks.get("readiness_section")
    if section is None:
        return ['the module has no `pytestmark = section("id", stage="...")`']
    mark = marks.get("readiness_item")
    if mark is None:
        return ['the test has no `@item("id", owner="...")`']
    claim, why, fix = parse_docstring(written.docstring)
    title = fold(written.module_docstring).removesuffix(".")
    full = f"{section['id']}.{mark['id']}"
    named = isinstance(section["id"], str) and SLUG.fullmatch(section["id"])
    problems.need(
        named, f"section id {section['id']!r} is no slug such as 'database-setup'"
    )
    problems.need(
        not named or ITEM_ID.fullmatch(full),
        f"item id {mark['id']!r} is no slug such as 'database'",
    )
    problems.known("stage", section["stage"], _STAGES)
    problems.known("owner", mark["owner"], ROLES)
    problems.known("scope", mark["scope"], _SCOPES)
    problems.need(title, "the module has no docstring: it is the section's title")
    problems.need(claim, "the docstring has no claim (its first paragraph)")
    problems.need(
        not _SURROGATE.search(written.docstring + written.module_docstring),
        "a docstring has half a surrogate pair, which no file can hold",
    )
    problems.need(why, "the docstring has no `Why:`")
    problems.need(fix, "the docstring has no `Fix:`")
    signature = _signature(marks.get("readiness_attested"), problems)
    if problems.found:
        return problems.found
    rollup = marks.get("readiness_rollup")
    return Item(
        id=full,
        section=section["id"],
        section_title=title,
        stage=Stage(section["stage"]),
        kind=_kind(written, signature),
        owner=mark["owner"],
        claim=claim,
        why=why,
        fix=fix,
        reach=mark["reach"],
        core=mark["core"],
        candidate=mark["candidate"],
        scope=signature.scope if signature else Scope(mark["scope"]),
        signature=signature,
        rollup=Rollup(rollup["over"], rollup["excluding"]) if rollup else None,
    )


def _signature(
    mark: Mapping[str, Any] | None, problems: _Problems
) -> SignatureRule | None:
    if mark is None:
        return None
    for role in mark["roles"][:1]:
        problems.known("role", role, ROLES)
    for role in mark["roles"][1:]:
        problems.known("role", role, (*ROLES, ANOTHER_ROLE))
    problems.known("scope of @attested", mark["scope"], _SCOPES)
    problems.known("when of @attested", mark["when"], ["always", "unconfigured"])
    problems.need(mark["roles"], "@attested names no role")
    problems.need(
        len(set(mark["roles"])) == len(mark["roles"]), "@attested names a role twice"
    )
    age: dt.timedelta | None = mark["max_age"]
    problems.need(
        age is None or age.total_seconds() > 0, "max_age of @attested is not positive"
    )
    if problems.found:
        return None
    scope = Scope(mark["scope"])
    return SignatureRule(
        tuple(mark["roles"]),
        scope,
        age or DEFAULT_MAX_AGE[scope],
        always=mark["when"] == "always",
    )


def _kind(written: Written, signature: SignatureRule | None) -> Kind:
    if "readiness_rollup" in written.marks:
        return Kind.ROLLUP_AND_ATTEST if signature else Kind.ROLLUP
    if signature is None:
        return Kind.PROBE
    if not signature.always:
        return Kind.PROBE_OR_ATTEST
    return Kind.PROBE_AND_ATTEST if written.probes else Kind.ATTEST
