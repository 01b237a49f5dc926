r"""``metrics.prom``: the verdict for Prometheus, by node-exporter's textfile collector.

Text format 0.0.4, gauges only and no timestamps: another type, or one sample with a
time of its own, makes node-exporter drop the whole file. Every sample names system,
environment and gate, so that the files of several runs may lie in one folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.verdict.decision import Verdict
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from pytest_readiness.store.document import Report

__all__ = ["render"]

_READY = frozenset({Verdict.READY, Verdict.READY_WITH_WAIVERS})


@dataclass(frozen=True, slots=True)
class _Sample:
    value: float
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Gauge:
    name: str
    help: str
    samples: list[_Sample]

    def lines(self, base: dict[str, str]) -> Iterator[str]:
        if not self.samples:
            return
        yield f"# HELP readiness_{self.name} {self.help}"
        yield f"# TYPE readiness_{self.name} gauge"
        for sample in self.samples:
            labels = {**base, **sample.labels}
            inside = ",".join(f'{key}="{_escaped(labels[key])}"' for key in labels)
            yield f"readiness_{self.name}{{{inside}}} {_number(sample.value)}"


def render(report: Report) -> bytes:
    """Give the file."""
    base = {
        "system": report.system,
        "environment": report.environment,
        "gate": report.gate.name,
    }
    gauges = [*_of_run(report), *_of_items(report), *_ends(report)]
    return "".join(f"{x}\n" for gauge in gauges for x in gauge.lines(base)).encode()


def _of_run(report: Report) -> list[_Gauge]:
    release, run = report.release, report.run
    named = {
        "release": release.version,
        "source": release.source or "",
        "commit": release.commit or "",
    }
    return [
        _one("ready", "Whether the release may go live.", report.verdict in _READY),
        _Gauge(
            "verdict",
            "The verdict after waivers; 1 at the one that it is.",
            [_Sample(report.verdict is one, {"verdict": one}) for one in Verdict],
        ),
        _one("exit_code", "What the run exited with.", report.exit_code),
        _Gauge(
            "release", "The release that was judged; always 1.", [_Sample(1, named)]
        ),
        _one("run_timestamp_seconds", "When the run ended.", _seconds(run.ended)),
        _one(
            "run_duration_seconds",
            "How long the run took.",
            max(0.0, (run.ended - run.started).total_seconds()),
        ),
        _one("trust_pinned", "Whether the trust file is pinned.", report.trust.pinned),
    ]


def _of_items(report: Report) -> list[_Gauge]:
    after, raw = report.counts.after, report.counts.raw
    return [
        _Gauge(
            "items",
            "Items in each state, after waivers.",
            [_Sample(after[state], {"state": state}) for state in State],
        ),
        _Gauge(
            "items_before_waivers",
            "Items in each state, before waivers.",
            [_Sample(raw[state], {"state": state}) for state in State],
        ),
        _Gauge(
            "item_blocks",
            "Whether an item stands in the way; its state is a label.",
            [
                _Sample(
                    item.state.blocks,
                    {
                        "item": item.id,
                        "section": item.section,
                        "owner": item.owner,
                        "state": item.state,
                    },
                )
                for item in report.items
            ],
        ),
    ]


def _ends(report: Report) -> list[_Gauge]:
    """Give when what people signed ends by itself."""
    signed = [(item.id, item.signed) for item in report.items if item.signed]
    waivers = [(id_, one.waiver) for id_, one in signed if one.waiver]
    end = report.trust.expires
    trust = [_Sample(_seconds(end), {})] if end else []
    return [
        _Gauge(
            "signature_expires_timestamp_seconds",
            "When the signatures on an item end.",
            [
                _Sample(_seconds(one.expires), {"item": id_})
                for id_, one in signed
                if one.expires
            ],
        ),
        _Gauge(
            "waiver_expires_timestamp_seconds",
            "When the waiver of an item ends.",
            [_Sample(_seconds(one.until), {"item": id_}) for id_, one in waivers],
        ),
        _Gauge("trust_expires_timestamp_seconds", "When the trust file ends.", trust),
    ]


def _one(name: str, text: str, value: float) -> _Gauge:
    return _Gauge(name, text, [_Sample(value, {})])


def _seconds(moment: dt.datetime) -> float:
    return moment.timestamp()


def _number(value: float) -> str:
    return f"{float(value):.3f}".rstrip("0").rstrip(".")


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
