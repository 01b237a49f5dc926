"""Gathering facts: each resource once, all at the same time, none for ever.

Threads are daemons on purpose: a driver that ignores its own time-out is left behind
when the look is over, and cannot hold the process at its end.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.probes import probe
from pytest_readiness.probes.look import Doors, Facts, Look
from pytest_readiness.probes.recall import Recall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pytest_readiness.probes.artefacts.provenance import Origins
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import Grant, ResourceBlock
    from pytest_readiness.target.model import Target

__all__ = ["Gathering", "Need", "PlannedGather"]

_GRACE = 0.5
"""Seconds beyond its own limit after which a look is given up from outside."""
_PATIENCE = 2.0
"""Seconds of silence before a wait is announced."""


class Need(NamedTuple):
    """One resource in one environment."""

    probe: str
    environment: str
    name: str = ""
    """Which one, where the probe's table holds several."""


class PlannedGather(NamedTuple):
    """What gathering one resource would do."""

    source: str
    limit: dt.timedelta
    """For all its tries together."""
    looks: tuple[PlannedLook, ...] | None
    """None: the probe does not say."""


@dataclass
class _Gather:
    """One look under way; ``done`` once ``facts`` are there."""

    kind: type[Facts]
    source: str
    limit: float
    work: Callable[[], Facts]
    block: ResourceBlock
    abandoned: threading.Event
    facts: Facts | None = None
    began: float = 0.0

    def start(self, changed: threading.Condition) -> None:
        self.began = time.monotonic()
        name = f"readiness {self.source}"
        threading.Thread(
            target=self._run, args=(changed,), name=name, daemon=True
        ).start()

    def _run(self, changed: threading.Condition) -> None:
        try:
            facts = self.work()
        except Exception as error:  # noqa: BLE001  # a probe's bug must not end the run
            # The text of an unforeseen error may quote anything: its type has to do.
            reason = Unavailable(f"the probe itself failed: {type(error).__name__}")
            facts = self.kind.unavailable(reason, self.source)
        with changed:
            self.facts = self.facts or facts
            changed.notify_all()

    def give_up(self, reason: Unavailable) -> None:
        self.facts = self.kind.unavailable(reason, self.source)
        self.abandoned.set()


