"""Environment Setup."""

from pytest_readiness import (
    Check,
    Limits,
    Postgres,
    Python,
    Redis,
    Tls,
    attested,
    item,
    section,
)

pytestmark = section("environment-setup", stage="pre-production")


@item("python-environment", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_python_environment(check: Check, python: Python, limits: Limits) -> None:
    """The service runs on a supported Python of its own, apart from the system's.

    Why: packages in a shared interpreter change under the service when the machine is
    updated, and an old branch gets no security fixes.
    Fix: install a supported Python, create a virtual environment (or a container image)
    for the service and point `[target.NAME.python] interpreter` at it.
    """
    check("the interpreter exists", python.exists).is_true()
    check("it answers", python.answers).is_true()
    check("its version", python.version).at_least(limits.python.min_version)
    check("isolated from the system's Python", python.isolated).is_true()


@item("database", owner="dba", reach=True)
@attested(role="dba", scope="environment", when="unconfigured")
def test_database(check: Check, postgres: Postgres, limits: Limits) -> None:
    """The database answers and is PostgreSQL 12 or newer.

    Why: without its database the service takes no order, and releases before 12 have
    been without security fixes for years.
    Fix: start the server, mend address and credentials in `[target.NAME.postgres]`, or
    upgrade with pg_upgrade.
    """
    check("it answers a query", postgres.answers).is_true()
    check("PostgreSQL version", postgres.version).at_least(limits.postgres.min_version)


@item("cache", owner="ops-lead", reach=True)
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_cache(check: Check, redis: Redis, limits: Limits) -> None:
    """The cache answers fast, is Redis 6 or newer, and cannot outgrow its memory.

    Why: a cache without a limit takes the machine's memory and is killed at the peak; a
    store with an evicting policy loses data silently.
    Fix: start the server, set `maxmemory` and the `maxmemory-policy` that its role
    needs, or upgrade it.
    """
    check("it answers", redis.answers).is_true()
    check("Redis version", redis.version).at_least(limits.redis.min_version)
    check("memory limit", redis.maxmemory).above(0)
    if redis.role.otherwise("cache") == "store":
        check("eviction policy of a store", redis.eviction_policy).equals("noeviction")
        check("data outlives a restart", redis.persistence).is_true()
    else:
        check("eviction policy of a cache", redis.eviction_policy).satisfies(
            "one that evicts", lambda policy: policy != "noeviction"
        )
    near = redis.same_network.otherwise(default=True)
    round_trip = limits.redis.round_trip if near else limits.redis.round_trip_remote
    check("median round trip", redis.round_trip).at_most(round_trip)


@item("ssl-certificates", owner="security-lead", reach=True, core=True)
def test_ssl_certificates(check: Check, tls: Tls, limits: Limits) -> None:
    """Every TLS endpoint shows a trusted, strong certificate with time left.

    Why: an expired or broken certificate stops every client at once, at an hour that
    nobody chose.
    Fix: renew the certificate, send the intermediates with it, and let a renewal job
    run well before the end.
    """
    for endpoint in check.each("TLS endpoints", tls.endpoints):
        name = endpoint.name
        check(f"{name}: chain of trust", endpoint.chain_trusted).is_true()
        check(f"{name}: host name", endpoint.host_matches).is_true()
        check(f"{name}: intermediates sent", endpoint.intermediates_sent).is_true()
        check(f"{name}: weak signatures", endpoint.weak_signatures).empty()
        for part in check.each(f"{name}: path", endpoint.certificates):
            left = limits.certificates.needed(part.lifetime)
            bits = limits.certificates.min_bits(part.key_family)
            where = f"{name}, {part.name}"
            check(f"{where}: time left", part.time_left).at_least(left)
            check(f"{where}: key size", part.key_bits).at_least(bits)
