"""How old an answer is: the newest samples of the series that the query reads.

An expression's own time is when it was evaluated, however old its samples are. So the
series behind it are asked for their newest sample, by the labels that the answer has.
The difference is taken by the server: its clock stamped the samples, ours did not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_readiness.probes.prometheus.api import Api
    from pytest_readiness.probes.prometheus.forms import Vector

    Labels = Mapping[str, str]

__all__ = ["FAR", "QUESTIONS", "ages"]

FAR = "1h"
"""So far back it is looked for the newest sample of what is stale."""

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NEWEST = "min by ({labels}) (time() - timestamp({series}))"
_LAST = f"min by ({{labels}}) (time() - max_over_time(timestamp({{series}})[{FAR}:1m]))"
QUESTIONS = (_NEWEST, _LAST)
"""How the age is asked for; the second where the first has no answer."""


def ages(
    selectors: Sequence[str], answers: Sequence[Labels], api: Api
) -> list[float | None]:
    """Give the age in seconds of each answer; None where there is no sample.

    Of one selector the newest sample counts, of several selectors the oldest of these;
    a selector without samples (errors that never happened) does not count beside one
    that has some.

    Raises:
        LookError: the server does not tell.
    """
    names = {name for labels in answers for name in labels if _LABEL.fullmatch(name)}
    by = ", ".join(sorted(names - {"__name__"}))
    found: list[float | None] = [None] * len(answers)
    for question in QUESTIONS:
        asked = [question.format(labels=by, series=one) for one in selectors]
        seen = [_matched(api.instant(one), answers) for one in asked]
        for at, known in enumerate(found):
            if known is None:
                found[at] = _oldest(of[at] for of in seen)
        if None not in found:
            break
    return found


def _matched(newest: Vector, answers: Sequence[Labels]) -> list[float | None]:
    """Find each answer's age by its labels, else by none: they may be renamed."""
    known = [(labels.items(), points[-1][1]) for labels, points in newest if points]
    found = [
        min((age for labels, age in known if labels <= answer.items()), default=None)
        for answer in answers
    ]
    if any(age is not None for age in found) or not known:
        return found
    return [min(age for _, age in known)] * len(answers)


def _oldest(of: Iterable[float | None]) -> float | None:
    return max((age for age in of if age is not None), default=None)
