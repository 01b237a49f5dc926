"""Debian's own Prometheus and exporters: what the probe asks is what they answer.

The server has TLS, a password and a path in front of its API; it scrapes an
exporter of the host, of PostgreSQL and of Redis every other second.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bcrypt
import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.pki import Authority, pem
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.machine import Machine
from pytest_readiness.probes.prometheus import Prometheus
from pytest_readiness.target.blocks import (
    HostBlock,
    MachineBlock,
    PrometheusBlock,
    Resources,
)
from pytest_readiness.target.presets import PRESETS
from pytest_readiness.target.secret import Secret
from tests.integration.conftest import PASSWORD, find, free_port, running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import Pki, PostgresServer, RedisServer

CONFIG = """
global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}}
rule_files: ["{folder}/rules.yml"]
scrape_configs:
{jobs}
"""
JOB = """- job_name: {name}
  static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
WEB = """
tls_server_config:
  cert_file: {pki}/server.pem
  key_file: {pki}/server.key
  client_ca_file: {pki}/ca.pem
  client_auth_type: {clients}
basic_auth_users: {{readiness: "{password}"}}
"""
RULES = {
    "groups": [
        {
            "name": "engine",
            "rules": [
                {
                    "alert": "Down",
                    "expr": "up == 0",
                    "for": "2m",
                    "labels": {"severity": "critical"},
                    "annotations": {"runbook_url": "https://runbooks.example/down"},
                },
                {"record": "job:up:sum", "expr": "sum by (job) (up)"},
                {"alert": "Broken", "expr": "up * on () up"},
            ],
        }
    ]
}
QUERIES: dict[str, object] = {
    "up": {"promql": "up", "window": "10s", "step": "1s"},
    "one": 'up{job="node"}',
    "gone": 'up{job="gone"}',
    "nothing": "no_such_metric",
    "broken": "up * on () up",
    "dialect": {"promql": "default_rollup(up)", "sampled_by": []},
    "not-a-number": '0 * up{job="node"} / 0',
}


@dataclass(frozen=True)
class Server:
    """A running Prometheus and what it scrapes."""

    port: int
    pki: Pki
    node: subprocess.Popen[bytes]

    def block(self, **changes: Any) -> PrometheusBlock:
        """Give the block of a target that reaches it, with changes."""
        settings: dict[str, Any] = {
            "url": f"https://localhost:{self.port}/prometheus",
            "ca_file": self.pki.ca_file,
            "username": "readiness",
            "password": Secret(PASSWORD, "env:P"),
        }
        settings |= changes
        known = {k: v for k, v in settings.items() if v is not None}
        return PrometheusBlock.model_validate(known)

    def up(self, *jobs: str) -> bool:
        """Whether the last scrapes of these succeeded."""
        seen = self.see(queries={"up": "up"}).series("up").otherwise(())
        return {one.labels["job"] for one in seen if one.value.value == 1} >= set(jobs)

    def see(self, **changes: Any) -> Prometheus:
        """Look once."""
        block = self.block(**changes)
        facts = Prometheus.gather(block, Look(Prometheus.source(block), 10.0))
        assert PASSWORD not in repr(facts)
        return facts


def start(
    stack: contextlib.ExitStack,
    folder: Path,
    pki: Pki,
    jobs: dict[str, int],
    **web: str,
) -> int:
    """Start a Prometheus; give its port."""
    port = free_port()
    listed = "".join(JOB.format(name=name, port=at) for name, at in jobs.items())
    (folder / "rules.yml").write_text(json.dumps(RULES))
    (folder / "prometheus.yml").write_text(CONFIG.format(folder=folder, jobs=listed))
    password = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    settings = {
        "pki": pki.folder,
        "password": password,
        "clients": "VerifyClientCertIfGiven",
    }
    (folder / "web.yml").write_text(WEB.format(**settings | web))
    command = [
        find("prometheus"),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--web.config.file={folder}/web.yml",
        "--web.route-prefix=/prometheus",
        f"--web.external-url=https://localhost:{port}/prometheus",
    ]
    stack.enter_context(running(command, folder / "log", port))
    return port


def exporter(
    stack: contextlib.ExitStack, folder: Path, name: str, *options: str
) -> tuple[int, subprocess.Popen[bytes]]:
    """Start an exporter; give its port."""
    port = free_port()
    command = [
        find(f"prometheus-{name}-exporter"),
        f"--web.listen-address=127.0.0.1:{port}",
        *options,
    ]
    return port, stack.enter_context(running(command, folder / f"{name}.log", port))


