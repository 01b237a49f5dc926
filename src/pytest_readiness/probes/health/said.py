"""What a health route's answer says, in the forms that frameworks give it.

- plain: 200 or 204, with a word or nothing; ASP.NET's ``Healthy``
- health+json (draft-inadarei-api-health-check): ``checks``, each a list
- Spring Boot's actuator: ``components`` (``details`` before 2.2), nested
- MicroProfile Health: ``checks`` as a list with names; ASP.NET's UI: ``entries``
- Kubernetes' ``/readyz?verbose``: lines ``[+]etcd ok`` and ``[-]etcd failed``
- and what many write by hand: ``dependencies`` and the like, of words or truths
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_readiness.probes.http import Answer

__all__ = ["Part", "Said", "read"]

_GOOD = frozenset(
    {
        *("pass", "passed", "passing", "ok", "okay", "up", "healthy", "ready", "live"),
        *("alive", "available", "connected", "serving", "success", "true", "green"),
        # Concerns, but at work: 200 by the formats' own rule.
        *("warn", "warning", "degraded", "yellow"),
    }
)
_BAD = frozenset(
    {
        *("fail", "failed", "failing", "error", "down", "unhealthy", "not ready"),
        *("dead", "unavailable", "disconnected", "not serving", "critical", "false"),
        *("out of service", "unreachable", "timeout", "red", "failure", "offline"),
    }
)
_CONTAINERS = (
    *("checks", "components", "details", "entries", "results", "dependencies"),
    *("services", "info"),
)
"""Keys under which dependencies stand."""
_FAILURES = ("failures", "errors", "error")
"""Keys under which only those stand that fail."""
_STATUS = ("status", "state", "healthy", "health", "up", "ok")
_LINE = re.compile(r"^\[(?P<sign>[+-])\](?P<name>\S+)(?: .*)?$", re.MULTILINE)
_DEEPEST, _MOST, _WORD = 8, 500, 40


class Part(NamedTuple):
    """A dependency as it is named, and how it is; None where the word is unknown."""

    name: str
    well: bool | None
    word: str


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says."""

    form: str
    """``nothing``, ``text``, ``JSON``, ``Kubernetes`` or ``HTML``."""
    parts: tuple[Part, ...]
    """The dependencies that are named, and the whole, which has no name."""

    @property
    def named(self) -> tuple[str, ...]:
        """The dependencies' names."""
        return tuple(part.name for part in self.parts if part.name)

    def names(self, dependency: str) -> bool:
        """Say whether a dependency is among them: ``cassandra:responseTime``, too."""
        wanted = dependency.lower()
        known = {name.lower() for name in self.named}
        ends = {name.rpartition(".")[2] for name in known}
        return wanted in known | ends | {name.partition(":")[0] for name in known}

    def failing(self) -> tuple[str, ...] | Unavailable:
        """Give what is not well; unavailable where a word means nothing to us."""
        bad = [part for part in self.parts if part.well is False]
        if bad:
            return tuple(f"{part.name or 'all of it'}: {part.word}" for part in bad)
        for part in self.parts:
            if part.well is None:
                name = part.name or "all of it"
                return Unavailable(
                    f"{name} is said to be `{part.word}`, which may mean anything",
                    Cause.LOCAL,
                    "if that is good, add it to good_words of [target.NAME.health]",
                )
        return ()


def read(answer: Answer, good_words: frozenset[str]) -> Said | Unavailable:
    """Read an answer's body by its type and its look."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    text = answer.body.decode("utf-8", "replace").strip()
    if not text:
        return Said("nothing", ())
    if kind in {"text/html", "application/xhtml+xml"} or _is_html(text):
        return Said("HTML", ())
    looks = text[0] in '{["' and _LINE.match(text) is None
    if looks or kind.endswith(("/json", "+json")):
        return _json(text, good_words)
    return _lines(text)


def _json(text: str, good_words: frozenset[str]) -> Said | Unavailable:
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        reason = "the answer calls itself JSON, and is none"
        return Unavailable(reason, Cause.NO_ANSWER)
    parts = _Reader(good_words).parts(document)
    return parts if isinstance(parts, Unavailable) else Said("JSON", parts)


def _lines(text: str) -> Said:
    lines = tuple(
        Part(line["name"], line["sign"] == "+", line[0][:_WORD])
        for line in _LINE.finditer(text)
    )
    if lines:
        return Said("Kubernetes", lines)
    # One word, whatever it is, is the convention; unless it is a bad one.
    return Said("text", (Part("", _plain(text) not in _BAD, text[:_WORD]),))


def _is_html(text: str) -> bool:
    return text[:200].lower().startswith(("<!doctype html", "<html"))


class _Reader:
    def __init__(self, good_words: frozenset[str]) -> None:
        self._good = _GOOD | {_plain(word) for word in good_words}

    def parts(self, document: object) -> tuple[Part, ...] | Unavailable:
        found: list[Part] = []
        for part in self._within("", document, _DEEPEST):
            found.append(part)
            if len(found) > _MOST:
                return Unavailable(f"more than {_MOST} parts are named")
        return tuple(found)

    def _within(self, name: str, said: object, deep: int) -> Iterator[Part]:
        if not is_table(said):
            yield from self._members(name, said, deep)
            return
        status = next((said[key] for key in _STATUS if key in said), None)
        if is_table(status) and deep:
            yield from self._contained(name, status, deep - 1)
        elif not (status is None or is_table(status) or is_list(status)):
            yield self._part(name, status)
        for key in _CONTAINERS:
            if not deep and key in said:
                # What is not read must not count as well.
                yield Part(name, None, "nested deeper than is read")
            elif key in said and not isinstance(said[key], str):
                yield from self._contained(name, said[key], deep - 1)
        for key in _FAILURES:
            failures = said.get(key)
            if is_table(failures):
                for member in failures:
                    yield Part(_joined(name, member), well=False, word="a failure")

    def _contained(self, name: str, said: object, deep: int) -> Iterator[Part]:
        """Read what is in a container: by name, or a list whose members have one."""
        if is_table(said):
            for member, one in said.items():
                # Spring's details hold figures beside components: no state of anything.
                if is_table(one) or is_list(one) or self._tells(one):
                    yield from self._within(_joined(name, member), one, deep)
        elif is_list(said):
            for one in said:
                if is_table(one):
                    label = one.get("name") or one.get("id") or one.get("component")
                    yield from self._within(_joined(name, str(label)), one, deep)

    def _members(self, name: str, said: object, deep: int) -> Iterator[Part]:
        if is_list(said):
            for one in said:
                if deep:
                    yield from self._within(name, one, deep - 1)
        elif said is not None:
            yield self._part(name, said)

    def _tells(self, said: object) -> bool:
        return isinstance(said, bool) or (
            isinstance(said, str) and _plain(said) in self._good | _BAD
        )

    def _part(self, name: str, status: object) -> Part:
        word = str(status)[:_WORD]
        word = "".join(c if c.isprintable() else "?" for c in word)
        plain = _plain(word)
        well = True if plain in self._good else False if plain in _BAD else None
        return Part(name, well, word)


def _joined(name: str, member: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in member[:_WORD])
    return f"{name}.{shown}" if name else shown


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", word.strip().rstrip(".!")).lower()
