"""Grafana: that it is well, that the dashboards exist, and who may look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pytest_readiness.catalogue.observation import Observed, Unavailable
from pytest_readiness.probes.http import Client, Identity, connected
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files, trust_files

if TYPE_CHECKING:
    from pytest_readiness.probes.http import Answer
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import GrafanaBlock

__all__ = ["Dashboard", "Grafana"]

HEALTH = "/api/health"
SEARCH = "/api/search?limit=1"
DASHBOARD = "/api/dashboards/uid/"
"""As in Grafana's documentation, "HTTP API"."""
_INTAKE, _ANSWERS = 8 << 20, 60
_OK, _MOVED, _REFUSED, _GONE = 200, range(300, 400), frozenset({401, 403}), 404

M = TypeVar("M", bound=BaseModel)


class _Health(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    database: str


class _Contents(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    title: str = ""
    panels: list[object] = Field(default_factory=list[object])
    rows: list[object] = Field(default_factory=list[object])
    elements: dict[str, object] = Field(default_factory=dict[str, object])


class _Dashboard(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    dashboard: _Contents


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard that the target declares."""

    uid: str
    exists: Observed[bool]
    """For the identity that the target gives; the detail has its title."""
    panels: Observed[int]
    """How many panels it has, or rows of them."""


@dataclass(frozen=True, kw_only=True)
class Grafana(Facts):
    """A Grafana as operations see it, and as strangers do."""

    block: ClassVar[str] = "grafana"

    healthy: Observed[bool]
    """Whether it reaches its own database."""
    dashboards: Observed[tuple[Dashboard, ...]]
    """Those that the target declares."""
    strangers_refused: Observed[bool]
    """Whether it shows nothing to who has not logged in."""
    open_to_all: Observed[bool]
    """Whether the target agrees that everybody may look."""

    @classmethod
    def gather(cls, block: GrafanaBlock, look: Look) -> Self:
        """Ask for each dashboard once, and once without a log-in."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: GrafanaBlock, look: Look) -> Self:
        identity = Identity(block.ca_file, block.cert_file, block.key_file)
        stranger = Client(block.url, look, identity, intake=_INTAKE, answers=_ANSWERS)
        with (
            connected(block, look, intake=_INTAKE, answers=_ANSWERS) as client,
            stranger,
        ):
            # One question first: a server that is dead costs one time-out.
            health = _read(_Health, client.get(HEALTH), HEALTH, (_OK, 503))
            return cls(
                healthy=look.seen(
                    health.database == "ok",
                    what=HEALTH,
                    detail=f"database {health.database}",
                ),
                dashboards=look.seen(
                    tuple(_dashboard(uid, client, look) for uid in block.dashboards)
                ),
                strangers_refused=look.observe(
                    lambda: _refuses(stranger.get(SEARCH)), what=f"{SEARCH} as nobody"
                ),
                open_to_all=look.seen(block.anonymous, what="anonymous"),
            )

    @classmethod
    def looks(cls, block: GrafanaBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked; all of it by GET, below the URL."""
        secure = block.url.startswith("https:")
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            PlannedLook("request", f"GET {HEALTH}"),
            *(
                PlannedLook("request", f"GET {DASHBOARD}{quote(uid, safe='')}")
                for uid in block.dashboards
            ),
            PlannedLook("request", f"GET {SEARCH}", note="without a log-in"),
            *(trust_files(block.ca_file) if secure else ()),
            *files(block.cert_file, block.key_file),
        )

    @staticmethod
    def source(block: GrafanaBlock) -> str:
        """Name it by its URL, which holds no credentials."""
        return block.url


def _dashboard(uid: str, client: Client, look: Look) -> Dashboard:
    route = f"{DASHBOARD}{quote(uid, safe='')}"
    seen = look.observe(lambda: _contents(client.get(route), route), what=route)
    found = seen.value
    title = found.title if isinstance(found, _Contents) else ""
    exists = seen.map(lambda contents: contents is not None)
    return Dashboard(
        uid=uid,
        exists=Observed(
            *(exists.value, exists.source, exists.at, "", exists.duration),
            look.redact(title),
        ),
        panels=seen.map(_panels),
    )


def _panels(contents: _Contents | None) -> int:
    if contents is None:
        return 0
    return len(contents.panels) + len(contents.rows) + len(contents.elements)


def _contents(answer: Answer, route: str) -> _Contents | None:
    """Read a dashboard; None where there is none.

    Raises:
        LookError: the answer is another one.
    """
    if answer.status == _GONE:
        return None
    return _read(_Dashboard, answer, route, (_OK,)).dashboard


def _refuses(answer: Answer) -> bool | Unavailable:
    if answer.status in _REFUSED or answer.status in _MOVED:
        return True
    if answer.status == _OK:
        return False
    return Unavailable(f"{SEARCH} answered {answer.status}")


def _read(model: type[M], answer: Answer, route: str, statuses: tuple[int, ...]) -> M:
    if answer.status in _REFUSED:
        reason = f"{route} answered {answer.status}"
        remedy = "check token or password, and what they may see"
        raise LookError(reason, remedy=remedy, final=True)
    if answer.status not in statuses:
        raise LookError(f"{route} answered {answer.status}", remedy="check url")
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        reason = f"{route} does not answer as Grafana documents"
        raise LookError(reason, remedy="check url", final=True) from None