@dataclass
class Gathering:
    """All looks of a run; items only read what is gathered here."""

    targets: Mapping[str, Target]
    target_file: str
    redact: Callable[[str], str]
    deadline: float
    """Seconds for all looks together."""
    tell: Callable[[str], None] = field(default=lambda _: None)
    recall: Recall = field(default_factory=Recall)
    origins: Origins | None = None
    """The release under judgement, for looks at what was made from it."""
    _looks: dict[Need, _Gather] = field(default_factory=dict)
    _known: dict[Need, Facts] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _doors: Doors = field(default_factory=Doors)

    def run(self, needs: Iterable[Need]) -> None:
        """Gather everything; returns when all is there or given up."""
        over = time.monotonic() + self.deadline
        for need in dict.fromkeys(needs):
            if need not in self._looks and need not in self._known:
                self._plan(need)
        waiting = [look for look in self._looks.values() if look.facts is None]
        try:
            for looks in _in_turn(waiting):
                self._together(looks, over)
        except BaseException:
            # An interrupted run must not leave a load behind that goes on.
            for look in waiting:
                look.abandoned.set()
            raise

    def facts(self, need: Need) -> Facts:
        """Give what was seen; a need that nobody announced was not looked at."""
        look = self._looks.get(need)
        if look is not None and look.facts is not None:
            return look.facts
        if need in self._known:
            return self._known[need]
        reason = Unavailable(f"{need.probe} was not gathered in this run")
        return probe(need.probe).unavailable(reason, need.probe)

    def planned(self, need: Need) -> PlannedGather | Unavailable:
        """Say what a look would do, without looking; why, where there would be none."""
        if need not in self._looks and need not in self._known:
            self._plan(need)
        look = self._looks.get(need)
        if look is None:
            return self._known[need].reason
        seconds = dt.timedelta(seconds=look.limit - _GRACE)
        return PlannedGather(look.source, seconds, look.kind.looks(look.block))

    def forget(self, probes: Iterable[str]) -> None:
        """Drop what was seen of some resources, so that they are looked at again."""
        gone = set(probes)
        for store in (self._looks, self._known):
            for need in [need for need in store if need.probe in gone]:
                del store[need]

    def _plan(self, need: Need) -> None:
        kind, target = probe(need.probe), self.targets[need.environment]
        table = f"{kind.block}.{need.name}" if need.name else kind.block
        where = f"[target.{target.name}.{table}]"
        if table in target.unresolved:
            reason = Unavailable(target.unresolved[table], kind.unset)
            self._known[need] = kind.unavailable(reason, where)
            return
        block = target.resource(table)
        if block is None:
            reason = Unavailable(
                f"{self.target_file} has no {where}",
                Cause.UNCONFIGURED,
                f"add {where} to the target file",
            )
            self._known[need] = kind.unavailable(reason, self.target_file)
            return
        for grant in (kind.grant, kind.also):
            if grant is not None and grant not in target.allow:
                nothing = _forbidden(grant, target)
                self._known[need] = kind.unavailable(nothing, where)
                return
        timeout = kind.limit(block).total_seconds()
        limit = timeout * (1 + block.retries)
        source = kind.source(block)
        abandoned = threading.Event()

        def work() -> Facts:
            look = Look(
                source,
                timeout,
                self.redact,
                target.name,
                doors=self._doors,
                recall=self.recall,
            )
            look.origins = self.origins
            look.abandoned = abandoned
            look.deadline = time.monotonic() + limit
            return kind.gather(block, look)

        self._looks[need] = _Gather(
            kind, source, limit + _GRACE, work, block, abandoned
        )

    def _together(self, looks: list[_Gather], over: float) -> None:
        for look in looks:
            look.start(self._changed)
        told = began = time.monotonic()
        with self._changed:
            while waiting := [look for look in looks if look.facts is None]:
                now = time.monotonic()
                for look in waiting:
                    self._expire(look, now, over)
                if now - told >= _PATIENCE:
                    told = now
                    names = ", ".join(sorted(look.source for look in waiting))
                    self.tell(f"waiting for {names} ({now - began:.0f} s)")
                ends = [look.began + look.limit for look in waiting]
                self._changed.wait(
                    max(0.0, min(*ends, over, told + _PATIENCE) - time.monotonic())
                    + 0.001
                )

    def _expire(self, look: _Gather, now: float, over: float) -> None:
        if now >= look.began + look.limit:
            waited = duration(dt.timedelta(seconds=look.limit - _GRACE))
            look.give_up(Unavailable(f"no answer within {waited}", Cause.NO_ANSWER))
        elif now >= over:
            waited = duration(dt.timedelta(seconds=self.deadline))
            look.give_up(
                Unavailable(
                    f"not finished when the run's deadline of {waited} was over",
                    Cause.LOCAL,
                    "raise --readiness-deadline",
                )
            )


def _in_turn(looks: Iterable[_Gather]) -> Iterator[list[_Gather]]:
    """Give what is looked at together: first most, then what is timed, then each."""
    alone: list[list[_Gather]] = []
    quiet: list[_Gather] = []
    timed: list[_Gather] = []
    for look in looks:
        if look.kind.exclusive:
            alone.append([look])
        else:
            (timed if look.kind.needs_quiet else quiet).append(look)
    yield from (quiet, timed, *alone)


def _forbidden(grant: Grant, target: Target) -> Unavailable:
    """Say what the target must allow before a drill may be made there."""
    return Unavailable(
        f"[target.{target.name}] does not allow `{grant}`, so no drill was made",
        Cause.NEEDS_DRILL,
        f'set allow = ["{grant}"] there, or have a drill made by hand signed',
    )
