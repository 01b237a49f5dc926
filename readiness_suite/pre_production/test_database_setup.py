"""Database Setup."""

from pytest_readiness import Check, Contents, Database, Live, attested, item, section

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
