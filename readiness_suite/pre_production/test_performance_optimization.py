"""Performance Optimization."""

from pytest_readiness import (
    Check,
    Limits,
    Prometheus,
    attested,
    days,
    item,
    section,
)

pytestmark = section("performance-optimization", stage="pre-production")


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
