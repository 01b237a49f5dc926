"""From the bytes of ``trust.toml`` to a :class:`~.trust.Trust`, or TRUST_INVALID.

Strict: a word that is not known, a date without an offset, a key that is weak or has
two owners, a reference to nobody: each is refused with the place where it stands.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, get_args

from pydantic import ValidationError

from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.failure import printable
from pytest_readiness.attest.trust import Trust
from pytest_readiness.attest.trust_tables import LONGEST_WINDOW, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

__all__ = ["MAX_TRUST_SIZE", "read_trust"]

MAX_TRUST_SIZE = 256 * 1024
_MOST_DOTS = 1000
"""In a line: enough for patterns, few enough for tomllib, which reads a dotted key in a
time that grows with the square of its parts."""
_MOST_MISTAKES = 20
_LONGEST_QUOTE = 60


def read_trust(data: bytes, where: str = "trust.toml") -> Trust:
    """Read a trust file.

    Raises:
        Refused: TOO_LARGE, or TRUST_INVALID with every mistake and its place.
    """
    if len(data) > MAX_TRUST_SIZE:
        reason = f"the trust file is longer than {MAX_TRUST_SIZE} bytes"
        raise Refused(Code.TOO_LARGE, reason, where)
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.count(b".") > _MOST_DOTS:
            reason = f"line {number} has more than {_MOST_DOTS} dots"
            raise Refused(Code.TRUST_INVALID, reason, where)
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        reason = f"no UTF-8 at byte {error.start + 1}"
        raise Refused(Code.TRUST_INVALID, reason, where) from None
    except tomllib.TOMLDecodeError as error:
        reason = f"no TOML: {printable(str(error))}"
        raise Refused(Code.TRUST_INVALID, reason, where) from None
    except (ValueError, RecursionError) as error:
        reason = f"no TOML: {type(error).__name__}"
        raise Refused(Code.TRUST_INVALID, reason, where) from None
    trust, mistakes = _build(table, hashlib.sha256(data).hexdigest())
    if trust is None or mistakes:
        # To look for what was meant takes time: only for those that are shown.
        shown = [_mistake(mistake) for mistake in mistakes[:_MOST_MISTAKES]]
        if len(mistakes) > len(shown):
            shown.append(f"and {len(mistakes) - len(shown)} more")
        raise Refused(Code.TRUST_INVALID, "; ".join(shown), where)
    return trust


def _build(
    table: dict[str, object], digest: str
) -> tuple[Trust | None, Sequence[ErrorDetails | str]]:
    try:
        trust = Trust.model_validate(table, context={"digest": digest})
    except ValidationError as error:
        return None, error.errors(include_url=False, include_input=False)
    return trust, list(_contradictions(trust))


def _mistake(detail: ErrorDetails | str) -> str:
    """Say where a mistake is and what it is, without the value."""
    if isinstance(detail, str):
        return detail
    place = _place(detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{place}: is not known{_near(detail['loc'])}"
    if detail["type"] in {"timezone_aware", "datetime_type"}:
        return f"{place}: needs date, time and offset, as in 2026-01-01T00:00:00Z"
    text = detail["msg"].removeprefix("Value error, ")
    return f"{place}: {text[:1].lower()}{text[1:]}"


def _place(location: tuple[int | str, ...]) -> str:
    """Write a place as people count: ``signer 2, key 1, not_before``."""
    words: list[str] = []
    for step in location:
        if isinstance(step, int) and words:
            words[-1] += f" {step + 1}"
        else:
            words.append(printable(str(step), _LONGEST_QUOTE))
    return ", ".join(words) or "the file"


def _near(location: tuple[int | str, ...]) -> str:
    """Name the known word nearest to an unknown one."""
    table: type[Table] = Trust
    for step in location[:-1]:
        if isinstance(step, str):
            (table,) = _tables(_words(table)[step].annotation)
    word = str(location[-1])[:_LONGEST_QUOTE]
    near = difflib.get_close_matches(word, _words(table), n=1, cutoff=0.5)
    return f" (is `{near[0]}` meant?)" if near else ""


def _words(table: type[Table]) -> dict[str, FieldInfo]:
    """Give a table's fields by the names that they have in the file."""
    return {field.alias or name: field for name, field in table.model_fields.items()}


def _tables(annotation: object) -> Iterator[type[Table]]:
    """Find the tables in the type of a field, such as an array of them."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for argument in get_args(annotation):
        yield from _tables(argument)


def _contradictions(trust: Trust) -> Iterator[str]:
    """Find what each table alone does not show."""
    if (trust.system is None) == (trust.organisation is None):
        yield "the file: needs either `system` or `organisation`"
    yield from _window("the file", trust.issued, trust.expires, "issued", "expires")
    yield from _people(trust)
    yield from _keys(trust)
    yield from _root(trust)


def _people(trust: Trust) -> Iterator[str]:
    ids = {person.id for person in trust.people}
    for name in _twice(person.id for person in trust.people):
        yield f"signer: the person {name} stands twice"
    for person in trust.people:
        place = f"signer {person.id}"
        for role in _twice(person.roles):
            yield f"{place}, roles: {role} stands twice"
        for deputy in person.deputy_for:
            if deputy.person not in ids or deputy.person == person.id:
                yield f"{place}, deputy_for: {deputy.person} is no other signer"
            yield from _window(
                f"{place}, deputy_for", deputy.since, deputy.until, "from", "until"
            )
        if person.deputy_for and not person.human:
            yield f"{place}, deputy_for: a machine stands in for nobody"


def _keys(trust: Trust) -> Iterator[str]:
    owners = [(k.key.fingerprint, p.id) for p in trust.people for k in p.keys]
    for fingerprint in _twice(fingerprint for fingerprint, _ in owners):
        people = sorted({p for f, p in owners if f == fingerprint})
        yield f"signer {', '.join(people)}: the key {fingerprint} stands twice"
    for person in trust.people:
        for key in person.keys:
            yield from _window(
                f"signer {person.id}, key {key.key.fingerprint}",
                key.not_before,
                key.not_after,
                "not_before",
                "not_after",
            )


def _root(trust: Trust) -> Iterator[str]:
    people = {person.id: person for person in trust.people}
    for name in _twice(trust.root.people):
        yield f"root, people: {name} stands twice"
    usable = 0
    for name in dict.fromkeys(trust.root.people):
        person = people.get(name)
        if person is None or not person.human:
            yield f"root, people: {name} is no human signer"
        elif any(not key.compromised for key in person.keys):
            usable += 1
    if usable < trust.root.threshold:
        yield (
            f"root, threshold: {trust.root.threshold} can never be met, {usable} of"
            " the people have a key that is not compromised"
        )


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _window(
    place: str, start: dt.datetime, end: dt.datetime, first: str, last: str
) -> Iterator[str]:
    if end <= start:
        yield f"{place}: `{last}` is not after `{first}`"
    elif end - start > LONGEST_WINDOW:
        yield f"{place}: `{last}` is over {LONGEST_WINDOW.days} days after `{first}`"
