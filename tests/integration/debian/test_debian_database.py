"""Database Setup, judged by the real command against Debian's servers and tools.

PostgreSQL 15, PgBouncer 1.18 and pg_dump: all seven items hold, and each way in which
one is not as required changes that item and no other of the section.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Bouncer, PostgresServer, StartBouncer, Target

    Apply = Callable[["Shop"], object]

BIN = Path("/usr/lib/postgresql/15/bin")
POOL = "DEBIAN_POOL_PASSWORD"
ITEMS = (
    *("database-creation", "schema-migration", "data-validation"),
    *("connection-pooling", "backup-strategy", "performance-tuning", "security"),
)
GOOD = {f"database-setup.{name}": "verified" for name in ITEMS}
MADE = """
CREATE TABLE products (id int PRIMARY KEY, name text);
CREATE INDEX products_by_name ON products (name);
INSERT INTO products SELECT n, 'p' || n FROM generate_series(1, 50) AS n;
CREATE TABLE alembic_version (version_num text PRIMARY KEY);
INSERT INTO alembic_version VALUES ('bbb');
CREATE ROLE shop LOGIN;
GRANT SELECT ON products TO shop, app;
GRANT SELECT ON alembic_version TO app;
CREATE EXTENSION pg_stat_statements;
ALTER DATABASE app SET work_mem = '1MB';
"""
GONE = """
ALTER DATABASE app RESET work_mem;
DROP EXTENSION pg_stat_statements;
DROP TABLE products, alembic_version;
DROP ROLE shop;
"""


class Shop(NamedTuple):
    """The target under change, and the servers behind it."""

    target: Target
    postgres: PostgresServer
    backups: Path

    def sql(self, done: str, undone: str) -> None:
        """Change the database until the case is over."""
        self.postgres.sql(done, "app")
        self.target.stack.callback(self.postgres.sql, undone, "app")

    def expect(self, table: str, **settings: object) -> None:
        """Change a table below ``postgres``."""
        self.target.tables["postgres"][table] |= settings

    def dump(self, *options: str, database: str = "app") -> Path:
        """Make the backup anew."""
        server, path = self.postgres, self.backups / "shop.dump"
        where = ("-h", server.socket_folder, "-p", str(server.port), "-U", "postgres")
        command = [BIN / "pg_dump", *where, "-Fc", "-f", path, *options, database]
        subprocess.run(command, check=True)
        return path


@pytest.fixture(scope="session")
def suite() -> Path:
    """Give the whole checklist: this section is judged in it."""
    return Path(__file__).parents[3] / "readiness_suite"


@pytest.fixture(scope="module")
def pool(
    start_bouncer: StartBouncer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bouncer]:
    with start_bouncer(tmp_path_factory.mktemp("pool")) as one:
        yield one


@pytest.fixture
def shop(
    target: Target, postgres_server: PostgresServer, pool: Bouncer, tmp_path: Path
) -> Shop:
    made = Shop(target, postgres_server, tmp_path / "backups")
    made.backups.mkdir()
    made.sql(MADE, GONE)
    made.dump()
    ca_file = str(pool.pki.ca_file)
    target.tables["postgres"] |= {
        "ram": "64MB",
        "access": {"role": "shop", "privileges": {"products": ["SELECT"]}},
        "structure": {
            "tables": {"products": ["name"]},
            "indexes": ["products_by_name"],
            "head": "alembic",
            "revision": "bbb",
        },
        "contents": {"rows": {"products": 50}},
    }
    target.tables["pgbouncer"] = {
        "host": "localhost",
        "port": pool.port,
        "user": "looks",
        "password": f"${{env:{POOL}}}",
        "ca_file": ca_file,
        "interval": "50ms",
        "client": {"database": "app", "user": "app", "password": f"${{env:{POOL}}}"},
    }
    target.tables["backup"] = {"kind": "dump", "path": str(made.backups)}
    target.tables["allow"] = ["restore"]
    target.environ[POOL] = target.PASSWORD
    return made


def section(states: dict[str, str]) -> dict[str, str]:
    return {item: state for item, state in states.items() if item in GOOD}


def test_debians_database_is_ready(shop: Shop) -> None:
    run = shop.target.judge()
    reasons = {item["id"]: item["reason"] for item in run.report["items"]}
    assert section(run.states) == GOOD, {name: reasons[name] for name in GOOD}


class Bad(NamedTuple):
    item: str
    apply: Apply
    observed: str
    required: str
    more: dict[str, str] = {}  # noqa: RUF012  # what else turns


def pooled(shop: Shop) -> None:
    shop.target.tables["pgbouncer"]["port"] = 1


def truncated(shop: Shop) -> None:
    path = shop.backups / "shop.dump"
    path.write_bytes(path.read_bytes()[:-10])


def forbidden(shop: Shop) -> None:
    shop.target.tables["allow"] = []


def lacking(shop: Shop) -> None:
    shop.dump("--exclude-table=products")


def elsewhere(shop: Shop) -> None:
    shop.dump(database="postgres")


CASES = {
    "superuser": Bad(
        "database-creation",
        lambda shop: shop.sql(
            "ALTER ROLE shop SUPERUSER", "ALTER ROLE shop NOSUPERUSER"
        ),
        *("superuser", "none"),
    ),
    "behind": Bad(
        "schema-migration",
        lambda shop: shop.expect("structure", revision="ccc", earlier=["bbb"]),
        *("bbb", "equal to ccc"),
    ),
    "empty": Bad(
        "data-validation",
        lambda shop: shop.expect("contents", rows={"products": 51}),
        *("50", "at least 51"),
    ),
    "cut": Bad("backup-strategy", truncated, "no", "yes"),
    "lacks a table": Bad("backup-strategy", lacking, "products: not restored", "none"),
    "of another": Bad("backup-strategy", elsewhere, ".*products: not restored", "none"),
    "small machine": Bad(
        "performance-tuning",
        lambda shop: shop.target.set("postgres", ram="16GB"),
        *(r"0\.0010", "between 0.15 and 0.4"),
    ),
    "any password": Bad(
        "security",
        lambda shop: shop.sql(
            "SET password_encryption = 'md5'; CREATE ROLE old PASSWORD 'old-days-x';"
            "GRANT SELECT (rolname, rolpassword) ON pg_authid TO app",
            "REVOKE SELECT (rolname, rolpassword) ON pg_authid FROM app; DROP ROLE old",
        ),
        *("old", "none"),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_not_as_required_fails_its_own_item(case: Bad, shop: Shop) -> None:
    case.apply(shop)
    run = shop.target.judge()
    name = f"database-setup.{case.item}"
    item = run.item(name)
    assert section(run.states) == GOOD | {name: "failed"}, item
    unmet = [one for one in item["observations"] if one["judged"] == "violated"]
    assert re.match(case.observed, unmet[0]["observed"])
    assert unmet[0]["required"] == case.required
    assert unmet[0]["source"]
    assert item["code"] == "VIOLATED"
    assert unmet[0]["required"] in item["reason"]


def test_a_pool_that_is_down_fails(shop: Shop) -> None:
    pooled(shop)
    run = shop.target.judge()
    name = "database-setup.connection-pooling"
    assert section(run.states) == GOOD | {name: "failed"}
    assert run.item(name)["code"] == "NO_ANSWER"


def test_without_leave_the_drill_is_missing(shop: Shop) -> None:
    forbidden(shop)
    run = shop.target.judge()
    name = "database-setup.backup-strategy"
    assert section(run.states) == GOOD | {name: "unconfigured"}
    item = run.item(name)
    assert item["code"] == "NEEDS_DRILL"
    assert "does not allow `restore`" in item["reason"]
    judged = {one["label"]: one["judged"] for one in item["observations"]}
    assert judged["readable to its end"] == "met"
    assert "restore" in json.dumps(item)


def test_a_database_that_is_down_is_not_known_and_its_pool_fails(shop: Shop) -> None:
    shop.target.move("postgres", 1)
    run = shop.target.judge()
    changed = dict.fromkeys(GOOD, "unknown")
    changed["database-setup.connection-pooling"] = "failed"
    assert section(run.states) == changed
    assert os.environ.get(POOL) is None


@pytest.mark.parametrize(
    ("live", "state", "said"),
    [
        ("aaa", "verified", ""),
        ("bbb", "verified", ""),
        ("zzz", "failed", "migrations of no known place at the target: zzz"),
    ],
)
def test_the_target_may_be_yet_to_migrate_and_the_candidate_not(
    live: str, state: str, said: str, shop: Shop
) -> None:
    """The schema is the candidate's; the target has the same or an earlier one."""
    target, database = shop.target, "closed"
    table = "CREATE TABLE alembic_version AS SELECT"
    shop.postgres.sql(f"GRANT CONNECT ON DATABASE {database} TO app")
    shop.postgres.sql(f"{table} '{live}' AS version_num", database)
    shop.postgres.sql("GRANT SELECT ON alembic_version TO app", database)
    target.stack.callback(
        *(shop.postgres.sql, "DROP TABLE alembic_version", database),
    )
    revoke = f"REVOKE CONNECT ON DATABASE {database} FROM app"
    target.stack.callback(shop.postgres.sql, revoke)
    shop.expect("structure", earlier=["aaa"])
    target.others["staging"] = {"postgres": target.tables["postgres"].copy()}
    target.tables["candidate"] = "staging"
    target.set("postgres", database=database)
    run = target.judge()
    item = run.item("database-setup.schema-migration")
    assert item["state"] == state, item["reason"]
    assert said in item["reason"]
    assert run.states["database-setup.data-validation"] == "verified"
