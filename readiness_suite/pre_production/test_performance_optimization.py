"""Performance Optimization."""

from pytest_readiness import (
    Cause,
    Cdn,
    Check,
    Connections,
    Limits,
    Load,
    Pgbouncer,
    Prometheus,
    Redis,
    Responses,
    Statements,
    Unavailable,
    attested,
    days,
    item,
    section,
)

pytestmark = section("performance-optimization", stage="pre-production")


@item("response-times", owner="dev-lead")
def test_response_times(
    check: Check, responses: Responses, prometheus: Prometheus, limits: Limits
) -> None:
    """Each route that clients wait for answers 95 % of its requests within two seconds.

    Why: an average hides the one route that everybody waits for, and the one answer in
    twenty that makes clients ask again.
    Fix: profile the route that is named; a missing index or a call to somebody else in
    the middle of a request are the usual causes. Routes are declared in
    `[target.NAME.service.routes]`.
    """
    bounds = limits.service
    check("routes that are timed", responses.declared).at_least(1)
    routes = responses.all_of(prometheus, bounds.p95.value)
    for route in check.each("routes", routes):
        check(f"{route.name}: 95th percentile", route.p95).below(bounds.p95)
        if route.errors is not None:
            check(f"{route.name}: errors", route.errors).below(bounds.errors)


@item("throughput", owner="dev-lead")
@attested(role="dev-lead", scope="release", when="unconfigured")
def test_throughput(check: Check, load: Load, limits: Limits) -> None:
    """The service keeps up with a thousand requests a minute, without errors or delays.

    Why: what falls behind at the first peak falls behind more with every minute, and
    its clients ask again.
    Fix: look at what is busy under load: a lock, a pool that is too small, one worker;
    `allow = ["load"]` where the release runs has it tried here.
    """
    bounds = limits.service
    check("length of the load", load.lasted).at_least(bounds.load)
    check("good answers a minute", load.reached).at_least(bounds.rate)
    check("errors", load.errors).below(bounds.errors)
    check("95th percentile, from when a request was due", load.p95).below(bounds.p95)


