"""``readiness grants`` against Debian's servers: enough, and nothing more.

An account with exactly what is printed sees every fact; each grant that is taken away
is named by the item that needs it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis as driver

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.look import Facts, Look
from pytest_readiness.probes.postgres import Postgres
from pytest_readiness.probes.postgres.contents import Contents
from pytest_readiness.probes.postgres.database import Database
from pytest_readiness.probes.postgres.defences import Defences
from pytest_readiness.probes.redis import Redis
from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import PostgresServer, RedisServer
    from pytest_readiness.target.blocks import PostgresBlock

SUITE = Path(__file__).parents[2] / "readiness_suite"
PASSWORD = "correct-horse-battery"
DIGEST = hashlib.sha256(PASSWORD.encode()).hexdigest()

TARGET = """
[system]
name = "shop"
[release]
version = "1.2.3"
[target.here.postgres]
host = "localhost"
port = {postgres}
database = "closed"
user = "the \\"probe\\""
password = "${{env:PROBE_PASSWORD}}"
ca_file = "{ca_file}"
[target.here.postgres.structure]
head = "alembic"
[target.here.postgres.contents]
rows = {{ "orders" = 0, "sales.books" = 0 }}
[target.here.redis]
host = "localhost"
port = {redis}
db = 3
tls = true
username = "probe"
password = "${{env:PROBE_PASSWORD}}"
ca_file = "{ca_file}"
[target.here.limits.redis]
round_trip = "1s"
"""

ITEMS = {
    "postgres": "environment-setup.database",
    "redis": "environment-setup.cache",
}


@pytest.fixture
def project(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> Path:
    """Give a folder with a target file, and a suite with the items that look there."""
    ports = {"postgres": postgres_server.port, "redis": redis_server.port}
    text = TARGET.format(ca_file=postgres_server.pki.ca_file, **ports)
    (tmp_path / "readiness.toml").write_text(text)
    suite = tmp_path / "readiness_suite"
    suite.mkdir()
    for name in ("conftest.py", "pre_production/test_environment_setup.py"):
        shutil.copy(SUITE / name, suite)
    assert command(tmp_path, "check", "--write").returncode == 0
    return tmp_path


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_readiness", *arguments],
        cwd=folder,
        env={**os.environ, "PROBE_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def printed(folder: Path, server: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        command(folder, "grants", server, "--json").stdout
    )
    return told


def judged(folder: Path, server: str) -> dict[str, Any]:
    """Give the item of a server, as a run leaves it."""
    command(folder, "run")
    report = json.loads((folder / "readiness-report" / "report.json").read_text())
    (found,) = (item for item in report["items"] if item["id"] == ITEMS[server])
    return found


def unseen(probe: type[Facts], block: object) -> list[str]:
    """Name the facts that the probe could not see."""
    facts = probe.gather(block, Look("here", 10.0))
    names = [field.name for field in dataclasses.fields(facts)]
    return [name for name in names if not getattr(facts, name).available]


# ------------------------------------------------------------------------- PostgreSQL


NAME = '"the ""probe"""'


def sql(server: PostgresServer, *statements: str) -> None:
    """Run SQL as the superuser, in the database that is looked at."""
    for statement in statements:
        subprocess.run(
            [*server.psql, "-d", "closed", "-c", statement],
            check=True,
            capture_output=True,
        )


@pytest.fixture
def role(project: Path, postgres_server: PostgresServer) -> Iterator[dict[str, Any]]:
    """Give what is printed, after a superuser ran it and set the password."""
    sql(
        postgres_server,
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.books (id int)",
        "CREATE TABLE orders (id int)",
        "CREATE TABLE alembic_version (version_num text)",
    )
    told = printed(project, "postgres")
    sql(postgres_server, *told["commands"])
    sql(postgres_server, f"ALTER ROLE {NAME} PASSWORD '{PASSWORD}'")
    yield told
    sql(
        postgres_server,
        "DROP SCHEMA sales CASCADE",
        "DROP TABLE orders, alembic_version",
        f"DROP OWNED BY {NAME}",
        f"DROP ROLE {NAME}",
    )


@pytest.fixture
def block(project: Path, monkeypatch: pytest.MonkeyPatch) -> PostgresBlock:
    """Give the target's own table."""
    monkeypatch.setenv("PROBE_PASSWORD", PASSWORD)
    configuration = load(project / "readiness.toml", Redactor(), os.environ)
    found = configuration.select().postgres
    assert found is not None
    return found


