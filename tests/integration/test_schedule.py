"""Schedules of backups: cron's, Kubernetes', systemd's calendar, pgBackRest's list."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.schedule import BackupSchedule, cron
from pytest_readiness.target.blocks import (
    BackupScheduleBlock,
    HostBlock,
    Resources,
)
from tests.integration.conftest import find

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = dt.datetime(2026, 11, 24, 15, 0, tzinfo=dt.UTC)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def see(backend: str = "", **settings: Any) -> BackupSchedule:
    if backend:
        settings["host"] = "database"
    one = BackupScheduleBlock.model_validate(settings)
    hosts = {"database": HostBlock.model_validate({"backend": backend or "local"})}
    found = Resources(backup_schedule=one, hosts=hosts).backup_schedule
    assert found is not None
    look = Look(BackupSchedule.source(found), 20.0, now=lambda: NOW)
    return BackupSchedule.gather(found, look)


def why(fact: Observed[Any]) -> Unavailable:
    assert isinstance(fact.value, Unavailable)
    return fact.value


# -------------------------------------------------------------------------------- cron


@pytest.mark.parametrize(
    ("schedules", "gap"),
    [
        (["15 2 * * *"], DAY),
        (["@daily"], DAY),
        (["@hourly"], HOUR),
        (["* * * * *"], dt.timedelta(minutes=1)),
        (["0 */6 * * *"], 6 * HOUR),
        (["0 2 * * 0"], 7 * DAY),
        (["0 2 * * 1-5"], 3 * DAY),
        (["*/5 * * * 1-5"], 2 * DAY + dt.timedelta(minutes=5)),
        (["0 2 1 * *"], 31 * DAY),
        (["0 2 * * 0", "0 2 * * 1-6"], DAY),
        (["0 2 * * 0", "0 3 * * 1-6"], 25 * HOUR),
        (["0 2 24 12 *"], 366 * DAY),
        (["* 2 * * *"], DAY - 59 * dt.timedelta(minutes=1)),
    ],
)
def test_the_longest_time_between_two_runs(schedules: list[str], gap: object) -> None:
    assert cron.longest_gap(schedules, NOW) == gap


@pytest.mark.parametrize(
    "schedule",
    ["0 0 30 2 *", "61 * * * *", "@reboot", "a b c d e", "", "0 0 0 * * *", "@daily x"],
)
def test_what_never_comes_true_is_no_schedule(schedule: str) -> None:
    assert not cron.usable(schedule)


CRONTAB = """\
# 0 1 * * * root backup
PATH=/usr/bin
15 2 * * *   postgres /usr/bin/pg_dump -Fc trading
@weekly postgres pg_dump --globals-only
0 3 * * * root logrotate
"""


@pytest.mark.parametrize("backend", ["", "local"])
def test_a_file_of_cron_has_a_user_in_each_line(backend: str, tmp_path: Path) -> None:
    path = tmp_path / "cron.d" / "backup"
    path.parent.mkdir()
    path.write_text(CRONTAB)
    facts = see(backend, crontab=path, command="pg_dump")
    assert facts.schedules.value == ("15 2 * * *", "@weekly")
    assert facts.longest_gap.value == DAY
    assert (facts.enabled.value, facts.by_results.value) == (True, False)
    # The user is no part of the command.
    nothing = see(backend, crontab=path, command="postgres")
    assert (nothing.schedules.value, nothing.enabled.value) == ((), False)
    assert why(nothing.longest_gap).reason == "there is no schedule"


def test_a_file_elsewhere_has_none(tmp_path: Path) -> None:
    path = tmp_path / "crontab"
    path.write_text("15 2 * * * pg_dump trading\n0 0 31 2 * pg_dump x\n")
    facts = see(crontab=path, command="pg_dump trading")
    assert facts.schedules.value == ("15 2 * * *",)
    facts = see(crontab=path, command="pg_dump x")
    assert facts.schedules.value == ()
    assert facts.schedules.detail == "never comes true: 0 0 31 2 *"
    assert see(crontab=tmp_path / "gone", command="x").schedules.value == ()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def add(name: str, script: str) -> None:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return add


def test_a_users_crontab_is_listed(programs: Callable[..., None]) -> None:
    programs(
        "crontab",
        'case "$2" in\n'
        "postgres) echo '15 2 * * * pg_dump';;\n"
        'nobody) echo "no crontab for nobody" >&2; exit 1;;\n'
        '*) echo "must be privileged to use -u" >&2; exit 1;;\nesac',
    )
    facts = see(crontab_user="postgres", command="pg_dump")
    assert facts.schedules.value == ("15 2 * * *",)
    assert see(crontab_user="nobody", command="pg_dump").schedules.value == ()
    refused = why(see(crontab_user="root", command="x").schedules)
    assert "must be privileged" in refused.reason
    assert refused.cause is Cause.LOCAL
    assert (
        "no name of a user" in why(see(crontab_user="-r", command="x").enabled).reason
    )


# -------------------------------------------------------------------------- Kubernetes


@pytest.mark.parametrize("suspend", [None, False, True])
def test_a_cron_job_is_in_force_unless_suspended(
    suspend: bool | None,  # noqa: FBT001  # a manifest's
    tmp_path: Path,
) -> None:
    spec = {"schedule": "0 */12 * * *"}
    if suspend is not None:
        spec["suspend"] = suspend  # type: ignore[assignment]  # a manifest's
    job = {"kind": "CronJob", "metadata": {"name": "backup"}, "spec": spec}
    path = tmp_path / "jobs.yaml"
    path.write_text(json.dumps({"kind": "List", "items": [{"kind": "x"}, job]}))
    facts = see(manifests=[path], cron_job="backup")
    assert facts.schedules.value == ("0 */12 * * *",)
    assert facts.enabled.value is not bool(suspend)
    assert facts.longest_gap.value == 12 * HOUR
    assert see(manifests=[path], cron_job="other").schedules.value == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "jobs.yaml: No such file or directory"),
        (b"\xff", "jobs.yaml: it is no text file"),
        (b"a: [", "jobs.yaml: line 1: expected the node content"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_unknown(
    text: bytes | None, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "jobs.yaml"
    if text is not None:
        path.write_bytes(text)
    assert why(see(manifests=[path], cron_job="a").schedules).reason.startswith(reason)


# ----------------------------------------------------------------------------- systemd


@pytest.fixture
def timer(programs: Callable[..., None]) -> Callable[..., BackupSchedule]:
    """Have systemctl tell of a timer; systemd-analyze is the real one."""
    find("systemd-analyze")

    def timer(
        *lines: str, active: str = "active", state: str = "enabled"
    ) -> BackupSchedule:
        told = ["LoadState=loaded", f"ActiveState={active}", f"UnitFileState={state}"]
        text = "\n".join([*told, *lines])
        programs("systemctl", f"cat <<'END'\n{text}\nEND")
        return see(timer="backup.timer")

    return timer


def calendar(expression: str) -> str:
    return f"TimersCalendar={{ OnCalendar={expression} ; next_elapse=Wed 2026-11-25 }}"


@pytest.mark.parametrize(
    ("expressions", "gap"),
    [
        (["*-*-* 02:00:00"], DAY),
        (["*-*-* 00/6:00:00"], 6 * HOUR),
        (["*-*-* *:*:00"], dt.timedelta(minutes=1)),
        (["Mon *-*-* 02:00:00"], 7 * DAY),
        (["Mon..Fri *-*-* 02:00:00"], 3 * DAY),
        (["Sun *-*-* 02:00:00", "Mon..Sat *-*-* 02:00:00"], DAY),
    ],
)
def test_a_calendar_is_read_by_systemd_itself(
    expressions: list[str], gap: object, timer: Callable[..., BackupSchedule]
) -> None:
    facts = timer(*map(calendar, expressions))
    assert facts.schedules.value == tuple(expressions)
    assert (facts.enabled.value, facts.longest_gap.value) == (True, gap)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("Mon..Fri *-*-* *:*:00", "the timer elapses too often to be told apart"),
        ("2027-01-01 02:00:00", "the timer does not elapse for ever"),
        ("nonsense", "systemd-analyze ended with 1"),
    ],
)
def test_a_calendar_that_tells_no_gap_is_unknown(
    expression: str, reason: str, timer: Callable[..., BackupSchedule]
) -> None:
    assert why(timer(calendar(expression)).longest_gap).reason.startswith(reason)


@pytest.mark.parametrize(
    ("span", "gap"),
    [("1d", DAY), ("1w 2d", 9 * DAY), ("1h 30min", 1.5 * HOUR), ("12h", 12 * HOUR)],
)
def test_a_timer_may_count_from_its_last_run(
    span: str, gap: object, timer: Callable[..., BackupSchedule]
) -> None:
    line = f"TimersMonotonic={{ OnUnitActiveUSec={span} ; next_elapse=1d }}"
    assert timer(line).longest_gap.value == gap


@pytest.mark.parametrize(
    ("active", "state"),
    [("inactive", "enabled"), ("active", "disabled"), ("inactive", "masked")],
)
def test_a_timer_that_is_off_is_not_in_force(
    active: str, state: str, timer: Callable[..., BackupSchedule]
) -> None:
    facts = timer(calendar("*-*-* 02:00:00"), active=active, state=state)
    assert facts.enabled.value is False


def test_a_timer_that_is_not_there_is_no_schedule(
    programs: Callable[..., None],
) -> None:
    programs("systemctl", "echo LoadState=not-found; echo ActiveState=inactive")
    facts = see(timer="backup.timer")
    assert (facts.schedules.value, facts.enabled.value) == ((), False)
    programs("systemctl", "echo 'Failed to connect to bus' >&2; exit 1")
    assert "Failed to connect" in why(see(timer="backup.timer").enabled).reason


def test_a_timer_started_at_boot_alone_is_no_schedule(
    timer: Callable[..., BackupSchedule],
) -> None:
    line = "TimersMonotonic={ OnBootUSec=15min ; next_elapse=1d }"
    assert timer(line).schedules.value == ()


# -------------------------------------------------------------------------- pgBackRest


def listed(*ages: float, error: float | None = None) -> str:
    backups = [
        {"timestamp": {"stop": int((NOW - age * DAY).timestamp())}, "error": None}
        for age in ages
    ]
    if error is not None:
        stop = int((NOW - error * DAY).timestamp())
        backups.append({"timestamp": {"stop": stop}, "error": True})  # type: ignore[dict-item]
    return json.dumps([{"name": "main", "backup": backups}])


@pytest.mark.parametrize(
    ("ages", "error", "gap"),
    [
        ((3.02, 2.0, 1.0, 0.1), None, 1.02 * DAY),
        ((5, 2, 1), None, 3 * DAY),
        ((3, 2), None, 2 * DAY),
        ((2, 0.5), 1.0, 1.5 * DAY),
        ((40, 1), None, DAY),
    ],
)
def test_the_backups_themselves_show_how_often_they_are_made(
    ages: tuple[float, ...],
    error: float | None,
    gap: dt.timedelta,
    programs: Callable[..., None],
) -> None:
    programs("pgbackrest", f"cat <<'END'\n{listed(*ages, error=error)}\nEND")
    facts = see(stanza="main", config="/etc/pgbackrest.conf")
    seen = facts.longest_gap.value
    assert isinstance(seen, dt.timedelta)
    assert abs(seen - gap) < dt.timedelta(seconds=2)
    assert (facts.enabled.value, facts.by_results.value) == (True, True)


@pytest.mark.parametrize("ages", [(), (20, 30)])
def test_no_backup_of_late_is_no_schedule(
    ages: tuple[float, ...], programs: Callable[..., None]
) -> None:
    programs("pgbackrest", f"cat <<'END'\n{listed(*ages)}\nEND")
    facts = see(stanza="main")
    assert (facts.schedules.value, facts.enabled.value) == ((), False)


@pytest.mark.parametrize("said", ["", "[]", "[{}]", "[7]", '[{"backup": [{}]}]'])
def test_a_list_that_is_none_is_unknown(
    said: str, programs: Callable[..., None]
) -> None:
    programs("pgbackrest", f"echo '{said}'")
    assert "does not tell of its backups" in why(see(stanza="main").schedules).reason


# ------------------------------------------------------------------------------- table


@pytest.mark.parametrize(
    ("settings", "planned"),
    [
        ({"crontab": "/etc/crontab", "command": "x"}, ["/etc/crontab"]),
        ({"crontab_user": "pg", "command": "x"}, ["crontab -u pg -l"]),
        ({"manifests": ["/k.yaml"], "cron_job": "x"}, ["/k.yaml"]),
        ({"stanza": "main"}, ["pgbackrest --stanza=main --output=json info"]),
    ],
)
def test_all_that_is_looked_at_is_planned(
    settings: dict[str, Any], planned: list[str]
) -> None:
    one = BackupScheduleBlock.model_validate(settings)
    assert [look.what for look in BackupSchedule.looks(one)] == planned


def test_a_timer_is_planned_with_its_calendar() -> None:
    one = BackupScheduleBlock(timer="backup.timer")
    asked, analysed = BackupSchedule.looks(one)
    assert asked.what.startswith("systemctl show")
    assert analysed.what.startswith("systemd-analyze calendar")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "names no schedule"),
        ({"timer": "a", "stanza": "b"}, "sets timer and stanza"),
        ({"crontab": "/a"}, "does not go with its command"),
        ({"timer": "a", "command": "b"}, "does not go with its command"),
        ({"manifests": ["/a"]}, "does not go with its manifests"),
    ],
)
def test_the_table_names_one_schedule(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        BackupScheduleBlock.model_validate(settings)


def test_systemd_analyze_of_this_machine_is_the_real_one() -> None:
    said = subprocess.run(
        [find("systemd-analyze"), "--version"], capture_output=True, check=True
    )
    assert said.stdout.startswith(b"systemd ")
