"""Summaries of a load: Locust's, k6's, JMeter's, and what is none."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.artefacts.load_summary import LoadSummary, Recovery
from pytest_readiness.probes.artefacts.provenance import Origins
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import ArtefactsBlock

if TYPE_CHECKING:
    from pathlib import Path

COMMITTED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ORIGINS = Origins("1.0", None, "c" * 40, COMMITTED)


def seen(*files: Path) -> LoadSummary:
    block = ArtefactsBlock.model_validate({"load": files})
    return LoadSummary.gather(
        block, Look(LoadSummary.source(block), 10.0, origins=ORIGINS)
    )


def numbers(path: Path) -> tuple[float, float, float, float]:
    """Give duration in seconds, requests a minute, p95 in ms, share of errors."""
    facts = seen(path)
    duration, p95 = facts.duration.value, facts.p95.value
    rate, errors = facts.rate.value, facts.errors.value
    assert isinstance(duration, dt.timedelta), duration
    assert isinstance(p95, dt.timedelta)
    assert isinstance(rate, float)
    assert isinstance(errors, float)
    milliseconds = p95.total_seconds() * 1000
    return duration.total_seconds(), rate, milliseconds, errors


def why(*files: Path) -> str:
    value = seen(*files).p95.value
    assert isinstance(value, Unavailable), value
    return f"{value.reason} {value.remedy}"


def test_locust(artefacts: Path) -> None:
    duration, rate, p95, errors = numbers(artefacts / "locust_stats.csv")
    assert duration == pytest.approx(9.012, abs=0.001)
    assert rate == pytest.approx(25.5208 * 60, abs=0.01)
    assert (p95, errors) == (24, 21 / 230)


VALUES = {
    "http_reqs": {"count": 1200, "rate": 20.0},
    "http_req_duration": {"avg": 100.0, "p(95)": 250.5},
}


def test_k6_by_summary_export(tmp_path: Path) -> None:
    path = tmp_path / "k6.json"
    path.write_text(
        json.dumps({"metrics": {**VALUES, "http_req_failed": {"value": 0.1}}})
    )
    assert numbers(path) == (60, 1200, 250.5, 0.1)


def test_k6_by_handle_summary(tmp_path: Path) -> None:
    values = {**VALUES, "http_req_failed": {"rate": 0.005}}
    metrics = {name: {"type": "x", "values": of} for name, of in values.items()}
    state = {"testRunDurationMs": 61000.0}
    path = tmp_path / "k6.json"
    path.write_text(json.dumps({"metrics": metrics, "state": state}))
    duration, rate, p95, errors = numbers(path)
    assert (duration, p95, errors) == (61, 250.5, 0.005)
    assert rate == pytest.approx(1200 * 60 / 61)


BEGAN = 1_795_000_000_000


def jtl(folder: Path, *samples: tuple[int, int, str]) -> Path:
    lines = [f"{BEGAN + at},{took},x,200,OK,{good}" for at, took, good in samples]
    head = "timeStamp,elapsed,label,responseCode,responseMessage,success"
    path = folder / "run.jtl"
    path.write_text("\n".join([head, *lines, ""]))
    return path


def test_jmeter_as_csv_takes_the_nearest_rank(tmp_path: Path) -> None:
    samples = [(n * 100, 10 if n < 95 else 5000, "true") for n in range(100)]
    assert numbers(jtl(tmp_path, *samples))[2] == 10
    samples[0] = (0, 4000, "false")
    assert numbers(jtl(tmp_path, *samples))[2:] == (4000, 0.01)


def test_jmeter_says_when_it_was(tmp_path: Path) -> None:
    facts = seen(jtl(tmp_path, (0, 1000, "true"), (5000, 1000, "TRUE")))
    at = dt.datetime.fromtimestamp(BEGAN / 1000, dt.UTC)
    assert (facts.made.value, facts.foreign.value) == (at, ())
    assert numbers(jtl(tmp_path, (0, 1000, "true"), (5000, 1000, "true")))[0] == 6


def test_jmeter_as_xml_counts_whole_samples(tmp_path: Path) -> None:
    path = tmp_path / "run.jtl"
    inner = f'<httpSample t="4" ts="{BEGAN}" s="false"/>'
    path.write_text(
        f'<testResults version="1.2"><httpSample t="900" ts="{BEGAN}" s="true">{inner}'
        f'</httpSample><sample t="100" ts="{BEGAN + 900}" s="false"/></testResults>'
    )
    assert numbers(path) == (1, 120, 900, 0.5)


LOCUST = "Name,Request Count,Failure Count,Requests/s,95%\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no summary of a load"),
        ("a,b\n1,2\n", "is no summary of a load"),
        (LOCUST, "has no line Aggregated"),
        (f"{LOCUST}Aggregated,10,0,0,5", "says 0 of 10 in 0 s failed"),
        (f"{LOCUST}Aggregated,0,0,0,5", "says 0 of 0 in 0 s failed"),
        (f"{LOCUST}Aggregated,10,11,1,5", "says 11 of 10 in 10 s failed"),
        (f"{LOCUST}Aggregated,10,1,1,N/A", "has no number for 95%"),
        (f"{LOCUST}Aggregated,10,1,1,nan", "has numbers that cannot be"),
        (f"{LOCUST}Aggregated,10,-1,1,5", "has numbers that cannot be"),
        (f'{LOCUST}"{"x" * 200_000}",1', "is no whole CSV file"),
        ("timeStamp,elapsed,success\n", "has no sample"),
        ("timeStamp,elapsed,success\n1,,true\n", "a sample without its time, after 0"),
        ("timeStamp,elapsed,success\n1\n", "a sample without its time, after 0"),
        ("<html/>", "is no JTL: its root is no testResults"),
        ("{}", "is no summary of k6: it has no http_reqs"),
        (
            json.dumps({"metrics": VALUES}),
            "has no number for value",
        ),
    ],
)
def test_what_is_no_summary_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "load"
    path.write_text(text)
    assert reason in why(path)


def test_several_summaries_are_not_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    one = jtl(tmp_path, (0, 1, "true"))
    two = jtl(tmp_path / "a", (0, 1, "true"))
    assert "are several name the one of the whole load" in why(one, two)


def test_a_recovery_is_a_load_of_its_own(tmp_path: Path) -> None:
    path = jtl(tmp_path, (0, 1000, "true"))
    block = ArtefactsBlock.model_validate({"recovery": [path]})
    look = Look(Recovery.source(block), 5.0, origins=ORIGINS)
    assert Recovery.gather(block, look).p95.value == dt.timedelta(seconds=1)
    value = LoadSummary.gather(block, look).p95.value
    assert isinstance(value, Unavailable)
    assert (value.reason, value.cause) == (
        "the table names no load",
        Cause.UNCONFIGURED,
    )
    assert [look.what for look in Recovery.looks(block)] == [str(path)]
