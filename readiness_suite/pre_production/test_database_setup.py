"""Database Setup."""

from pytest_readiness import (
    Backup,
    Check,
    Contents,
    Database,
    Defences,
    Drill,
    Limits,
    Live,
    Pgbouncer,
    RowCounts,
    attested,
    backup_rules,
    item,
    section,
)

pytestmark = section("database-setup", stage="pre-production")


@item("database-creation", owner="dba")
@attested(role="dba", scope="environment", when="unconfigured")
def test_database_creation(check: Check, database: Database) -> None:
    """The service's role may do what the service needs in its database, and no more.

    Why: whoever breaks into the service holds its role; a superuser reads every file of
    the server, and a role without a grant fails at the first order.
    Fix: GRANT what is lacking, REVOKE the rest, and name what the service needs in
    `[target.NAME.postgres.access]`.
    """
    check("the database exists", database.exists).is_true()
    check("the service's role exists", database.role_exists).is_true()
    check("powers beyond the data", database.role_powers).empty()
    check("privileges that it lacks", database.lacking_privileges).empty()
    check("privileges beyond its needs", database.excess_privileges).empty()
    if not database.role_migrates.otherwise(default=False):
        check("tables that it owns", database.owned_tables).empty()
    check("schemas where anybody may create", database.public_creates).empty()


@item("schema-migration", owner="dba")
@attested(role="dba", scope="release", when="unconfigured")
def test_schema_migration(check: Check, database: Database, live: Live) -> None:
    """The schema is the one that the release was written for, and is whole.

    Why: code meets a column that is not there only when the first order needs it, and
    an index that was never finished is not used by anybody.
    Fix: run the migrations; REINDEX or drop an invalid index; declare in
    `[target.NAME.postgres.structure]` what the release expects.
    """
    check("tables that are missing", database.missing_tables).empty()
    check("columns that are missing", database.missing_columns).empty()
    check("indexes that are missing", database.missing_indexes).empty()
    check("invalid indexes", database.invalid_indexes).empty()
    check("tables without a primary key", database.tables_without_key).empty()
    check("last migration", database.heads).equals(database.release_heads)
    check("migrations of no known place at the target", live.unplaced_heads).empty()


@item("data-validation", owner="dba")
@attested(role="dba", scope="release", when="unconfigured")
def test_data_validation(check: Check, contents: Contents) -> None:
    """The tables hold what the service starts from, and every rule on them was checked.

    Why: a service without its reference data refuses the first order, and a rule that
    old rows were never held against promises what is not so.
    Fix: load the data, mend the rows that break a rule, then `ALTER TABLE ... VALIDATE
    CONSTRAINT`; name floors and assertions in `[target.NAME.postgres.contents]`.
    """
    for one in check.each("floors and assertions", contents.expectations):
        check(one.name, one.value).satisfies(one.required, one.holds)
    check("constraints that are not validated", contents.unvalidated).empty()


@item("connection-pooling", owner="dba", reach=True)
@attested(role="dba", scope="environment", when="unconfigured")
def test_connection_pooling(
    check: Check, pgbouncer: Pgbouncer, database: Database, limits: Limits
) -> None:
    """The pool answers, fits the server, and no client waits for a connection.

    Why: a pool larger than the server turns a peak into refused connections, and one
    that is too small lets every request wait.
    Fix: start PgBouncer; lower `default_pool_size` or raise `max_connections`; where
    clients wait, look for transactions that are left open.
    """
    check("the pool's console answers", pgbouncer.answers).is_true()
    check("connections that the pools may open", pgbouncer.size_limit).at_most(
        database.usable_connections
    )
    check("longest wait for a connection", pgbouncer.longest_wait).below(
        limits.pgbouncer.max_wait
    )
    check("connections at once through the pool", pgbouncer.lets_through).is_true()


@item("backup-strategy", owner="dba", core=True)
@attested(role="dba", scope="environment", when="unconfigured")
def test_backup_strategy(
    check: Check, backup: Backup, drill: Drill, row_counts: RowCounts, limits: Limits
) -> None:
    """The newest backup is recent and whole, and a restore brings every row back.

    Why: a backup that was never restored is a hope; a cut one is noticed on the day
    when nothing else is left.
    Fix: see to the job that makes them and to the room that they need; then restore one
    and compare, as `allow = ["restore"]` has it done here.
    """
    backup_rules(check, backup, drill, row_counts, limits)


@item("performance-tuning", owner="dba")
@attested(role="dba", scope="environment", when="unconfigured")
def test_performance_tuning(check: Check, database: Database, limits: Limits) -> None:
    """The server is set up for its machine, and its tables and cache are in good order.

    Why: PostgreSQL ships with settings for a very small machine, and a table full of
    dead rows, or transaction numbers that run out, slow everything down to a stop.
    Fix: set what is named here in postgresql.conf for the machine's memory, turn
    autovacuum on, VACUUM the table that is named.
    """
    bounds = limits.postgres
    check("shared_buffers, of the memory", database.shared_buffers_share).between(
        bounds.min_shared_buffers.value, bounds.max_shared_buffers.value
    )
    check("effective_cache_size", database.effective_cache_size).at_least(
        database.shared_buffers
    )
    check(
        "work_mem of all connections, of the memory", database.work_memory_share
    ).at_most(bounds.max_work_memory)
    check("max_wal_size", database.max_wal_size).at_least(bounds.min_wal_size)
    check("autovacuum", database.autovacuum).is_true()
    check("pg_stat_statements", database.statements_recorded).is_true()
    sample, ratio = bounds.cache_sample.value, bounds.cache_hit_ratio.value
    check("found in the cache", database.cache_reads).satisfies(
        f"at least {ratio:.0%}, once {sample} blocks were read",
        lambda reads: reads.blocks < sample or reads.ratio >= ratio,
    )
    check("dead rows of a table", database.dead_share).below(bounds.max_dead_rows)
    check("age of transactions", database.xid_age_share).below(bounds.max_xid_age)


@item("security", owner="dba")
@attested(role="dba", scope="environment", when="unconfigured")
def test_security(check: Check, defences: Defences) -> None:
    """The database talks over TLS only, and lets in nobody without the right secret.

    Why: what goes over the network in the clear is read there, passwords first, and a
    rule that trusts addresses lets in whoever gets one.
    Fix: set `ssl = on`, write `hostssl ... scram-sha-256` rules only, and give roles
    with an MD5 password a new one.
    """
    check("this session runs over TLS", defences.encrypted).is_true()
    check("the server offers TLS", defences.offers_tls).is_true()
    check("a session without TLS is refused", defences.plaintext_refused).is_true()
    check("what a log-in asks for", defences.asks_for).one_of(
        ("scram-sha-256", "certificate")
    )
    check("a wrong password is refused", defences.stranger_refused).is_true()
    check("new passwords are kept as", defences.password_encryption).equals(
        "scram-sha-256"
    )
    if defences.rules_shown.otherwise(default=True):
        check("weak rules for other machines", defences.weak_rules).empty()
    if defences.verifiers_shown.otherwise(default=True):
        check("roles with an MD5 password", defences.md5_roles).empty()
