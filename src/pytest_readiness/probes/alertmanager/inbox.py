"""Where a test alert must arrive: a webhook and an SMTP server, while the test lasts.

Both take little, and keep nothing but which test
alerts were told of, and in which state.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal

from aiosmtpd.smtp import SMTP

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.target.values import is_list, is_table, parse_endpoint

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from aiosmtpd.smtp import Envelope, Session

__all__ = ["MARK", "Inbox", "State", "smtp", "webhook"]

MARK = "readiness_test"
"""The label that a test alert is known by."""
_MOST = 1 << 20
_WE = "pytest-readiness"
_SILENCE, _ENDING = 10.0, 2.0
"""Seconds: of a silent client, and for the end."""

State = Literal["firing", "resolved"]


class Inbox:
    """What has arrived for one test alert."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self._changed = threading.Condition()
        self._seen: dict[State, float] = {}

    def arrived(self, text: str, state: State) -> None:
        """Take a message, if it is about our alert."""
        if self.mark not in text:
            return
        with self._changed:
            self._seen.setdefault(state, time.monotonic())
            self._changed.notify_all()

    def wait(self, state: State, until: float) -> float | None:
        """Wait for a state; give the time when it came, or None."""
        with self._changed:
            while state not in self._seen:
                left = until - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)
            return self._seen[state]


@contextmanager
def webhook(address: str, inbox: Inbox) -> Generator[None]:
    """Listen for what Alertmanager's webhook sends.

    Raises:
        LookError: nobody can listen there.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, _MOST))
            for text, state in _alerts(body):
                inbox.arrived(text, state)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
            """Say nothing: the terminal is the run's."""

    try:
        server = ThreadingHTTPServer(parse_endpoint(address), Handler)
    except OSError as error:
        raise _deaf(address, error) from None
    server.daemon_threads = True
    server.block_on_close = False
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


class _Mailbox:
    """What an SMTP server does with a message."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self._inbox.arrived(*_mail(raw))
        return "250 OK"


@contextmanager
def smtp(address: str, inbox: Inbox) -> Generator[None]:
    """Listen for email.

    Raises:
        LookError: nobody can listen there.
    """
    # Bound here, and not by aiosmtpd's own controller: that one waits for its time-out
    # where a port is taken.
    try:
        listening = socket.create_server(parse_endpoint(address))
    except OSError as error:
        raise _deaf(address, error) from None
    mailbox, over = _Mailbox(inbox), threading.Event()
    serving = threading.Thread(
        target=lambda: asyncio.run(_serve(listening, mailbox, over)), daemon=True
    )
    serving.start()
    try:
        yield
    finally:
        over.set()
        serving.join(_ENDING)
        listening.close()


async def _serve(
    listening: socket.socket, mailbox: _Mailbox, over: threading.Event
) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbox, hostname=_WE, data_size_limit=_MOST, timeout=_SILENCE),
        sock=listening,
    )
    await asyncio.to_thread(over.wait)
    server.close()


def _alerts(body: bytes) -> Iterator[tuple[str, State]]:
    """Give each alert of a webhook's message: its mark, and its state."""
    try:
        said: object = json.loads(body)
    except (ValueError, RecursionError):
        return
    alerts = said.get("alerts") if is_table(said) else None
    for alert in alerts if is_list(alerts) else ():
        labels = alert.get("labels") if is_table(alert) else None
        if is_table(alert) and is_table(labels):
            state: State = "resolved" if alert.get("status") == "resolved" else "firing"
            yield str(labels.get(MARK)), state


def _mail(raw: bytes) -> tuple[str, State]:
    """Give the text of an email, and the state that it tells."""
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    subject = str(message.get("Subject") or "")
    texts = [
        part.get_content()
        for part in message.walk()
        if part.get_content_maintype() == "text"
    ]
    text = "\n".join([subject, *map(str, texts)])
    known = subject if "firing" in subject.lower() else text
    return text, "resolved" if "resolved" in known.lower() else "firing"


def _deaf(address: str, error: BaseException) -> LookError:
    reason = f"nobody can listen at {address} ({type(error).__name__})"
    remedy = "choose a free port of this host in [target.NAME.alertmanager.page]"
    return LookError(reason, Cause.LOCAL, remedy, final=True)