def withheld(*kinds: type[Facts], block: PostgresBlock) -> str:
    """Give all that the probes say they may not see."""
    seen = [kind.gather(block, Look("here", 10.0)) for kind in kinds]
    values = [
        getattr(one, f.name).value for one in seen for f in dataclasses.fields(one)
    ]
    values += [one.value.value for one in seen[-1].expectations.otherwise(())]
    found = [value for value in values if isinstance(value, Unavailable)]
    return "; ".join(
        value.remedy for value in found if value.cause is not Cause.UNCONFIGURED
    )


def test_the_roles_grants_are_enough(
    project: Path, role: dict[str, Any], block: PostgresBlock
) -> None:
    assert role["account"] == 'the "probe"'
    assert unseen(Postgres, block) == []
    assert withheld(Database, Contents, block=block) == ""
    assert judged(project, "postgres")["state"] == "verified"


def test_each_of_the_roles_grants_is_needed_and_named(
    postgres_server: PostgresServer, role: dict[str, Any], block: PostgresBlock
) -> None:
    assert len(role["grants"]) == 6
    for grant in role["grants"]:
        if "pg_read_all_stats" in grant:
            continue  # needed where statements are recorded, which is not so here
        sql(postgres_server, grant.replace("GRANT", "REVOKE").replace(" TO ", " FROM "))
        said = withheld(Database, Contents, block=block)
        sql(postgres_server, grant)

        # Who may not even connect is not told by the server which role that was.
        exact = grant if "CONNECT" not in grant else "GRANT CONNECT ON DATABASE"
        assert exact in said


def test_an_item_names_the_grant_that_it_lacks(
    project: Path, postgres_server: PostgresServer, role: dict[str, Any]
) -> None:
    assert role["grants"][0].startswith("GRANT CONNECT")
    sql(postgres_server, f"REVOKE CONNECT ON DATABASE closed FROM {NAME}")
    item = judged(project, "postgres")

    assert item["state"] == "failed"
    assert "GRANT CONNECT ON DATABASE" in json.dumps(item["observations"])


def test_what_is_optional_is_named_and_is_enough(
    postgres_server: PostgresServer, role: dict[str, Any], block: PostgresBlock
) -> None:
    without = Defences.gather(block, Look("here", 10.0))
    sql(postgres_server, *role["optional"])
    with_all = Defences.gather(block, Look("here", 10.0))

    assert (without.rules_shown.value, without.verifiers_shown.value) == (False, False)
    assert (with_all.rules_shown.value, with_all.verifiers_shown.value) == (True, True)
    assert [g for g in role["optional"] if g not in without.encrypted.detail] == []


def test_the_role_may_not_write(
    postgres_server: PostgresServer, role: dict[str, Any]
) -> None:
    shown = postgres_server.sql(
        "SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole, rolconfig"
        " FROM pg_roles"
    )

    assert f"{role['account']}|f|{{default_transaction_read_only=on}}\n" in shown


# ------------------------------------------------------------------------------ Redis


@pytest.fixture
def admin(redis_server: RedisServer) -> Iterator[driver.Redis]:
    with driver.Redis(
        port=redis_server.port,
        username="watcher",
        password=PASSWORD,
        ssl=True,
        ssl_ca_certs=str(redis_server.pki.ca_file),
    ) as client:
        yield client
        client.execute_command("ACL", "DELUSER", "probe")


@pytest.fixture
def user(project: Path, admin: driver.Redis) -> dict[str, Any]:
    """Give what is printed, after an administrator ran it and set the password."""
    told = printed(project, "redis")
    for line in told["commands"]:
        assert admin.execute_command(*line.split()) == b"OK"
    admin.execute_command("ACL", "SETUSER", "probe", "on", f"#{DIGEST}")
    return told


def test_the_users_grants_are_enough(
    project: Path, redis_server: RedisServer, user: dict[str, Any]
) -> None:
    assert sorted(user["grants"]) == ["+info", "+ping", "+select"]
    assert unseen(Redis, redis_server.block(username="probe", db=3)) == []
    assert judged(project, "redis")["state"] == "verified"


def test_each_of_the_users_grants_is_needed_and_named(
    project: Path, admin: driver.Redis, user: dict[str, Any]
) -> None:
    for grant in user["grants"]:
        admin.execute_command("ACL", "SETUSER", "probe", grant.replace("+", "-"))
        item = judged(project, "redis")
        admin.execute_command("ACL", "SETUSER", "probe", grant)

        assert item["state"] != "verified"
        assert f"ACL SETUSER probe {grant}" in json.dumps(item["observations"])


def test_the_user_may_do_nothing_else(
    admin: driver.Redis, user: dict[str, Any]
) -> None:
    rules = admin.acl_getuser("probe")

    assert rules["categories"] == ["-@all"]
    assert sorted(rules["commands"]) == sorted(user["grants"])
    assert (rules["keys"], rules["channels"]) == ([], [])
