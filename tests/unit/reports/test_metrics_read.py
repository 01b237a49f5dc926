"""``metrics.prom`` is read by a real node-exporter and passes promtool."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.reports import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_readiness.store.document import Report

START_LIMIT = 30.0
"""Seconds within which the exporter must answer."""
HOSTILE = 'back\\slash "quoted" ünï {label="x"} 1 2'


def find(name: str) -> str:
    """Find a program; skip, or fail where the machine promised to have it."""
    found = shutil.which(name)
    if found is None:
        promised = os.environ.get("READINESS_REQUIRE_SERVICES") == "1"
        (pytest.fail if promised else pytest.skip)(f"{name} is not installed here")
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def reports(every_state: Callable[..., Report]) -> list[Report]:
    """Two environments, whose files lie in one folder."""
    return [every_state(environment=name) for name in ("production", HOSTILE)]


@pytest.fixture
def scraped(reports: list[Report], tmp_path: Path) -> Iterator[str]:
    """What the exporter answers, with the files in its folder."""
    program, port = find("prometheus-node-exporter"), free_port()
    for number, report in enumerate(reports):
        (tmp_path / f"readiness-{number}.prom").write_bytes(metrics.render(report))
    exporter = subprocess.Popen(
        [
            program,
            f"--web.listen-address=127.0.0.1:{port}",
            "--collector.disable-defaults",
            "--collector.textfile",
            f"--collector.textfile.directory={tmp_path}",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _answer(f"http://127.0.0.1:{port}/metrics")
    finally:
        exporter.terminate()
        exporter.wait(START_LIMIT)


def _answer(url: str) -> str:
    over = time.monotonic() + START_LIMIT
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
                return answer.read().decode()
        except OSError:
            if time.monotonic() > over:
                raise
            time.sleep(0.05)


def test_node_exporter_gives_every_sample(reports: list[Report], scraped: str) -> None:
    assert "node_textfile_scrape_error 0" in scraped
    given = {
        (line.partition("{")[0], line.rpartition(" ")[2].partition(".")[0])
        for line in scraped.splitlines()
        if line.startswith("readiness_item_blocks")
    }
    assert given == {("readiness_item_blocks", "0"), ("readiness_item_blocks", "1")}
    for report in reports:
        items = [line for line in scraped.splitlines() if "item_blocks{" in line]
        assert len(items) == 2 * len(report.items)
    assert 'environment="back\\\\slash \\"quoted\\" ünï {label=\\"x\\"} 1 2"' in scraped


def test_promtool_has_nothing_to_say(reports: list[Report]) -> None:
    promtool = find("promtool")
    for report in reports:
        checked = subprocess.run(
            [promtool, "check", "metrics"],
            input=metrics.render(report),
            capture_output=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stderr
        assert checked.stderr == b""


def test_the_alerts_of_the_how_to_fire(tmp_path: Path) -> None:
    """On a verdict that is bad, old or gone; on a good and fresh one none."""
    promtool = find("promtool")
    page = (Path(__file__).parents[3] / "docs" / "howto" / "metrics.md").read_text()
    rules = page.rpartition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "rules.yml").write_text(rules)
    base = '{system="shop",environment="production",gate="go-live"}'
    names = ("ReadinessOld", "ReadinessAbsent", "NotReady")
    tests = []
    for ready, ended, alerts in (
        (1, "0", set()),
        (0, "0", {"NotReady"}),
        (1, "-100000", {"ReadinessOld"}),
        (None, None, {"ReadinessAbsent"}),
    ):
        series = []
        if ready is not None:
            series = [
                {"series": f"readiness_ready{base}", "values": f"{ready}x60"},
                {
                    "series": f"readiness_run_timestamp_seconds{base}",
                    "values": f"{ended}x60",
                },
            ]
        tests.append(
            {
                "interval": "1m",
                "input_series": series,
                "promql_expr_test": [
                    {
                        "expr": f'count(ALERTS{{alertname="{name}"}})',
                        "eval_time": "30m",
                        "exp_samples": [{"value": 1, "labels": "{}"}]
                        if name in alerts
                        else [],
                    }
                    for name in names
                ],
            }
        )
    (tmp_path / "tests.yml").write_text(
        json.dumps({"rule_files": ["rules.yml"], "tests": tests})
    )
    checked = subprocess.run(
        [promtool, "test", "rules", str(tmp_path / "tests.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
