"""The registry of faults: names, declarations, the table, the messages."""

from __future__ import annotations

import pytest

from pytest_readiness.catalogue.item import ITEM_ID, SLUG
from pytest_readiness.demo import faults
from pytest_readiness.demo.demo import Demo
from pytest_readiness.demo.faults import FAULTS, find_fault, signatures, table
from pytest_readiness.demo.standins.providers import NAMES
from pytest_readiness.errors import ConfigError
from pytest_readiness.probes import REGISTRY
from pytest_readiness.verdict.states import State

SIGNED = {fault.name for fault in signatures.FAULTS}
SIGNED |= {name for name in FAULTS if "-drill-" in name}
"""Faults of what is signed: no server is touched."""


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_each_is_well_declared(fault: faults.Fault) -> None:
    assert SLUG.fullmatch(fault.name)
    assert not fault.summary.endswith(".")
    assert fault.touches <= set(REGISTRY)
    assert fault.touches or fault.name in SIGNED
    for item, state in fault.turns.items():
        assert ITEM_ID.fullmatch(item)
        assert state in {State.FAILED, State.UNKNOWN, State.UNCONFIGURED, State.PENDING}


@pytest.mark.parametrize(
    "wanted",
    [
        # The catalogue's "must fail when" of the rows, one fault or more for each.
        *("python-3-8", "python-system", "python-missing", "python-hangs"),
        *("network-refused", "network-black-hole", "network-slow"),
        "network-name-unknown",
        *("machine-memory-limited", "machine-cores-limited", "machine-small-disk"),
        *("dependency-missing", "dependency-old", "dependency-conflict"),
        "dependency-file-missing",
        *("database-11", "database-down", "database-wrong-password"),
        *("database-hangs", "database-foreign"),
        *("cache-5", "cache-down", "cache-no-password", "cache-hangs"),
        "cache-no-maxmemory",
        *("certificate-expired", "certificate-expiring", "certificate-wrong-host"),
        *("certificate-self-signed", "certificate-missing-intermediate"),
        *("certificate-rsa-1024", "certificate-sha1"),
        *("role-superuser", "role-lacks-grant", "public-creates"),
        *("schema-table-missing", "schema-index-missing", "schema-index-invalid"),
        "schema-behind",
        *("tuning-shipped-defaults", "tuning-autovacuum-off", "tuning-bloat"),
        *("tuning-cache-misses", "tuning-wraparound", "tuning-work-mem"),
        *("security-tls-off", "security-plaintext", "security-trust-rule"),
        *("security-md5-role", "security-any-password"),
        *("pool-too-large", "pool-waits", "pool-down"),
        *("backup-none", "backup-stale", "backup-truncated", "backup-cut"),
        *("backup-without-table", "backup-of-another-database"),
        *("data-empty", "data-orphan", "data-assertion"),
        *("environment-missing", "environment-empty", "environment-changeme"),
        *("environment-readable", "environment-tracked"),
        *("configuration-bad-yaml", "configuration-python-tag"),
        *("configuration-key-missing", "configuration-wrong-type"),
        *("logging-unknown-class", "configuration-duplicate-key"),
        *("logging-debug", "logging-unbounded"),
        *("rules-metric-without-alert", "rules-evaluation-error"),
        *("sizing-too-many", "sizing-unset", "sizing-zero"),
        *("schedule-none", "schedule-weekly", "schedule-timer-disabled"),
        *("resilience-no-case", "resilience-case-failed", "resilience-case-skipped"),
        *("resilience-bare", "resilience-passed", "resilience-trace"),
        *("resilience-document-missing", "resilience-drill-overdue"),
        *("channels-slow", "channels-elsewhere", "logging-no-sink", "logging-lost"),
        *("secrecy-planted-aws-key", "secrecy-planted-private-key"),
        *("secrecy-planted-url-password", "secrecy-planted-github-token"),
        *("secrecy-planted-password", "secrecy-readable", "secrecy-debug"),
    ],
)
def test_every_bad_target_of_the_catalogue_is_there(wanted: str) -> None:
    assert State.FAILED in FAULTS[wanted].turns.values()


@pytest.mark.parametrize("provider", NAMES)
@pytest.mark.parametrize(
    ("way", "state"),
    [
        *((way, State.FAILED) for way in ("unset", "placeholder", "wrong-key")),
        *((way, State.FAILED) for way in ("forbidden", "down", "sandbox")),
        *((way, State.UNKNOWN) for way in ("limited", "broken", "maintained")),
    ],
)
def test_every_way_a_key_goes_bad_is_there_for_each_provider(
    provider: str, way: str, state: State
) -> None:
    turns = FAULTS[f"{provider}-{way}"].turns
    assert turns == {f"environment-setup.api-keys.{provider}": state}


def test_good_targets_are_there_too() -> None:
    good = {
        name
        for name, fault in FAULTS.items()
        if not fault.turns and not fault.turns_signed
    }
    assert good >= {"cache-store", "certificate-6-days", "certificate-45-days"}
    assert good >= {"tradier-rehearsal", "dependency-elsewhere", "network-proxied"}
    assert good >= {"role-migrates", "schema-log", "data-floor"}
    assert good >= {"backup-large", "backup-live", "pool-waits-a-moment"}
    assert good >= {"security-loopback-trust", "tradier-rehearsal"}


def test_an_unknown_name_gets_a_near_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'cache-down'"):
        find_fault("cache-dwon")
    with pytest.raises(ConfigError, match="`readiness faults` lists them"):
        find_fault("xyzzy")


def test_the_table_has_a_row_for_each() -> None:
    rows = table().splitlines()[2:]
    assert len(rows) == len(FAULTS)
    assert "| `certificate-6-days` | six days, three left: on schedule | nothing |" in (
        rows
    )
    assert all(row.count("|") == 4 for row in rows)


def test_two_faults_of_one_name_are_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    module = faults.environment_setup  # type: ignore[attr-defined]  # found by name
    monkeypatch.setattr(module, "FAULTS", module.FAULTS[:1] * 2)
    with pytest.raises(ValueError, match="two faults are called python-3-8"):
        faults.collect()


def test_the_demo_says_what_a_system_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(ConfigError, match=r"runs on Linux, and this is darwin"):
        Demo.start(tmp_path)  # type: ignore[arg-type]  # not used before the error
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match=r"pip install 'pytest-readiness\[demo\]'"):
        Demo.start(tmp_path)  # type: ignore[arg-type]


def test_a_fault_is_looked_up_before_anything_starts(tmp_path: object) -> None:
    with pytest.raises(ConfigError, match="there is no fault"):
        Demo.start(tmp_path, "nonsense")  # type: ignore[arg-type]
