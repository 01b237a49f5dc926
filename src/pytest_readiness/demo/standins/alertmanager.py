"""An Alertmanager with a configuration, and with test alerts that it really sends.

No package carries the real one. It speaks version 2 of the documented API for what is
loaded, for silences and for new alerts. Of these it sends the test alerts on, as the
real one does: to a webhook, in its documented form, and by email.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import smtplib
import threading
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from pytest_readiness.demo.standins.web import Asked, Reply, Web

if TYPE_CHECKING:
    import ssl

__all__ = ["Alertmanager"]

_WAIT = 5.0
_TEST = "readiness_test"


class Alertmanager(Web):
    """Answers until closed; what is loaded may be changed while it runs."""

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        token: str = "",
        *,
        webhook_port: int = 0,
        smtp_port: int = 0,
    ) -> None:
        self.original = ""
        """Its configuration, as YAML."""
        self.silences: list[dict[str, object]] = []
        self.sends = frozenset({"webhook", "smtp"})
        """By what it sends; a fault takes something out."""
        self.tells_ends = True
        self.webhook_port, self.smtp_port = webhook_port, smtp_port
        self._token = token
        super().__init__(self._reply, tls)

    def _reply(self, asked: Asked) -> Reply:
        given = asked.headers.get("authorization", "")
        if self._token and given != f"Bearer {self._token}":
            return Reply({"code": 401, "message": "unauthorized"}, 401)
        match asked.method, asked.path:
            case "GET", "/api/v2/status":
                return Reply(
                    {
                        "cluster": {"status": "disabled", "peers": []},
                        "config": {"original": self.original},
                        "uptime": "2026-01-01T00:00:00.000Z",
                        "versionInfo": {"version": "0.25.0"},
                    }
                )
            case "GET", "/api/v2/silences":
                return Reply(self.silences)
            case "POST", "/api/v2/alerts":
                for alert in json.loads(asked.body):
                    if _TEST in alert["labels"]:
                        threading.Thread(
                            target=self._send, args=(alert,), daemon=True
                        ).start()
                return Reply("", 200)
            case _:
                return Reply({"code": 404, "message": "no such path"}, 404)

    def _send(self, alert: dict[str, Any]) -> None:
        state = "resolved" if _is_over(alert) else "firing"
        if state == "resolved" and not self.tells_ends:
            return
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if "webhook" in self.sends:
                self._call(alert, state)
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if "smtp" in self.sends:
                self._mail(alert, state)

    def _call(self, alert: dict[str, Any], state: str) -> None:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.webhook_port, timeout=_WAIT
        )
        with contextlib.closing(connection):
            document = {
                "version": "4",
                "status": state,
                "receiver": "readiness-test",
                "alerts": [{**alert, "status": state}],
            }
            body = json.dumps(document)
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            connection.getresponse().read()

    def _mail(self, alert: dict[str, Any], state: str) -> None:
        message = EmailMessage()
        labels = alert["labels"]
        message["Subject"] = f"[{state.upper()}] {labels['alertname']}"
        message["From"] = message["To"] = "alerts@trading.example"
        lines = (f"{name} = {value}" for name, value in labels.items())
        message.set_content("\n".join(lines))
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=_WAIT) as server:
            server.send_message(message)


def _is_over(alert: dict[str, Any]) -> bool:
    """Whether an alert is sent as ended: the probe sends its beginning for later."""
    ends = dt.datetime.fromisoformat(alert["endsAt"])
    return ends <= dt.datetime.now(dt.UTC)
