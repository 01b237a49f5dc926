"""⚡ A test alert: sent, seen to arrive, ended, and seen to be resolved.

It goes to a receiver that is there for tests. Where the loaded configuration would
bring it to anybody else, it is not sent: nobody is called at night by a checklist.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.probes.alertmanager import api, inbox
from pytest_readiness.probes.http import connected
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.alertmanager.routing import Configuration
    from pytest_readiness.probes.http import Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import AlertmanagerBlock, Grant, PageTable

__all__ = ["Channel", "Page"]

_NAME = "ReadinessTest"
_SHARE = 0.6
"""Of the time, for arriving; the rest is for being resolved."""
_WAYS = {"webhook": inbox.webhook, "smtp": inbox.smtp}


@dataclass(frozen=True, slots=True)
class Channel:
    """One way by which the test alert should come."""

    name: str
    """``webhook`` or ``smtp``."""
    arrived: Observed[bool]
    took: Observed[dt.timedelta]
    """From sending to arriving."""
    resolved: Observed[bool]
    """Whether its end was told, too."""


@dataclass(frozen=True, kw_only=True)
class Page(Facts):
    """What came of a test alert."""

    block: ClassVar[str] = "alertmanager"
    grant: ClassVar[Grant | None] = "page"

    channels: Observed[tuple[Channel, ...]]
    """The ways that the target declares."""

    @classmethod
    def gather(cls, block: AlertmanagerBlock, look: Look) -> Self:
        """Send one alert, and end it whatever happens."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: AlertmanagerBlock, look: Look) -> Self:
        page = block.page
        if page is None:
            raise LookError(
                "the target does not say how a test alert is sent",
                Cause.UNCONFIGURED,
                "add [target.NAME.alertmanager.page]",
                final=True,
            )
        mark = secrets.token_hex(8)
        labels = {**page.labels, "alertname": _NAME, inbox.MARK: mark}
        boxes = {name: inbox.Inbox(mark) for name in _listening(page)}
        with (
            connected(block, look, intake=api.INTAKE, answers=api.ANSWERS) as client,
            contextlib.ExitStack() as stack,
        ):
            _only_to(page.receiver, labels, api.loaded(client))
            for name, address in _listening(page).items():
                stack.enter_context(_WAYS[name](address, boxes[name]))
            channels = _sent(client, labels, boxes, look)
        return cls(channels=look.seen(channels, what=f"test alert {mark}"))

    @classmethod
    def limit(cls, block: AlertmanagerBlock) -> dt.timedelta:
        """Give the test its own time."""
        return block.timeout if block.page is None else block.page.timeout

    @classmethod
    def looks(cls, block: AlertmanagerBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is sent, and where we listen."""
        page = block.page
        if page is None:
            return ()
        ours = _listening(page).items()
        note = f"a test alert for the receiver {page.receiver}, and its end"
        return (
            PlannedLook("request", f"GET {api.STATUS}"),
            *(
                PlannedLook(
                    "connection",
                    f"{name} from Alertmanager, at {address}",
                    note="we listen",
                    intrusive="page",
                )
                for name, address in ours
            ),
            PlannedLook("request", f"POST {api.ALERTS}", note=note, intrusive="page"),
        )

    @staticmethod
    def source(block: AlertmanagerBlock) -> str:
        """Name the server that sends it."""
        return f"test alert by {block.url}"


def _listening(page: PageTable) -> dict[str, str]:
    ways = {"webhook": page.webhook, "smtp": page.smtp}
    return {name: address for name, address in ways.items() if address is not None}


def _only_to(receiver: str, labels: Mapping[str, str], loaded: Configuration) -> None:
    """Make sure that nobody is called who is not there for tests."""
    routes = loaded.route.taken(labels)
    others = sorted({route.receiver for route in routes} - {receiver})
    if others:
        raise LookError(
            f"the test alert would go to {', '.join(others)}, and was not sent",
            Cause.LOCAL,
            f'route {inbox.MARK}=~".+" to {receiver} before all other routes',
            final=True,
        )


def _sent(
    client: Client,
    labels: Mapping[str, str],
    boxes: Mapping[str, inbox.Inbox],
    look: Look,
) -> tuple[Channel, ...]:
    begins, began = dt.datetime.now(dt.UTC), time.monotonic()
    ends = begins + dt.timedelta(seconds=look.timeout)
    api.send(client, labels, begins, ends)
    try:
        until = began + _SHARE * look.remaining()
        arrived = {name: box.wait("firing", until) for name, box in boxes.items()}
    finally:
        # It would end by itself, but nobody should wait for that.
        with contextlib.suppress(LookError):
            api.send(client, labels, begins, dt.datetime.now(dt.UTC))
    until = look.deadline - 0.05
    resolved = {
        name: arrived[name] is not None and box.wait("resolved", until) is not None
        for name, box in boxes.items()
    }
    waited = time.monotonic() - began
    return tuple(
        _channel(name, began, arrived[name], waited, look, resolved=resolved[name])
        for name in boxes
    )


def _channel(  # one alert's whole story
    name: str,
    began: float,
    arrived: float | None,
    waited: float,
    look: Look,
    *,
    resolved: bool,
) -> Channel:
    detail = "" if arrived is not None else f"nothing came within {waited:.1f} s"
    took = dt.timedelta(seconds=(arrived or began) - began)
    return Channel(
        name=name,
        arrived=look.seen(arrived is not None, what=name, detail=detail),
        took=look.seen(took, what=name, detail=detail),
        resolved=look.seen(resolved, what=name),
    )
