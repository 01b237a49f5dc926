"""Backups of a real PostgreSQL: read to the end, restored into a scratch server."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.backup import Backup, programs, store
from pytest_readiness.probes.backup.drill import Drill
from pytest_readiness.probes.backup.runs import BackupRuns
from pytest_readiness.probes.backup.scratch import PREFIX, Scratch, sweep
from pytest_readiness.probes.look import Look, LookError
from pytest_readiness.probes.postgres.row_counts import RowCounts
from pytest_readiness.probes.schedule import BackupSchedule
from pytest_readiness.target.blocks import BackupScheduleBlock
from pytest_readiness.target.blocks.backup import BackupBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import PostgresServer

BIN = Path("/usr/lib/postgresql/15/bin")
SCHEMA = """
CREATE SCHEMA vault;
CREATE TABLE vault.coins (id int PRIMARY KEY, name text);
INSERT INTO vault.coins SELECT n, repeat('x', n) FROM generate_series(1, 300) AS n;
CREATE TABLE vault.empty (id int);
GRANT USAGE ON SCHEMA vault TO app;
GRANT SELECT ON ALL TABLES IN SCHEMA vault TO app;
"""
COUNTS = {"vault.coins": 300, "vault.empty": 0}


@pytest.fixture(scope="module")
def vault(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    postgres_server.sql(SCHEMA, "app")
    yield postgres_server
    postgres_server.sql("DROP SCHEMA vault CASCADE", "app")


@pytest.fixture(scope="module")
def dumped(
    vault: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Give what dumps the database in a format."""

    def dump(name: str, *options: str) -> Path:
        folder = tmp_path_factory.mktemp("dumps")
        subprocess.run(
            [
                *(BIN / "pg_dump", "-h", vault.socket_folder, "-p", str(vault.port)),
                *("-U", "postgres", "-d", "app", "-f", folder / name, *options),
            ],
            check=True,
        )
        return folder / name

    return dump


@pytest.fixture(scope="module")
def good(dumped: Callable[..., Path]) -> Path:
    return dumped("app.dump", "-Fc")


def block(folder: Path, **changes: object) -> BackupBlock:
    settings: dict[str, object] = {"kind": "dump", "path": folder, **changes}
    return BackupBlock(**settings)


def seen(made: BackupBlock, timeout: float = 60.0) -> Backup:
    return Backup.gather(made, Look(Backup.source(made), timeout))


def drilled(made: BackupBlock, timeout: float = 120.0) -> Drill:
    before = leftovers()
    facts = Drill.gather(made, Look(Drill.source(made), timeout))
    assert leftovers() <= before
    return facts


def leftovers() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"{PREFIX}{os.getpid()}-*"))


def live(counts: dict[str, int] | Unavailable) -> Observed[dict[str, int]]:
    return Observed(counts, "live", dt.datetime.now(dt.UTC))


# -------------------------------------------------------------------------------- dumps


@pytest.mark.parametrize("form", ["-Fc", "-Ft", "-Fd"])
def test_a_good_dump_is_whole_and_comes_back(
    form: str, dumped: Callable[..., Path]
) -> None:
    path = dumped("app.dump", form)
    facts = seen(block(path.parent))
    assert facts.found.value is True
    assert facts.found.detail == "app.dump"
    assert isinstance(facts.age.value, dt.timedelta)
    assert facts.age.value < dt.timedelta(minutes=10)
    assert facts.intact.value is True
    assert facts.intact.detail == "read to its end"
    drill = drilled(block(path.parent))
    assert drill.restored.value is True
    assert isinstance(drill.took.value, dt.timedelta)
    assert drill.rows.value == COUNTS
    assert drill.lost(live(COUNTS), 0).value == ()


