"""Alertmanager: whom a critical alert calls, as the loaded configuration has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.alertmanager import api
from pytest_readiness.probes.alertmanager.ways import Loaded, Way
from pytest_readiness.probes.http import connected
from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.planned import PlannedLook, files, trust_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.prometheus.loaded import Rule
    from pytest_readiness.target.blocks import AlertmanagerBlock

__all__ = ["Alertmanager", "Way"]

_MOST = 500
"""Alerts whose ways are looked at."""


@dataclass(frozen=True, kw_only=True)
class Alertmanager(Facts):
    """What an Alertmanager has loaded."""

    block: ClassVar[str] = "alertmanager"

    answers: Observed[bool]
    """Yes once it showed its configuration."""
    loaded: Observed[Loaded]
    """Its configuration, and the silences in force."""

    @property
    def ways(self) -> Observed[tuple[Way, ...]]:
        """The way of each critical alert that the target declares."""
        return self.loaded.map(lambda loaded: tuple(map(loaded.way, _declared(loaded))))

    def ways_of(
        self, rules: Observed[tuple[Rule, ...]], severities: Observed[tuple[str, ...]]
    ) -> Observed[tuple[Way, ...]]:
        """Give the ways of the declared alerts, and of each critical one of the rules.

        Without a Prometheus those that are declared must do.
        """
        known = rules.value
        if isinstance(known, Unavailable):
            unset = known.cause is Cause.UNCONFIGURED
            return self.ways if unset else rules.map(lambda _: ())
        words = severities.otherwise(())
        critical = [
            {"alertname": rule.name, **rule.labels}
            for rule in known
            if rule.kind == "alerting" and rule.labels.get("severity") in words
        ]

        def ways(loaded: Loaded) -> tuple[Way, ...]:
            declared = _declared(loaded)
            more = [{**one, **rule} for one in declared for rule in critical]
            return tuple(map(loaded.way, [*declared, *more][:_MOST]))

        return self.loaded.map(ways)

    @classmethod
    def gather(cls, block: AlertmanagerBlock, look: Look) -> Self:
        """Ask for configuration and silences, once each."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: AlertmanagerBlock, look: Look) -> Self:
        with connected(block, look, intake=api.INTAKE, answers=api.ANSWERS) as client:
            configuration = api.loaded(client)
            answers = look.seen(True, what=api.STATUS)  # noqa: FBT003  # a value
            silences = look.observe(lambda: api.silences(client), what=api.SILENCES)
        loaded = Loaded(configuration, silences, block, look)
        return cls(answers=answers, loaded=look.seen(loaded, what=api.STATUS))

    @classmethod
    def looks(cls, block: AlertmanagerBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked; all of it by GET, below the URL."""
        secure = block.url.startswith("https:")
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            PlannedLook("request", f"GET {api.STATUS}"),
            PlannedLook("request", f"GET {api.SILENCES}"),
            *(trust_files(block.ca_file) if secure else ()),
            *files(block.cert_file, block.key_file),
        )

    @staticmethod
    def source(block: AlertmanagerBlock) -> str:
        """Name it by its URL, which holds no credentials."""
        return block.url


def _declared(loaded: Loaded) -> tuple[Mapping[str, str], ...]:
    return loaded.block.critical
