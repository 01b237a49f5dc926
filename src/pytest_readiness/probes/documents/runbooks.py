"""Whether each alert's runbook leads somewhere: into the guide, or to what answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import unquote, urlsplit

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.documents import Document
from pytest_readiness.probes.http import Client, Identity
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.prometheus.api import Api
from pytest_readiness.probes.prometheus.loaded import Rule, rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import DocumentBlock

__all__ = ["Runbooks"]

ANNOTATIONS = ("runbook_url", "runbook")
"""Where an alert says what to do; the first is the mixins' convention."""
_OK = 200
_ASKED = 50
_NO_RULES = Unavailable(
    "the target has no [target.NAME.prometheus] whose alerts could be looked at",
    Cause.UNCONFIGURED,
    "add it, or have the item signed",
)


@dataclass(frozen=True, kw_only=True)
class Runbooks(Facts):
    """The runbook links of the alerts that the target's Prometheus has loaded."""

    block: ClassVar[str] = "documents"
    several: ClassVar[bool] = True

    alerts: Observed[int]
    """How many alerts have a runbook."""
    dangling: Observed[tuple[str, ...]]
    """Alerts whose runbook leads nowhere, and why."""

    @classmethod
    def gather(cls, block: DocumentBlock, look: Look) -> Self:
        """Read the guide, ask for the rules, and for the links that lead elsewhere."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: DocumentBlock, look: Look) -> Self:
        prometheus = block.prometheus
        if prometheus is None:
            return cls.unavailable(_NO_RULES, look.source, look.now())
        guide = Document.gather(block, look)
        anchors = guide.anchors.otherwise(frozenset[str]())
        with Api.open(prometheus, look) as api:
            linked = tuple(_linked(rules(api, look.redact)))
        elsewhere = _Elsewhere(look)
        dangling = look.observe(
            lambda: tuple(
                f"{name}: {why}"
                for name, link in linked
                if (why := _leads(link, block, anchors, elsewhere))
            ),
            what=f"and the rules of {prometheus.url}",
        )
        return cls(alerts=look.seen(len(linked), unit="alerts"), dangling=dangling)

    @classmethod
    def looks(cls, block: DocumentBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read and asked."""
        if block.prometheus is None:
            return ()
        where = block.prometheus.url
        return (
            *Document.looks(block),
            PlannedLook("request", "GET /api/v1/rules", where),
            PlannedLook(
                "request", "GET {runbook}", note="where it is not in the guide"
            ),
        )

    @staticmethod
    def source(block: DocumentBlock) -> str:
        """Name the guide."""
        return Document.source(block)


def _linked(loaded: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    for rule in loaded:
        if rule.kind != "alerting":
            continue
        links = (rule.annotations.get(name, "") for name in ANNOTATIONS)
        link = next(filter(None, links), "")
        if link:
            yield rule.name, link


def _leads(
    link: str, block: DocumentBlock, anchors: frozenset[str], elsewhere: _Elsewhere
) -> str:
    """Say why a link leads nowhere; empty where it does not."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return f"{link} is no link"
    place = block.path.name if block.path else urlsplit(block.url or "").path
    if parts.path.endswith(place) or not parts.path:
        known = {anchor.lower() for anchor in anchors}
        if not parts.fragment or unquote(parts.fragment).lower() in known:
            return ""
        return f"the guide has no #{parts.fragment}"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"{link} is neither in the guide nor the URL of a page"
    return elsewhere.ask(link)


class _Elsewhere:
    """Pages on other hosts, each asked for once, without any credentials."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._known: dict[str, str] = {}

    def ask(self, link: str) -> str:
        parts = urlsplit(link)._replace(fragment="")
        url = parts.geturl()
        if url not in self._known:
            if len(self._known) >= _ASKED:
                reason = f"more than {_ASKED} pages are named as runbooks"
                raise LookError(reason, Cause.LOCAL, final=True)
            base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            route = url.partition(parts.netloc)[2] or "/"
            self._known[url] = self._asked(base, route)
        return self._known[url]

    def _asked(self, base: str, route: str) -> str:
        with Client(base, self._look, Identity(None)) as client:
            status = client.get(route).status
        return "" if status == _OK else f"{base}{route} answered {status}"