@pytest.mark.parametrize(
    "change", [lambda dump: dump[:-10], lambda dump: dump[: len(dump) // 20]]
)
def test_a_dump_that_is_cut_is_found(
    change: Callable[[bytes], bytes], good: Path, tmp_path: Path
) -> None:
    (tmp_path / "cut.dump").write_bytes(change(good.read_bytes()))
    facts = seen(block(tmp_path))
    assert facts.intact.value is False
    assert "could not read from input file" in facts.intact.detail
    drill = drilled(block(tmp_path))
    assert drill.restored.value is False
    assert drill.restored.detail.startswith("pg_restore: ")
    assert isinstance(drill.rows.value, Unavailable)


def test_a_folder_of_a_dump_that_lacks_a_file_is_found(
    dumped: Callable[..., Path],
) -> None:
    path = dumped("app", "-Fd")
    next(path.glob("*.dat.gz")).unlink()
    assert seen(block(path.parent)).intact.value is False


def test_the_newest_is_looked_at(good: Path, tmp_path: Path) -> None:
    shutil.copy(good, tmp_path / "new.dump")
    (tmp_path / "old.dump").write_bytes(b"")
    (tmp_path / "later.log").write_bytes(b"")
    os.utime(tmp_path / "old.dump", (0, 0))
    facts = seen(block(tmp_path, pattern="*.dump"))
    assert facts.found.detail == "new.dump"


def test_what_is_no_dump_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "empty.dump").write_bytes(b"")
    assert seen(block(tmp_path)).intact.value is False
    facts = seen(block(tmp_path))
    assert isinstance(facts.age.value, Unavailable)
    assert "does not say when" in facts.age.value.reason


def test_a_plain_dump_cannot_be_told_whole_from_cut(
    dumped: Callable[..., Path],
) -> None:
    path = dumped("app.sql", "-Fp")
    value = seen(block(path.parent)).intact.value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.LOCAL
    assert "text format dump" in value.reason


def test_no_backup_is_seen(tmp_path: Path) -> None:
    facts = seen(block(tmp_path))
    assert facts.found.value is False
    assert isinstance(facts.age.value, Unavailable)
    assert facts.age.value.reason == f"there is no backup in {tmp_path}"
    assert isinstance(drilled(block(tmp_path)).restored.value, Unavailable)


def test_a_folder_that_is_not_here_is_not_known(tmp_path: Path) -> None:
    value = seen(block(tmp_path / "absent")).found.value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.LOCAL


def test_a_dump_without_a_table_is_found(dumped: Callable[..., Path]) -> None:
    path = dumped("app.dump", "-Fc", "--exclude-table=vault.coins")
    lost = drilled(block(path.parent)).lost(live(COUNTS), 0)
    assert lost.value == ("vault.coins: not restored",)


def test_rows_are_held_against_what_the_job_counted(good: Path, tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    counts.write_text(json.dumps({"vault.coins": 301}))
    drill = drilled(block(good.parent, counts=counts))
    # Neither the database nor a tolerance counts where the job did.
    assert drill.lost(live(COUNTS), 1.0).value == ("vault.coins: 300 rows of 301",)


@pytest.mark.parametrize("text", ["", "[]", '{"a": true}', '{"a": "1"}', '{"a": 1.5}'])
def test_counts_that_are_none_are_not_believed(
    text: str, good: Path, tmp_path: Path
) -> None:
    counts = tmp_path / "counts.json"
    counts.write_text(text)
    lost = drilled(block(good.parent, counts=counts)).lost(live(COUNTS), 0)
    assert isinstance(lost.value, Unavailable)
    assert lost.value.cause is Cause.LOCAL


def test_without_counts_the_database_itself_is_compared(
    good: Path, vault: PostgresServer
) -> None:
    made = vault.block()
    counts = RowCounts.gather(made, Look(RowCounts.source(made), 30.0)).rows
    assert counts.value == COUNTS
    drill = drilled(block(good.parent))
    assert drill.lost(counts, 0).value == ()
    more = live({"vault.coins": 310, "vault.empty": 0})
    assert drill.lost(more, 0).value == ("vault.coins: 300 rows of 310",)
    assert drill.lost(more, 0.05).value == ()
    assert isinstance(drill.lost(live({}), 0).value, Unavailable)
    gone = Unavailable("down", Cause.NO_ANSWER)
    assert drill.lost(live(gone), 0).value == gone


def test_a_table_that_may_not_be_read_names_the_grant(vault: PostgresServer) -> None:
    vault.sql("CREATE TABLE vault.closed (id int)", "app")
    try:
        made = vault.block()
        rows = RowCounts.gather(made, Look(RowCounts.source(made), 30.0)).rows
    finally:
        vault.sql("DROP TABLE vault.closed", "app")
    assert isinstance(rows.value, Unavailable)
    assert rows.value.cause is Cause.WITHHELD
    assert "vault.closed" in rows.value.reason
    assert 'GRANT SELECT ON "vault"."closed" TO' in rows.value.remedy


# -------------------------------------------------------------- larger than can be read


def test_a_large_backup_is_held_against_its_manifest(
    good: Path, tmp_path: Path
) -> None:
    shutil.copy(good, tmp_path / "app.dump")
    made = block(tmp_path, pattern="*.dump", read_up_to=1)
    value = seen(made).intact.value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.UNCONFIGURED
    sums = tmp_path / "SHA256SUMS"
    digest = hashlib.sha256(good.read_bytes()).hexdigest()
    made = block(tmp_path, pattern="*", read_up_to=1, manifest=sums)
    value = seen(made).intact.value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.LOCAL
    for text, whole in (
        (f"{digest}  app.dump\n\n", True),
        (f"{digest} *./app.dump\n", True),
        (f"{'0' * 64}  app.dump\n", False),
        (f"{digest}  another.dump\nnonsense\n", False),
    ):
        sums.write_text(text)
        assert seen(made).intact.value is whole
    slow = Look("demo", 0.001, deadline=time.monotonic())
    backups = store(made)
    newest = backups.newest(slow)
    assert newest is not None
    sums.write_text(f"{digest}  app.dump\n")
    assert isinstance(backups.intact(newest, slow).value, Unavailable)


# ----------------------------------------------------------------------- whole servers


@pytest.fixture(scope="module")
def based(vault: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rule = "local replication postgres trust\n"
    hba = vault.socket_folder / "data" / "pg_hba.conf"
    hba.write_text(rule + hba.read_text())
    vault.sql("SELECT pg_reload_conf()")
    folder = tmp_path_factory.mktemp("base")
    command = [
        *(BIN / "pg_basebackup", "-h", vault.socket_folder, "-p", str(vault.port)),
        *("-U", "postgres", "-D", folder / "monday", "-c", "fast", "-X", "stream"),
    ]
    over = time.monotonic() + 20
    while subprocess.run(command, check=False, capture_output=True).returncode:
        assert time.monotonic() < over
        time.sleep(0.1)
    return folder


def test_a_base_backup_is_verified_and_comes_back(based: Path) -> None:
    made = block(based, kind="basebackup", database="app")
    facts = seen(made)
    assert facts.found.detail == "monday"
    assert facts.intact.value is True
    assert isinstance(facts.age.value, dt.timedelta)
    assert dt.timedelta(0) < facts.age.value < dt.timedelta(hours=1)
    drill = drilled(made)
    assert drill.restored.value is True, drill.restored
    assert drill.rows.value == COUNTS
    unset = drilled(block(based, kind="basebackup")).rows.value
    assert isinstance(unset, Unavailable)
    assert unset.cause is Cause.UNCONFIGURED


def test_a_base_backup_that_is_cut_is_found(based: Path, tmp_path: Path) -> None:
    shutil.copytree(based / "monday", tmp_path / "cut")
    made = block(tmp_path, kind="basebackup", database="app")
    control = tmp_path / "cut" / "global" / "pg_control"
    control.write_bytes(control.read_bytes()[:-10])
    facts = seen(made)
    assert facts.intact.value is False
    assert "pg_control" in facts.intact.detail or "size" in facts.intact.detail
    # The last ten bytes of this file hold nothing; without most of it nothing starts.
    control.write_bytes(control.read_bytes()[:100])
    drill = drilled(made)
    assert drill.restored.value is False
    assert "pg_control" in drill.restored.detail
    (tmp_path / "cut" / "backup_manifest").unlink()
    facts = seen(made)
    assert facts.intact.value is False
    assert facts.intact.detail == "it has no backup_manifest"
    assert isinstance(facts.age.value, Unavailable)


@pytest.fixture(scope="module")
def stanza(tmp_path_factory: pytest.TempPathFactory) -> BackupBlock:
    """Give a stanza of pgBackRest, with one backup of a server of its own."""
    if shutil.which("pgbackrest") is None:
        pytest.skip("pgbackrest is not installed here")
    folder = tmp_path_factory.mktemp("br")
    config = folder / "pgbackrest.conf"
    look = Look("demo", 120.0)
    with Scratch(BIN, look) as server:
        server.create()
        config.write_text(
            f"""
[global]
repo1-path={folder}/repo
log-path={folder}
lock-path={folder}/lock
log-level-file=off
start-fast=y
archive-async=n
[demo]
pg1-path={server.data}
pg1-port=5432
pg1-socket-path={server.folder}
pg1-user=postgres
"""
        )
        push = f"pgbackrest --config={config} --stanza=demo archive-push %p"
        command = [*programs.unprivileged().prefix, BIN / "postgres", "-D", server.data]
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(server.folder),
            "archive_mode": "on",
            "archive_command": push,
            "fsync": "off",
        }
        process = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in options.items())]
        )
        try:
            psql = [BIN / "psql", "-h", server.folder, "-U", "postgres", "-qc"]
            over = time.monotonic() + 20
            while subprocess.run(
                [*psql, "CREATE TABLE kept AS SELECT 1 AS id"],
                check=False,
                capture_output=True,
            ).returncode:
                assert time.monotonic() < over
                time.sleep(0.1)
            rest = ["pgbackrest", f"--config={config}", "--stanza=demo"]
            subprocess.run([*rest, "stanza-create"], check=True)
            subprocess.run([*rest, "backup", "--type=full"], check=True)
        finally:
            process.terminate()
            process.wait(10)
    return BackupBlock(
        kind="pgbackrest", stanza="demo", config=config, database="postgres"
    )


