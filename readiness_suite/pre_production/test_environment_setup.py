"""Environment Setup."""

from pytest_readiness import (
    Check,
    Dependencies,
    Limits,
    Machine,
    Network,
    Postgres,
    Provider,
    Python,
    Redis,
    Tls,
    attested,
    item,
    rollup,
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


@item("dependencies", owner="dev-lead")
@attested(role="dev-lead", scope="release", when="unconfigured")
def test_dependencies(check: Check, dependencies: Dependencies) -> None:
    """The service's interpreter has every package that the release requires.

    Why: a missing or an older package is an ImportError, or worse a wrong result, in
    the first request that reaches it.
    Fix: install what is required into the service's environment, such as
    `python -m pip install -r requirements.txt`; `python -m pip check` shows conflicts.
    """
    check("requirements files missing", dependencies.missing_files).empty()
    check("requirements understood", dependencies.requirements).at_least(0)
    check("not installed", dependencies.missing).empty()
    check("installed otherwise", dependencies.mismatched).empty()
    check("conflicts among the installed", dependencies.conflicts).empty()


@item("system-resources", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_system_resources(check: Check, machine: Machine, limits: Limits) -> None:
    """The service has the memory, the cores and the storage that it was sized for.

    Why: a container's limit below the machine's is found by the first load, as a kill
    for want of memory or as throttling.
    Fix: give the service's machine or container what is missing, and move its folder to
    a file system that is large enough. How full it is, is another item's matter.
    """
    check("memory", machine.memory).at_least(limits.machine.min_memory)
    check("cores", machine.cores).at_least(limits.machine.min_cores)
    check("storage", machine.storage).at_least(limits.machine.min_storage)


@item("network-connectivity", owner="network-admin", reach=True)
@attested(role="network-admin", scope="environment", when="unconfigured")
def test_network_connectivity(check: Check, network: Network, limits: Limits) -> None:
    """Every upstream endpoint is reached, each time and fast.

    Why: a feed behind a lossy or a slow path gives stale prices long before anybody
    calls it down.
    Fix: mend name, route or firewall towards the endpoint; where a proxy leads out,
    name it as `proxy` in `[target.NAME.network]`.
    """
    for endpoint in check.each("upstream endpoints", network.endpoints):
        name, at_most = endpoint.name, limits.network
        check(f"{name}: share of connects lost", endpoint.loss).at_most(at_most.loss)
        check(f"{name}: median", endpoint.median).at_most(at_most.median)
        check(f"{name}: 99th percentile", endpoint.p99).at_most(at_most.p99)


def accepts_the_key(check: Check, provider: Provider, limits: Limits) -> None:
    """Hold a provider against what all of them must do."""
    check("the key is set", provider.key_set).is_true()
    check("it is a placeholder", provider.placeholder).is_false()
    check("live, no sandbox", provider.live).at_least(limits.providers.live)
    check("the provider accepts it", provider.accepted).is_true()


@item("api-keys", owner="dev-lead")
@rollup(over="environment-setup.api-keys.*")
def test_api_keys() -> None:
    """Every provider of data that the service reads accepts its key.

    Why: with one feed missing the engine prices on stale data, or not at all.
    Fix: see the items of the single providers.
    """


@item("api-keys.tradier", owner="dev-lead", reach=True)
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_api_keys_tradier(check: Check, provider: Provider, limits: Limits) -> None:
    """Tradier accepts the service's token, at the live API.

    Why: a revoked or paper-trading token is noticed by the first customer's order.
    Fix: make a token in Tradier's dashboard (Settings, API Access), put it where `key`
    of `[target.NAME.providers.tradier]` points, with the live URL.
    """
    accepts_the_key(check, provider, limits)


@item("api-keys.yahoo-finance", owner="dev-lead", reach=True)
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_api_keys_yahoo_finance(
    check: Check, provider: Provider, limits: Limits
) -> None:
    """The source of Yahoo Finance quotes accepts the service's key.

    Why: quotes are the input of every price that the engine shows.
    Fix: renew the subscription's key, put it where `key` of
    `[target.NAME.providers.yahoo-finance]` points; `url` and `header` as sold.
    """
    accepts_the_key(check, provider, limits)


@item("api-keys.fred", owner="dev-lead", reach=True)
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_api_keys_fred(check: Check, provider: Provider, limits: Limits) -> None:
    """FRED accepts the service's API key.

    Why: without its interest rates options are priced with yesterday's curve.
    Fix: request a key at fredaccount.stlouisfed.org, put it where `key` of
    `[target.NAME.providers.fred]` points.
    """
    accepts_the_key(check, provider, limits)


@item("api-keys.quiver-quant", owner="dev-lead", reach=True)
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_api_keys_quiver_quant(
    check: Check, provider: Provider, limits: Limits
) -> None:
    """Quiver Quantitative accepts the service's token.

    Why: signals from its data stop silently when the subscription ends.
    Fix: renew the subscription, put its token where `key` of
    `[target.NAME.providers.quiver-quant]` points.
    """
    accepts_the_key(check, provider, limits)


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
