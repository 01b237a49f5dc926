"""Reading summaries of a load, by what their formats can say.

Locust's ``PREFIX_stats.csv`` has a line ``Aggregated``; k6 writes JSON by
``--summary-export`` or ``handleSummary``; JMeter's JTL lists every sample, as CSV or
XML, and its percentile is taken here (nearest rank).
"""

from __future__ import annotations

import csv
import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.probes.artefacts.files import (
    elements,
    first_of,
    local,
    read_json,
    read_text,
    table,
    unread,
)
from pytest_readiness.probes.artefacts.provenance import Inside
from pytest_readiness.probes.artefacts.times import since_1970

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_readiness.probes.look import Look

__all__ = ["Summary", "read_load"]

_PERCENTILE = 95
_MOST_SAMPLES = 5_000_000
_SAMPLES = frozenset({"httpSample", "sample"})


@dataclass(frozen=True, slots=True)
class Summary:
    """One load in numbers."""

    requests: int
    failures: int
    duration: dt.timedelta
    p95: dt.timedelta

    @property
    def rate(self) -> float:
        """Requests a minute."""
        return self.requests * 60 / self.duration.total_seconds()

    @property
    def errors(self) -> float:
        """Share that failed."""
        return self.failures / self.requests


def read_load(path: Path, most: int, look: Look) -> tuple[Summary, Inside]:
    """Read one summary, whatever of the formats it is in.

    Raises:
        LookError: it is none of them, has no request, or is not within the bounds.
    """
    first = first_of(path, most)
    if first == "{":
        return _k6(path, read_json(path, most)), Inside()
    if first == "<":
        return _samples(path, _jtl_xml(path, most, look))
    rows = csv.DictReader(read_text(path, most).splitlines())
    columns = set(rows.fieldnames or ())
    try:
        if {"Name", "Request Count", "Failure Count", "Requests/s", "95%"} <= columns:
            return _locust(path, rows), Inside()
        if {"timeStamp", "elapsed", "success"} <= columns:
            return _samples(path, _jtl_csv(rows))
    except csv.Error:
        raise unread(path, "is no whole CSV file") from None
    why = "is no summary of a load: neither Locust's statistics, k6's nor JMeter's"
    raise unread(path, why)


def _summary(
    path: Path, requests: float, failures: float, seconds: float, p95: float
) -> Summary:
    """Make a summary, in seconds, of numbers that can be."""
    numbers = (requests, failures, seconds, p95)
    if not all(map(math.isfinite, numbers)) or min(numbers) < 0:
        raise unread(path, "has numbers that cannot be")
    if not requests or not seconds or failures > requests or max(numbers) > 1e12:  # noqa: PLR2004  # 30 000 years
        raise unread(path, f"says {failures:g} of {requests:g} in {seconds:g} s failed")
    return Summary(
        int(requests),
        int(failures),
        dt.timedelta(seconds=seconds),
        dt.timedelta(seconds=p95),
    )


def _number(path: Path, of: Mapping[str, object], key: str) -> float:
    try:
        return float(str(of.get(key)))
    except ValueError:
        raise unread(path, f"has no number for {key}") from None


def _locust(path: Path, rows: Iterable[Mapping[str, object]]) -> Summary:
    for row in rows:
        if row.get("Name") == "Aggregated":
            requests = _number(path, row, "Request Count")
            rate = _number(path, row, "Requests/s")
            return _summary(
                path,
                requests,
                _number(path, row, "Failure Count"),
                requests / rate if rate else 0,
                _number(path, row, "95%") / 1000,
            )
    raise unread(path, "has no line Aggregated")


def _k6(path: Path, document: object) -> Summary:
    root = table(document)
    metrics = table(root.get("metrics"))
    requests, waits, failed = (
        _k6_values(metrics.get(name))
        for name in ("http_reqs", "http_req_duration", "http_req_failed")
    )
    if not requests or not waits:
        raise unread(path, "is no summary of k6: it has no http_reqs")
    count, rate = _number(path, requests, "count"), _number(path, requests, "rate")
    share = _number(path, failed, "rate" if "rate" in failed else "value")
    lasted = table(root.get("state")).get("testRunDurationMs")
    seconds = float(str(lasted)) / 1000 if isinstance(lasted, int | float) else 0
    p95 = _number(path, waits, "p(95)") / 1000
    seconds = seconds or (count / rate if rate else 0)
    return _summary(path, count, round(share * count), seconds, p95)


def _k6_values(metric: object) -> dict[str, object]:
    """Take a metric's numbers, which ``handleSummary`` has a level further in."""
    found = table(metric)
    return table(found["values"]) if "values" in found else found


_Sample = tuple[str, str, bool]
"""When it began and how long it took, in milliseconds; whether it succeeded."""


def _jtl_csv(rows: Iterable[Mapping[str, str | None]]) -> Iterable[_Sample]:
    for row in rows:
        good = (row.get("success") or "").lower() == "true"
        yield row.get("timeStamp") or "", row.get("elapsed") or "", good


def _jtl_xml(path: Path, most: int, look: Look) -> Iterable[_Sample]:
    for event, element, around in elements(path, most, look):
        if event == "start" and not around and local(element) != "testResults":
            raise unread(path, "is no JTL: its root is no testResults")
        # Samples within a sample are parts of it.
        if event == "end" and local(element) in _SAMPLES and len(around) == 1:
            good = element.get("s") == "true"
            yield element.get("ts", ""), element.get("t", ""), good
            element.clear()


def _samples(path: Path, samples: Iterable[_Sample]) -> tuple[Summary, Inside]:
    took: list[int] = []
    failures, first, last = 0, math.inf, 0
    for began, elapsed, good in samples:
        if not (began.isdecimal() and elapsed.isdecimal() and len(began) < 16):  # noqa: PLR2004  # year 9999
            raise unread(path, f"has a sample without its time, after {len(took)}")
        took.append(int(elapsed))
        if len(took) > _MOST_SAMPLES:
            raise unread(path, f"has more than {_MOST_SAMPLES} samples")
        failures += not good
        first = min(first, int(began))
        last = max(last, int(began) + int(elapsed))
    if not took:
        raise unread(path, "has no sample")
    took.sort()
    p95 = took[math.ceil(len(took) * _PERCENTILE / 100) - 1]
    seconds = (last - first) / 1000
    summary = _summary(path, len(took), failures, seconds, p95 / 1000)
    return summary, Inside(at=since_1970(str(int(first))))
