"""The decorators of a suite: ``section``, ``item``, ``attested``, ``rollup``.

They only record what was written; :mod:`pytest_readiness.plugin.collection` checks it
and makes :class:`~pytest_readiness.catalogue.item.Item` of it, so that every mistake is
reported with its file and line.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MARKERS", "attested", "days", "hours", "item", "rollup", "section"]

F = TypeVar("F", bound="Callable[..., object]")

MARKERS = {
    "readiness_section": "section(id, stage): the checklist section of this module",
    "readiness_item": "item(id, owner, reach, core, scope, candidate): one box",
    "readiness_attested": "attested(role, scope, max_age, when): who must sign it",
    "readiness_rollup": "rollup(over, excluding): computed from other items",
}
"""Registered with pytest, for ``--strict-markers`` and ``--markers``."""


def days(count: float) -> dt.timedelta:
    """Give a duration of so many days."""
    return dt.timedelta(days=count)


def hours(count: float) -> dt.timedelta:
    """Give a duration of so many hours."""
    return dt.timedelta(hours=count)


def section(id: str, *, stage: str) -> pytest.MarkDecorator:  # noqa: A002  # field's word
    """Name a module's section, as its ``pytestmark``.

    The module's docstring is the section's title.
    """
    return pytest.mark.readiness_section(id=id, stage=stage)


def item(
    id: str,  # noqa: A002  # field's word
    *,
    owner: str,
    reach: bool = False,
    core: bool = False,
    scope: str = "environment",
    candidate: bool = True,
) -> Callable[[F], F]:
    """Make a test an item: the id within its section and the role that owns the fix.

    ``reach``: the claim is that the thing answers, so no answer is failed, not unknown.
    ``core``: never waived, never declared not applicable. ``scope``: what its look is
    about, ``environment`` or ``release``; ``@attested`` names it where there is one.
    ``candidate=False``: of scope release and before go-live, and still about what is at
    the target already, such as its backup.
    The test's docstring is the claim, then ``Why:`` and ``Fix:``.
    """
    return pytest.mark.readiness_item(
        id=id, owner=owner, reach=reach, core=core, scope=scope, candidate=candidate
    )


def attested(
    *,
    role: str | tuple[str, ...],
    scope: str,
    max_age: dt.timedelta | None = None,
    when: Literal["always", "unconfigured"] = "always",
) -> Callable[[F], F]:
    """Ask for a signature: the xfail-with-attestation marker.

    Several roles are all needed, each signed by a person of its own. ``when="always"``:
    nothing but a signature satisfies the item (beside its body where it has one);
    ``"unconfigured"``: a signature stands in where the target does not say where to
    look.
    """
    roles = (role,) if isinstance(role, str) else tuple(role)
    return pytest.mark.readiness_attested(
        roles=roles, scope=scope, max_age=max_age, when=when
    )


def rollup(
    *, over: str | tuple[str, ...], excluding: str | tuple[str, ...] = ()
) -> Callable[[F], F]:
    """Compute an item from others of the same run, the worst state among them.

    ``over`` and ``excluding`` are patterns over item ids (``fnmatch``); the item itself
    is never among them.
    """
    return pytest.mark.readiness_rollup(
        over=(over,) if isinstance(over, str) else tuple(over),
        excluding=(excluding,) if isinstance(excluding, str) else tuple(excluding),
    )
