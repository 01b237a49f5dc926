"""``[target.NAME.prometheus]``: the metrics, and what they are asked for."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pytest_readiness.catalogue.item import SLUG
from pytest_readiness.target.blocks.block import (
    Block,
    Duration,
    Text,
    refuse,
    some_time,
    tupled,
    worded,
)
from pytest_readiness.target.blocks.key_metrics import KeyMetrics
from pytest_readiness.target.blocks.service_metrics import ServiceMetrics
from pytest_readiness.target.blocks.web import TenantBlock
from pytest_readiness.target.presets import PRESETS, filled
from pytest_readiness.target.promql import parse_matchers, parse_promql, selectors
from pytest_readiness.target.values import Mistake, listed, near

__all__ = ["PrometheusBlock", "PrometheusQuery"]

_MOST_STEPS = 11_000
"""Prometheus refuses a range query with more points in a series."""


def _selector(text: str) -> str:
    if selectors(text) == (text,) or len(selectors(text)) == 1:
        return text
    what = "is no single series"
    raise Mistake(what, 'write a metric and its labels, like `up{job="engine"}`')


def _query_name(text: str) -> str:
    if SLUG.fullmatch(text):
        return text
    what = "is no name of a query"
    raise Mistake(what, "use small letters, digits and hyphens")


def _preset_name(text: str) -> str:
    if text in PRESETS:
        return text
    meant = near(text, PRESETS)
    what = "is no preset"
    raise Mistake(
        what, f"did you mean `{meant}`?" if meant else f"known are {listed(PRESETS)}"
    )


PromQL = Annotated[str, AfterValidator(worded(parse_promql))]
Selector = Annotated[PromQL, AfterValidator(worded(_selector))]
Selectors = Annotated[tuple[Selector, ...], BeforeValidator(tupled)]
QueryName = Annotated[str, AfterValidator(worded(_query_name))]
PresetName = Annotated[str, AfterValidator(worded(_preset_name))]
Matchers = Annotated[str, AfterValidator(worded(parse_matchers))]


class PrometheusQuery(Block):
    """One query: its PromQL as a text, or a table."""

    promql: PromQL
    """What is asked."""
    window: Duration | None = None
    """So far back it is asked, in steps; left out, for the present only."""
    step: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(minutes=1)
    """From one point of the window to the next."""
    unit: Text | None = None
    """Unit of its values, as reports show it: ``s``, ``bytes``, ``ratio`` ..."""
    freshness: Duration | None = None
    """How old its newest sample may be, where that is not the block's."""
    sampled_by: Selectors | None = None
    """The series whose samples say how old it is; else all that the query names."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"promql": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            if self.sampled_by is None:
                selectors(self.promql)
        except Mistake as mistake:
            raise refuse(mistake.what, mistake.remedy, key="promql") from None
        if self.window is not None and self.window / self.step > _MOST_STEPS:
            what = f"makes more than {_MOST_STEPS:,} steps"
            raise refuse(what, "take a longer step", key="step")
        return self

    @property
    def samples(self) -> tuple[str, ...]:
        """Selectors of the series whose newest samples say how old the answer is."""
        return selectors(self.promql) if self.sampled_by is None else self.sampled_by


def _or_text(schema: dict[str, Any]) -> None:
    table = schema["additionalProperties"]
    schema["additionalProperties"] = {"anyOf": [{"type": "string"}, table]}


class PrometheusBlock(TenantBlock):
    """A Prometheus, or what speaks its HTTP API: Mimir, Thanos, VictoriaMetrics."""

    freshness: Duration = dt.timedelta(minutes=5)
    """How old a sample may be; older ones are no facts."""
    accept_partial: bool = False
    """Whether an answer counts that the server itself calls incomplete."""
    presets: Mapping[PresetName, Matchers] = Field(default_factory=dict)
    """Queries for an exporter's facts, with the labels of this system's series."""
    queries: Annotated[
        Mapping[QueryName, PrometheusQuery], Field(json_schema_extra=_or_text)
    ] = Field(default_factory=dict)
    """Queries by the name that items call them; they go before the presets'."""
    key_metrics: KeyMetrics = Field(default_factory=dict)
    """The metrics that somebody must be told of, each by its name for people: an alert
    must read it, directly or through recording rules."""
    rule_groups: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """Groups of rules that are this system's, ``*`` for anything; left out, all."""
    critical: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ("critical",)
    """Values of an alert's label ``severity`` at which somebody is called."""
    service: ServiceMetrics = ServiceMetrics()
    """What the service itself must tell."""

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        known: dict[str, str] = {}
        for preset in self.presets:
            for name in PRESETS[preset]:
                other = known.setdefault(name, preset)
                if other != preset and name not in self.queries:
                    what = f"has {name} of {other} and of {preset}"
                    remedy = f"say in queries what {name} is, or drop one of the two"
                    raise refuse(what, remedy, key="presets")
        return self

    @model_validator(mode="after")
    def _asked_for(self) -> Self:
        known = self.asked
        for name in self.service.metrics:
            if name not in known:
                meant = near(name, known)
                what = f"names {name} as a metric, and there is no such query"
                remedy = f"did you mean `{meant}`?" if meant else "add it to queries"
                raise refuse(what, remedy, key="service")
        return self

    @property
    def asked(self) -> Mapping[str, PrometheusQuery]:
        """Every query, by name: the presets' and the target's own."""
        found = {
            name: PrometheusQuery(
                promql=filled(fact, matchers),
                unit=fact.unit or None,
                window=fact.window,
                step=fact.step,
            )
            for preset, matchers in self.presets.items()
            for name, fact in PRESETS[preset].items()
        }
        return {**found, **self.queries}
