"""What a target file's PromQL says of itself, before any server is asked.

A query is parsed when the file is read, so that a mistake is found there, and so that
it is known whose samples it is made of: an expression's own time is the time at which
it was asked for, however old its samples are.
"""

from __future__ import annotations

import re
from functools import cache

from pytest_readiness.target.values import Mistake

__all__ = ["has_threshold", "metrics", "parse_matchers", "parse_promql", "selectors"]

_LONGEST = 4000
"""Characters of a query: it goes into a URL."""
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")


def parse_promql(text: str) -> str:
    """Refuse what cannot be a query at all."""
    if not text.strip():
        what = "is empty"
        raise Mistake(what, "give a query, or leave the key out")
    if len(text) > _LONGEST:
        what = f"is longer than {_LONGEST:,} characters"
        raise Mistake(what, "make a recording rule of it and ask for that")
    return text


@cache
def selectors(text: str) -> tuple[str, ...]:
    """Give the series that a query reads, as selectors, in the order of the query.

    Without their windows and offsets: what counts is how new their newest sample is.

    Raises:
        Mistake: it is no PromQL, or gives no numbers.
    """
    import promql_parser as promql  # noqa: PLC0415  # compiled; few targets need it

    found: dict[str, None] = {}

    def visit(part: promql.Expr) -> bool:
        if isinstance(part, promql.VectorSelector):
            found[_bare(part.prettify())] = None
        return True

    try:
        expression = promql.parse(text)
    except ValueError as error:
        what = f"is no PromQL that is known here: {str(error)[:80]}"
        remedy = "correct it; for another dialect, name its series in `sampled_by`"
        raise Mistake(what, remedy) from None
    if isinstance(expression, promql.MatrixSelector):
        what = "gives windows of samples, not a value"
        raise Mistake(what, "put a function around it, such as rate(...)")
    if isinstance(expression, promql.StringLiteral):
        what = "gives a text, not a value"
        raise Mistake(what, "ask for a series")
    promql.walk(expression, pre_visit=visit)
    return tuple(found)


def _bare(selector: str) -> str:
    """Cut ``offset`` and ``@`` off a selector, which stand behind its matchers."""
    end = selector.rfind("}")
    return selector[: end + 1] if end >= 0 else selector.partition(" ")[0]


def metrics(text: str) -> frozenset[str]:
    """Give the names of the metrics that a query reads; none where it is unreadable."""
    try:
        names = [_NAME.match(one) for one in selectors(text)]
    except Mistake:
        return frozenset()
    return frozenset(name[0] for name in names if name)


_COMPARES = frozenset({"==", "!=", ">", "<", ">=", "<="})
_ABSENCE = frozenset({"absent", "absent_over_time"})


def has_threshold(text: str) -> bool:
    """Whether an alert's query holds a value against a bound, or against absence.

    A query without one fires for as long as its series exists. ``bool`` makes a number
    of the comparison, which is always there: it filters nothing.
    """
    import promql_parser as promql  # noqa: PLC0415  # as above

    found: list[bool] = []

    def visit(part: promql.Expr) -> bool:
        if isinstance(part, promql.BinaryExpr):
            bare = part.modifier is None or not part.modifier.return_bool
            found.append(bare and str(part.op) in _COMPARES)
        elif isinstance(part, promql.Call):
            found.append(part.func.name in _ABSENCE)
        return True

    try:
        promql.walk(promql.parse(text), pre_visit=visit)
    except ValueError:
        return False
    return any(found)


def parse_matchers(text: str) -> str:
    """Read label matchers such as ``job="node", env="prod"``; empty means all."""
    import promql_parser as promql  # noqa: PLC0415  # as above

    bare = text.strip().strip(",")
    try:
        expression = promql.parse(f"x{{{bare}}}")
    except ValueError:
        expression = None
    if not isinstance(expression, promql.VectorSelector):
        what = "holds no label matchers"
        raise Mistake(what, 'write them like `job="node", env="production"`')
    return bare