def test_pgbackrest_tells_of_its_backups_and_restores(stanza: BackupBlock) -> None:
    facts = seen(stanza)
    assert facts.found.value is True
    assert facts.found.source == "pgbackrest demo"
    assert facts.intact.value is True, facts.intact
    assert isinstance(facts.age.value, dt.timedelta)
    drill = drilled(stanza)
    assert drill.restored.value is True, drill.restored
    assert drill.rows.value == {"kept": 1}
    runs = BackupRuns.gather(stanza, Look("x", 20.0))
    assert len(runs.successes.otherwise(())) == 1
    assert runs.missed(dt.timedelta(days=1), 1).value == ()
    assert runs.missed(dt.timedelta(days=1), 7).otherwise(()) != ()


def test_pgbackrests_list_shows_how_often_it_runs(stanza: BackupBlock) -> None:
    block = BackupScheduleBlock(stanza=stanza.stanza, config=stanza.config)
    facts = BackupSchedule.gather(block, Look("schedule", 60.0))
    assert facts.schedules.value == ("1 backup(s) in 14 days",)
    assert (facts.enabled.value, facts.by_results.value) == (True, True)
    assert facts.longest_gap.otherwise(dt.timedelta(1)) < dt.timedelta(hours=1)


def test_pgbackrest_ends_with_0_over_a_broken_backup(stanza: BackupBlock) -> None:
    assert stanza.config is not None
    repo = stanza.config.parent / "repo" / "backup" / "demo"
    file = max(repo.glob("*F/pg_data/**/*.gz"), key=lambda path: path.stat().st_size)
    whole = file.read_bytes()
    file.write_bytes(whole[:-10])
    try:
        facts = seen(stanza)
    finally:
        file.write_bytes(whole)
    assert facts.intact.value is False
    assert "status: invalid" in facts.intact.detail


