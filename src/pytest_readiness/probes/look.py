"""How a probe looks: its clock, its deadline, its tries, and where errors end.

A probe is a :class:`Facts` class: a frozen dataclass whose fields are facts, with the
name of its target block and a ``gather`` that fills it. Gatherers return
``Unavailable``; they do not raise through a frame that holds a secret. Inside a probe
:class:`LookError` ends a try; :meth:`Look.tries` turns it into a reason.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.errors import ProbeError
from pytest_readiness.probes.recall import Recall

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.probes.artefacts.provenance import Origins
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import Grant

__all__ = ["Doors", "Facts", "Look", "LookError", "noted", "utc_now"]

T = TypeVar("T")

_PAUSE = 0.2
"""Seconds between two tries: what refuses at once may be just restarting."""


def utc_now() -> dt.datetime:
    """Give the present time, aware."""
    return dt.datetime.now(dt.UTC)


def noted(fact: Observed[T], note: str) -> Observed[T]:
    """Add a note to a fact's detail, such as how many tries it took."""
    if not note:
        return fact
    detail = "; ".join(filter(None, (fact.detail, note)))
    return dataclasses.replace(fact, detail=detail)


class LookError(ProbeError):
    """Ends a try inside a probe; never leaves it.

    ``final`` is set where another try would give the same or do harm; ``rejected``
    where it was a credential: it must not be sent again, lest the account is locked.
    """

    def __init__(
        self,
        reason: str,
        cause: Cause = Cause.NO_ANSWER,
        remedy: str = "",
        *,
        final: bool = False,
        rejected: bool = False,
    ) -> None:
        super().__init__("", reason, remedy)
        self.unavailable = Unavailable(reason, cause, remedy)
        self.final = final or rejected
        self.rejected = rejected