RATES = {
    "node": "cpu-used",
    "postgres": "postgres-cache-hits",
    "redis": "redis-evicted",
}


@pytest.fixture(scope="module")
def server(
    pki: Pki,
    postgres_server: PostgresServer,
    redis_plain: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("prometheus")
    database = f"app:{PASSWORD}@127.0.0.1:{postgres_server.port}/app"
    with contextlib.ExitStack() as stack:
        node, process = exporter(stack, folder, "node")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATA_SOURCE_NAME", f"postgresql://{database}?sslmode=require")
            postgres, _ = exporter(stack, folder, "postgres")
        cache = f"--redis.addr=redis://127.0.0.1:{redis_plain.port}"
        redis, _ = exporter(stack, folder, "redis", cache)
        jobs = {"node": node, "postgres": postgres, "redis": redis, "gone": 1}
        port = start(stack, folder, pki, jobs)
        found = Server(port, pki, process)
        # A rate needs two samples.
        for preset, name in RATES.items():
            until(lambda p=preset, n=name: found.see(presets={p: ""}).count(n).value)
        yield found


def until(holds: Callable[[], object]) -> None:
    over = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < over, "it does not come to hold"
        time.sleep(0.3)


@pytest.fixture(scope="module")
def facts(server: Server) -> Prometheus:
    presets = {name: f'job="{name}"' for name in ("node", "postgres", "redis")}
    # One scrape may fail on a busy machine, and what it brings is gone with it.
    until(lambda: server.up("node", "postgres", "redis"))
    return server.see(queries=QUERIES, presets=presets)


# ----------------------------------------------------------------------------- presets

RATIOS = ("cpu-used", "memory-used", "postgres-connections-used")
LACKS = {
    "redis-memory-used",  # this Redis has no memory limit
    "postgres-replication-lag",  # this exporter has it only by queries of one's own
    "disk-total",  # ... and a container's file systems may all be overlays
    "disk-used",
    "disk-free-in-14-days",
}


@pytest.mark.parametrize("preset", ["node", "postgres", "redis"])
def test_an_exporters_preset_gives_every_fact(preset: str, facts: Prometheus) -> None:
    for name in PRESETS[preset].keys() - LACKS:
        assert facts.count(name).value, name
        assert facts.age(name).value < dt.timedelta(seconds=30)


def test_their_values_are_what_they_must_be(facts: Prometheus) -> None:
    assert facts.value("cpu-cores").value == os.cpu_count()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert facts.value("memory-total").value == pytest.approx(total, rel=0.02)
    assert facts.value("memory-total").unit == "bytes"
    for name in RATIOS:
        assert 0 <= facts.value(name).value <= 1
    for name in ("node-up", "postgres-up", "redis-up"):
        assert facts.value(name).value == 1.0
    assert facts.count("redis-memory-used").value == 0


@pytest.mark.parametrize(
    "preset", ["windows", "cadvisor", "kube-state", "python", "go", "jvm"]
)
def test_the_other_presets_are_queries_that_the_server_understands(
    preset: str, server: Server
) -> None:
    seen = server.see(presets={preset: 'cluster="production"'})
    for name in PRESETS[preset]:
        assert seen.count(name).value == 0, seen.count(name)


def test_a_host_is_seen_by_what_its_exporter_measures(server: Server) -> None:
    machine = MachineBlock(path=Path("/"), host="engine")
    settings = {"backend": "metrics", "preset": "node", "select": 'job="node"'}
    found = Resources(
        machine=machine,
        hosts={"engine": HostBlock.model_validate(settings)},
        prometheus=server.block(),
    )
    until(lambda: server.up("node"))
    seen = Machine.gather(found.machine, Look("engine", 10.0))
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert seen.cores.value == os.cpu_count()
    assert seen.memory.value == pytest.approx(total, rel=0.02)
    assert PASSWORD not in repr(seen)


# -------------------------------------------------------------------- facts and reasons


def test_a_window_has_its_steps(facts: Prometheus) -> None:
    series = {one.labels["job"]: one for one in facts.series("up").value}
    assert series.keys() == {"node", "postgres", "redis", "gone"}
    assert {sample.value for sample in series["node"].samples} <= {0.0, 1.0}
    assert len(series["node"].samples) <= 11


def test_what_is_down_is_seen_as_down(facts: Prometheus) -> None:
    assert facts.value("gone").value == 0.0
    health = {target.labels["job"]: target.health for target in facts.targets.value}
    assert health["node"] == "up"
    assert health["gone"] == "down"
    (gone,) = (t for t in facts.targets.value if t.labels["job"] == "gone")
    assert "connection refused" in gone.last_error
    assert gone.last_scrape is not None


def test_the_rules_are_seen_with_their_health(server: Server) -> None:
    def evaluated() -> bool:
        return all(rule.health != "unknown" for rule in server.see().rules.value)

    until(evaluated)
    rules = {rule.name: rule for rule in server.see().rules.value}
    assert (rules["Down"].health, rules["Down"].lasts) == (
        "ok",
        dt.timedelta(minutes=2),
    )
    assert rules["Down"].labels["severity"] == "critical"
    assert rules["Down"].metrics == {"up"}
    assert rules["job:up:sum"].kind == "recording"
    assert rules["Broken"].health == "err"
    assert "found duplicate series" in rules["Broken"].last_error


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("nothing", "no series: the query gives nothing, and has had no sample for 1h"),
        ("broken", "the query cannot be executed (422): "),
        ("dialect", "the query is refused (400): "),
        ("not-a-number", "its value is NaN"),
    ],
)
def test_each_thing_that_is_wrong_has_its_reason(
    query: str, words: str, facts: Prometheus
) -> None:
    value = facts.value(query).value
    assert isinstance(value, Unavailable)
    assert value.reason.startswith(words)


