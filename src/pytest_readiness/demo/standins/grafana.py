"""A Grafana with some dashboards, as its documented HTTP API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_readiness.demo.standins.web import Asked, Reply, Web

if TYPE_CHECKING:
    import ssl

__all__ = ["Grafana"]

_PATH = "/api/dashboards/uid/"
_STRANGER = {"message": "Unauthorized", "messageId": "auth.unauthorized"}


class Grafana(Web):
    """Answers until closed; what it has may be changed while it runs."""

    def __init__(self, tls: ssl.SSLContext | None = None, token: str = "") -> None:
        self.dashboards: dict[str, int] = {}
        """How many panels each has, by its uid."""
        self.anonymous = False
        """Whether everybody may look."""
        self.database = "ok"
        self._token = token
        super().__init__(self._reply, tls)

    def _reply(self, asked: Asked) -> Reply:
        path = urlsplit(asked.path).path
        if path == "/api/health":
            well = self.database == "ok"
            health = {"database": self.database, "version": "11.2.0", "commit": "1"}
            return Reply(health, 200 if well else 503)
        given = asked.headers.get("authorization", "")
        if given != f"Bearer {self._token}" and not (self.anonymous and not given):
            return Reply(_STRANGER, 401)
        uid = path.removeprefix(_PATH)
        if path == "/api/search":
            return Reply([{"uid": one, "type": "dash-db"} for one in self.dashboards])
        if path.startswith(_PATH) and uid in self.dashboards:
            panels = [{"id": number} for number in range(self.dashboards[uid])]
            shown = {"uid": uid, "title": f"Dashboard {uid}", "panels": panels}
            return Reply({"meta": {"slug": uid}, "dashboard": shown})
        return Reply({"message": "Dashboard not found"}, 404)