def test_a_stanza_that_is_not_there_has_no_backup(stanza: BackupBlock) -> None:
    absent = stanza.model_copy(update={"stanza": "absent"})
    assert seen(absent).found.value is False
    lost = stanza.model_copy(update={"config": Path("/nowhere/pgbackrest.conf")})
    value = seen(lost).found.value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.LOCAL


# ------------------------------------------------------------ what is missing, or hangs


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_programs_that_are_not_here_are_no_fault_of_the_backup(
    good: Path, tmp_path: Path
) -> None:
    facts = seen(block(good.parent, binaries=tmp_path))
    value = facts.intact.value
    assert isinstance(value, Unavailable)
    assert value.reason == f"there is no pg_restore in {tmp_path} on this host"
    assert value.cause is Cause.LOCAL
    value = drilled(block(good.parent, binaries=tmp_path)).restored.value
    assert isinstance(value, Unavailable)
    assert "initdb" in value.reason


def test_a_program_that_hangs_is_ended_with_the_look(
    good: Path, tmp_path: Path
) -> None:
    program(tmp_path, "pg_restore", f"echo $$ > {tmp_path}/pid; sleep 60")
    began = time.monotonic()
    facts = seen(block(good.parent, binaries=tmp_path), timeout=1.0)
    assert time.monotonic() - began < 8
    assert isinstance(facts.intact.value, Unavailable)
    assert facts.intact.value.reason.startswith("no answer within 1 s")
    pid = (tmp_path / "pid").read_text().strip()
    assert not Path("/proc", pid).exists()