@pytest.mark.parametrize(
    ("changes", "words", "cause"),
    [
        ({"password": Secret("not-it", "env:P")}, "other credentials (401)", None),
        ({"username": None, "password": None}, "other credentials (401)", None),
        ({"url": "https://localhost:{port}"}, "no /api/v1/query (404)", None),
        ({"ca_file": "other"}, "TLS failed: unable to get local issuer", None),
        ({"ca_file": None}, "TLS failed: ", None),
        ({"password": Secret(None, "env:P", "P is not set")}, "P is not set", "local"),
    ],
    ids=str,
)
def test_whoever_may_not_look_is_told_why(
    changes: dict[str, Any],
    words: str,
    cause: str | None,
    server: Server,
    tmp_path: Path,
) -> None:
    if changes.get("ca_file") == "other":
        (tmp_path / "other.pem").write_bytes(pem(Authority.create("Other").root))
        changes = {"ca_file": tmp_path / "other.pem"}
    if "url" in changes:
        changes = {"url": changes["url"].format(port=server.port)}
    seen = server.see(queries=QUERIES, **changes)
    assert isinstance(seen.answers.value, Unavailable)
    assert words in seen.answers.value.reason
    assert seen.answers.value.cause is Cause(cause or "no-answer")
    assert seen.value("one").value == seen.answers.value


def test_a_client_certificate_is_shown(server: Server, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        wanted = {"clients": "RequireAndVerifyClientCert"}
        port = start(stack, tmp_path, server.pki, {}, **wanted)
        url = f"https://localhost:{port}/prometheus"
        badge = {
            "cert_file": server.pki.folder / "badge.pem",
            "key_file": server.pki.folder / "badge.key",
        }
        # It listens before it is ready to answer.
        until(lambda: server.see(url=url, **badge).answers.value is True)
        assert isinstance(server.see(url=url).answers.value, Unavailable)


def test_what_stopped_is_stale_though_its_rate_has_a_value(server: Server) -> None:
    load = {"promql": "sum(rate(node_cpu_seconds_total[1h]))", "freshness": "3s"}
    fresh = server.see(queries={"load": load})
    assert fresh.count("load").value == 1
    server.node.send_signal(signal.SIGSTOP)
    try:
        # The scrape's own limit is a second: then Prometheus marks the series stale.
        until(
            lambda: server.see(queries={"up": 'up{job="node"}'}).value("up").value == 0
        )
        stale = server.see(queries={"load": load})
        assert stale.count("load").value == 1
        assert isinstance(stale.value("load").value, Unavailable)
        assert stale.value("load").value.reason.startswith(
            ("the newest sample is ", "no sample for 1h")
        )
    finally:
        server.node.send_signal(signal.SIGCONT)
        until(lambda: server.up("node"))