@item("resource-usage", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_resource_usage(check: Check, prometheus: Prometheus, limits: Limits) -> None:
    """CPU, memory and disks of the service's machines have room for a peak.

    Why: a machine that is nearly full on a quiet day is full on the first busy one, and
    a disk without room stops the database.
    Fix: find what takes it, or give the service more machines or larger ones; where no
    Prometheus sees them, name one in `[target.NAME.prometheus]` with a preset.
    """
    bounds = limits.usage
    cpu, memory = "cpu-history", "memory-history"
    check("CPU, 95th percentile", prometheus.percentile(cpu, 0.95)).below(bounds.cpu)
    check("memory, 95th percentile", prometheus.percentile(memory, 0.95)).below(
        bounds.memory
    )
    check("fullest disk", prometheus.worst("disk-used")).below(bounds.disk)


@item("caching", owner="dev-lead")
@attested(role="dev-lead", scope="release", when="unconfigured")
def test_caching(
    check: Check, redis: Redis, responses: Responses, limits: Limits
) -> None:
    """What is asked for again comes from a cache, the server's or the client's own.

    Why: a cache that misses costs a round trip and saves none; an answer without a
    validator is sent whole to those who have it already.
    Fix: keep entries for longer, or under keys that come again; send an ETag, and 304
    to whoever brings it back. Routes are declared in `[target.NAME.service.routes]`.
    """
    sample, ratio = limits.redis.hit_sample.value, limits.redis.hit_ratio.value
    early = Unavailable(f"fewer than {sample} lookups so far", Cause.TOO_EARLY)
    check("found in the cache", redis.lookups).satisfies(
        f"at least {ratio:.0%} of {sample} lookups or more",
        lambda seen: early if seen.total < sample else seen.ratio >= ratio,
    )
    for route in check.each("routes that may be kept", responses.cacheable):
        check(f"{route.name}: may be kept, with a validator", route.validator).is_true()
        check(f"{route.name}: 304 for it", route.not_modified).is_true()


@item("database-optimization", owner="dba")
@attested(role="dba", scope="release", when="unconfigured")
def test_database_optimization(
    check: Check, statements: Statements, limits: Limits
) -> None:
    """No statement is slow on average, and the indexes are those that are needed.

    Why: one slow statement holds a connection that others wait for; an index that
    nobody reads is written with every row.
    Fix: EXPLAIN the statement that is named, add the index it lacks, DROP those that
    are named here.
    """
    bounds = limits.postgres
    slowest = statements.slowest(bounds.statement_calls.value)
    check("slowest mean of a statement", slowest).below(bounds.statement_mean)
    check("indexes that are alike", statements.duplicates).empty()
    check("indexes without use", statements.unused(bounds.index_idle.value)).empty()
    rows, share = bounds.large_table.value, bounds.max_sequential.value
    check("large tables read as a whole", statements.sequential(rows, share)).empty()


@item("connection-pooling", owner="dev-lead")
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_connection_pooling(
    check: Check, connections: Connections, pgbouncer: Pgbouncer, limits: Limits
) -> None:
    """Clients keep their connections to the service, and its own pool is not full.

    Why: a handshake for each request takes longer than most answers; a full pool turns
    a slow statement into a service that stands still.
    Fix: have the service, and what stands in front of it, keep connections alive; find
    what holds the pool's connections, or make it larger.
    """
    check("a second request on one connection", connections.kept_alive).is_true()
    check("connections in use, of the fullest pool", pgbouncer.in_use).below(
        limits.pgbouncer.max_in_use
    )


@item("parallel-processing", owner="dev-lead")
@attested(role="dev-lead", scope="environment", max_age=days(90), when="unconfigured")
def test_parallel_processing(
    check: Check, prometheus: Prometheus, limits: Limits
) -> None:
    """The service has workers enough to use the cores that it stands on.

    Why: one worker on eight cores leaves seven idle while requests wait.
    Fix: raise the number of worker processes (or threads, where those run side by
    side), and have the query `workers` of `[target.NAME.prometheus]` tell it.
    """
    share = limits.usage.workers.value
    cores = prometheus.total("cpu-cores")
    check("workers", prometheus.total("workers")).at_least(
        cores.map(lambda count: share * count)
    )


@item("memory-management", owner="dev-lead")
@attested(role="dev-lead", scope="release", max_age=days(30), when="unconfigured")
def test_memory_management(
    check: Check, prometheus: Prometheus, limits: Limits
) -> None:
    """The service's memory does not grow while it runs.

    Why: what grows a little every hour ends a process in the middle of the week, at the
    time of the most traffic.
    Fix: compare two heap profiles an hour apart, look at caches without a bound first.
    """
    bounds = limits.usage
    most = bounds.memory_growth.value
    growth = prometheus.growth(
        "resident-memory", "process-age", bounds.memory_window.value
    )
    # A line through noise rises or falls a little: what is not certain is no leak.
    check("growth of resident memory", growth).satisfies(
        f"below {most:.2%} an hour, or not certain",
        lambda seen: seen.rate < most or seen.low <= 0,
    )


@item("garbage-collection", owner="dev-lead")
@attested(role="dev-lead", scope="environment", max_age=days(90), when="unconfigured")
def test_garbage_collection(
    check: Check, prometheus: Prometheus, limits: Limits
) -> None:
    """Collecting garbage takes the service a small part of its time.

    Why: a process that collects all the time answers nobody meanwhile, and its CPU
    looks busy with work.
    Fix: keep fewer objects alive, raise the collector's thresholds (in Python
    `gc.freeze()` after the start), or give the process more memory.
    """
    bounds = limits.usage
    told = prometheus.some_of("gc-collections", "gc-pauses")
    if "gc-collections" in told:
        check("full collections", prometheus.worst("gc-collections")).at_most(
            bounds.gc_collections
        )
    if "gc-pauses" in told:
        check("time in pauses", prometheus.worst("gc-pauses")).at_most(bounds.gc_pauses)


@item("cdn", owner="ops-lead")
@attested(role="ops-lead", scope="environment", max_age=days(90), when="unconfigured")
def test_cdn(check: Check, cdn: Cdn) -> None:
    """Static files come from a content delivery network's cache.

    Why: files that every browser fetches from the service itself take the room that
    orders need, and are far away for most.
    Fix: send `Cache-Control: public, max-age=...` from the origin, and have the network
    keep what it says. The files are declared in `[target.NAME.cdn]`.
    """
    for asset in check.each("static files", cdn.assets):
        check(f"{asset.name}: may be kept", asset.cacheable).is_true()
        check(f"{asset.name}: the second read is a hit", asset.hit).is_true()