def test_a_program_gets_none_of_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READINESS_SECRET", "canary")
    done = programs.run([program(tmp_path, "shows", "env")], Look("demo", 10.0))
    assert "canary" not in done.said
    assert "TZ=UTC" in done.said


def test_a_program_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    with pytest.raises(LookError, match="cannot be started"):
        programs.run([tmp_path / "absent"], Look("demo", 10.0))
    quiet = program(tmp_path, "quiet", "exit 3")
    done = programs.run([quiet], Look("demo", 10.0))
    assert (done.code, done.last_line) == (3, "it ended with status 3")


def test_a_server_that_cannot_be_made_is_no_fault_of_the_backup(
    good: Path, tmp_path: Path
) -> None:
    program(tmp_path, "initdb", "echo no room left; exit 1")
    value = drilled(block(good.parent, binaries=tmp_path)).restored.value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.LOCAL
    assert value.reason == "no scratch server can be made here: no room left"


def test_a_killed_runs_folder_is_swept_up() -> None:
    place = Path(tempfile.gettempdir())
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    stale = place / f"{PREFIX}{process.pid}-stale"
    ours = place / f"{PREFIX}{os.getpid()}-ours"
    for folder in (stale, ours):
        folder.mkdir()
    try:
        sweep()
        assert not stale.exists()
        assert ours.exists()
    finally:
        shutil.rmtree(ours)


def test_root_becomes_nobody_where_there_are_no_namespaces(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("this is not root")
    monkeypatch.setattr(programs, "namespaces_work", lambda: False)
    somebody = programs.unprivileged()
    assert somebody.user is not None
    assert "--clear-groups" in somebody.prefix
    assert drilled(block(good.parent)).rows.value == COUNTS
    monkeypatch.setattr(programs.shutil, "which", lambda _name: None)
    with pytest.raises(LookError, match="does not run as root"):
        programs.unprivileged()


def test_a_killed_run_takes_its_scratch_server_along(tmp_path: Path) -> None:
    script = tmp_path / "drill.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from pytest_readiness.probes.backup.scratch import Scratch\n"
        "from pytest_readiness.probes.look import Look\n"
        "scratch = Scratch(None, Look('demo', 60.0)).__enter__()\n"
        "scratch.create(); scratch.start()\n"
        "print(scratch.data, flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    data = Path(process.stdout.readline().strip())
    pid = (data / "postmaster.pid").read_text().split()[0]
    process.kill()
    process.wait(10)
    process.stdout.close()
    over = time.monotonic() + 20
    while Path("/proc", pid).exists() and time.monotonic() < over:
        time.sleep(0.05)
    assert not Path("/proc", pid).exists()
    sweep()
    assert not data.exists()