class Doors:
    """What this run tried to log in with: nothing that was rejected is sent again.

    Several looks may have the same account. The first goes alone; once it is in, the
    others may go as they like, and what was rejected is not sent again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], _Door] = {}

    def enter(self, key: tuple[str, ...], look: Look, log_in: Callable[[], T]) -> T:
        """Log in, or raise what an earlier look was told."""
        # The key holds a password; its digest is enough to tell accounts apart.
        digest = hashlib.sha256("\0".join(key).encode(errors="replace")).hexdigest()
        with self._lock:
            door = self._known.setdefault((key[0], digest), _Door())
        if door.open:
            return log_in()
        if not door.lock.acquire(timeout=look.remaining()):
            raise look.overdue()
        try:
            return door.through(log_in)
        finally:
            door.lock.release()


class _Door:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.open = False
        self.refused: LookError | None = None

    def through(self, log_in: Callable[[], T]) -> T:
        if self.refused is not None:
            raise self.refused
        try:
            inside = log_in()
        except LookError as error:
            if error.rejected:
                self.refused = error
            raise
        self.open = True
        return inside


@dataclass
class Look:
    """One look at one resource.

    ``source`` names the resource in evidence, without credentials. ``timeout`` is one
    try's own limit in seconds (no answer within it is an observation); ``deadline`` is
    the ``time.monotonic`` at which the look, with all its tries, must be over.
    """

    source: str
    timeout: float
    redact: Callable[[str], str] = str
    environment: str = ""
    now: Callable[[], dt.datetime] = utc_now
    deadline: float = field(default=0.0)
    doors: Doors = field(default_factory=Doors)
    recall: Recall = field(default_factory=Recall)
    """What earlier runs found, for looks that a quota limits."""
    origins: Origins | None = None
    """The release under judgement, for what must have been made from it."""
    abandoned: threading.Event = field(default_factory=threading.Event)
    """Set once nobody waits for the look any more: what goes on for long must end."""

    def __post_init__(self) -> None:
        if not self.deadline:
            self.deadline = time.monotonic() + self.timeout

    def remaining(self) -> float:
        """Give the seconds left, never less than a millisecond."""
        return max(self.deadline - time.monotonic(), 0.001)

    @property
    def over(self) -> bool:
        """Whether the deadline has passed, or nobody waits any more."""
        return self.abandoned.is_set() or time.monotonic() >= self.deadline

    def overdue(self, waited_for: str = "") -> LookError:
        """Make the error for a try that its limit ended."""
        reason = f"no answer within {self.timeout:g} s"
        return LookError(f"{reason} ({waited_for})" if waited_for else reason)

    def share(self, seconds: float) -> Look:
        """Give a look at the same thing that ends in ``seconds``, or with this one."""
        deadline = min(time.monotonic() + seconds, self.deadline)
        return dataclasses.replace(self, deadline=deadline)

    def brief(self, limit: dt.timedelta) -> Look:
        """Give a look that waits at most ``limit`` for an answer, and says so."""
        seconds = min(limit.total_seconds(), self.timeout)
        return dataclasses.replace(self.share(seconds), timeout=seconds)

    def tries(
        self, retries: int, attempt: Callable[[Look], T]
    ) -> tuple[T | Unavailable, str]:
        """Try up to ``1 + retries`` times; nothing raises.

        Each try gets ``timeout`` seconds, all of them together end at ``deadline``.

        Returns:
            What ``attempt`` returned, or why the last try failed (and how many there
            were); and a note for the fact's detail, empty where the first succeeded.
        """
        failed: list[Unavailable] = []
        while True:
            try:
                value = attempt(self.share(self.timeout))
            except LookError as error:
                failure, final = error.unavailable, error.final
            except ProbeError as error:
                failure, final = Unavailable(str(error), Cause.LOCAL), True
            except Exception as error:  # noqa: BLE001  # a driver's bug is no verdict
                # The text of an unforeseen error may quote anything.
                text = f"the look itself failed: {type(error).__name__}"
                failure, final = Unavailable(text, Cause.LOCAL), True
            else:
                return value, _note(failed, retries)
            failed.append(self._redacted(failure))
            if final or len(failed) > retries or self.over:
                return _after_tries(failed), ""
            time.sleep(min(_PAUSE, self.remaining()))

    def seen(
        self,
        value: T | Unavailable,
        *,
        unit: str = "",
        what: str = "",
        detail: str = "",
        duration: dt.timedelta = dt.timedelta(0),
    ) -> Observed[T]:
        """Make a fact of a value that is at hand."""
        source = f"{self.source} {what}".rstrip()
        detail = self.redact(detail)
        return Observed(value, source, self.now(), unit, duration, detail)

    def observe(
        self,
        read: Callable[[], T | Unavailable],
        *,
        unit: str = "",
        what: str = "",
        detail: str = "",
    ) -> Observed[T]:
        """Read one fact and time it; an error of a look becomes unavailable.

        ``read`` returns ``Unavailable`` itself for what its driver raises.
        """
        began = time.perf_counter()
        value: T | Unavailable
        try:
            value = read()
        except LookError as error:
            value = self._redacted(error.unavailable)
        except ProbeError as error:
            value = Unavailable(self.redact(str(error)), Cause.LOCAL)
        took = dt.timedelta(seconds=time.perf_counter() - began)
        return self.seen(value, unit=unit, what=what, detail=detail, duration=took)

    def _redacted(self, unavailable: Unavailable) -> Unavailable:
        return Unavailable(
            self.redact(unavailable.reason),
            unavailable.cause,
            self.redact(unavailable.remedy),
        )


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Base of the probes: every field of a subclass is an ``Observed`` fact."""

    block: ClassVar[str]
    """The table of the target that says where to look; also the fixture's name."""
    several: ClassVar[bool] = False
    """Whether the table holds several resources, each under a name of its own.

    An item looks at the one that its id ends with.
    """
    unset: ClassVar[Cause] = Cause.LOCAL
    """Why there are no facts where a reference of the table is not set."""
    needs_quiet: ClassVar[bool] = False
    """Whether it measures how fast something is, to the millisecond.

    Such looks come together, when the others are done: while this process is busy with
    them, it would find its own slowness in the target.
    """
    exclusive: ClassVar[bool] = False
    """Whether the look disturbs others and runs alone, after the quiet ones."""
    runs_release: ClassVar[bool] = False
    """Whether this is the running service, so that its release is checked first."""
    grant: ClassVar[Grant | None] = None
    """What the target must allow, where the look does more than read."""
    also: ClassVar[Grant | None] = None
    """What it must allow beside that."""
    view_of: ClassVar[str] = ""
    """Another probe whose facts these are, but always those of the target itself."""

    @classmethod
    def gather(cls, block: Any, look: Look) -> Self:  # noqa: ANN401  # each has its own
        """Look once; never raise, never outlast ``look.deadline``."""
        raise NotImplementedError

    @classmethod
    def limit(cls, block: Any) -> dt.timedelta:  # noqa: ANN401  # each has its own
        """Give how long one try may take."""
        allowed: dt.timedelta = block.timeout
        return allowed

    @classmethod
    def looks(cls, block: Any) -> tuple[PlannedLook, ...] | None:  # noqa: ANN401, ARG003  # as above
        """Say beforehand all that ``gather`` may do; None is a probe that does not."""
        return None

    @staticmethod
    def source(block: Any) -> str:  # noqa: ANN401  # each has its own
        """Name the resource for evidence, without credentials."""
        raise NotImplementedError

    @classmethod
    def tried(cls, look: Look, retries: int, attempt: Callable[[Look], Self]) -> Self:
        """Gather by ``attempt``; each fact says how many tries it took."""
        seen, note = look.tries(retries, attempt)
        if isinstance(seen, Unavailable):
            return cls.unavailable(seen, look.source, look.now())
        if not note:
            return seen
        facts = {f.name: getattr(seen, f.name) for f in dataclasses.fields(cls)}
        return cls(**{name: noted(fact, note) for name, fact in facts.items()})

    @property
    def reason(self) -> Unavailable:
        """Why there is nothing, where :meth:`unavailable` made these facts."""
        first: Observed[object] = getattr(self, dataclasses.fields(self)[0].name)
        if isinstance(first.value, Unavailable):
            return first.value
        msg = f"{type(self).__name__} was seen"
        raise TypeError(msg)

    @classmethod
    def unavailable(
        cls, reason: Unavailable, source: str, at: dt.datetime | None = None
    ) -> Self:
        """Give the probe that saw nothing, each fact for the same reason."""
        nothing: Observed[object] = Observed(reason, source, at or utc_now())
        return cls(**{f.name: nothing for f in dataclasses.fields(cls)})


def _note(failed: list[Unavailable], retries: int) -> str:
    if not failed:
        return ""
    before = "; ".join(dict.fromkeys(failure.reason for failure in failed))
    return f"try {len(failed) + 1} of {retries + 1}, after: {before}"


def _after_tries(failed: list[Unavailable]) -> Unavailable:
    last = failed[-1]
    if len(failed) == 1:
        return last
    return dataclasses.replace(last, reason=f"{last.reason} ({len(failed)} tries)")
