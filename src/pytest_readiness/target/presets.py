"""PromQL for the facts that common exporters know, by the exporter's name.

A fact has one name whoever knows it: ``cpu-used`` of ``node`` and of ``windows``. In
the texts ``<on>`` is where the target's own label matchers go. A target's ``queries``
go before its presets.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PRESETS", "Preset", "filled"]


class Preset(NamedTuple):
    """One fact of an exporter."""

    promql: str
    unit: str = ""
    window: dt.timedelta | None = None
    """So far back it is asked; left out, for the present only."""
    step: dt.timedelta = dt.timedelta(minutes=1)


_HOUR = dt.timedelta(hours=1)
_RATIO, _BYTES, _SECONDS, _RATE = "ratio", "bytes", "s", "bytes/s"
_DISKS = 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|fuse.*|nsfs",<on>'
_TWO_WEEKS = "14 * 86400"

_NODE_CPU = '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle",<on>}[5m]))'
_NODE_MEMORY = (
    "1 - node_memory_MemAvailable_bytes{<on>} / node_memory_MemTotal_bytes{<on>}"
)
_NODE = {
    "node-up": Preset("up{<on>}"),
    "cpu-cores": Preset(
        'count by (instance) (node_cpu_seconds_total{mode="idle",<on>})'
    ),
    "cpu-used": Preset(_NODE_CPU, _RATIO),
    "cpu-history": Preset(_NODE_CPU, _RATIO, _HOUR),
    "memory-total": Preset("node_memory_MemTotal_bytes{<on>}", _BYTES),
    "memory-used": Preset(_NODE_MEMORY, _RATIO),
    "memory-history": Preset(_NODE_MEMORY, _RATIO, _HOUR),
    "disk-total": Preset(f"node_filesystem_size_bytes{{{_DISKS}}}", _BYTES),
    "disk-used": Preset(
        f"1 - node_filesystem_avail_bytes{{{_DISKS}}}"
        f" / node_filesystem_size_bytes{{{_DISKS}}}",
        _RATIO,
    ),
    "disk-free-in-14-days": Preset(
        f"predict_linear(node_filesystem_avail_bytes{{{_DISKS}}}[24h], {_TWO_WEEKS})",
        _BYTES,
    ),
    "network-received": Preset(
        "sum by (instance) "
        '(rate(node_network_receive_bytes_total{device!="lo",<on>}[5m]))',
        _RATE,
    ),
    "network-sent": Preset(
        "sum by (instance) "
        '(rate(node_network_transmit_bytes_total{device!="lo",<on>}[5m]))',
        _RATE,
    ),
}
"""node_exporter, names since its 0.16."""

_WINDOWS_TOTAL = (
    "(windows_memory_physical_total_bytes{<on>}"
    " or windows_cs_physical_memory_bytes{<on>})"
)
_WINDOWS_FREE = (
    "(windows_memory_available_bytes{<on>}"
    " or windows_os_physical_memory_free_bytes{<on>})"
)
_WINDOWS_CPU = (
    '1 - avg by (instance) (rate(windows_cpu_time_total{mode="idle",<on>}[5m]))'
)
_WINDOWS_MEMORY = f"1 - {_WINDOWS_FREE} / {_WINDOWS_TOTAL}"
_WINDOWS = {
    "node-up": Preset("up{<on>}"),
    "cpu-cores": Preset(
        'count by (instance) (windows_cpu_time_total{mode="idle",<on>})'
    ),
    "cpu-used": Preset(_WINDOWS_CPU, _RATIO),
    "cpu-history": Preset(_WINDOWS_CPU, _RATIO, _HOUR),
    "memory-total": Preset(_WINDOWS_TOTAL, _BYTES),
    "memory-used": Preset(_WINDOWS_MEMORY, _RATIO),
    "memory-history": Preset(_WINDOWS_MEMORY, _RATIO, _HOUR),
    "disk-total": Preset("windows_logical_disk_size_bytes{<on>}", _BYTES),
    "disk-used": Preset(
        "1 - windows_logical_disk_free_bytes{<on>}"
        " / windows_logical_disk_size_bytes{<on>}",
        _RATIO,
    ),
    "disk-free-in-14-days": Preset(
        f"predict_linear(windows_logical_disk_free_bytes{{<on>}}[24h], {_TWO_WEEKS})",
        _BYTES,
    ),
    "network-received": Preset(
        "sum by (instance) (rate(windows_net_bytes_received_total{<on>}[5m]))", _RATE
    ),
    "network-sent": Preset(
        "sum by (instance) (rate(windows_net_bytes_sent_total{<on>}[5m]))", _RATE
    ),
}
"""windows_exporter; memory's names changed with 0.31, both are asked for."""

_POD = "(namespace, pod, container)"
_IN_POD = 'container!="",container!="POD",<on>'
_POD_CPU = (
    f"sum by {_POD} (rate(container_cpu_usage_seconds_total{{{_IN_POD}}}[5m]))"
    f" / (sum by {_POD} (container_spec_cpu_quota{{{_IN_POD}}})"
    f" / sum by {_POD} (container_spec_cpu_period{{{_IN_POD}}}))"
)
_POD_MEMORY = (
    f"sum by {_POD} (container_memory_working_set_bytes{{{_IN_POD}}})"
    f" / (sum by {_POD} (container_spec_memory_limit_bytes{{{_IN_POD}}}) > 0)"
)
_CADVISOR = {
    "cpu-cores": Preset(
        f"sum by {_POD} (container_spec_cpu_quota{{{_IN_POD}}})"
        f" / sum by {_POD} (container_spec_cpu_period{{{_IN_POD}}})"
    ),
    "cpu-used": Preset(_POD_CPU, _RATIO),
    "cpu-history": Preset(_POD_CPU, _RATIO, _HOUR),
    "memory-total": Preset(
        f"sum by {_POD} (container_spec_memory_limit_bytes{{{_IN_POD}}}) > 0", _BYTES
    ),
    "memory-used": Preset(_POD_MEMORY, _RATIO),
    "memory-history": Preset(_POD_MEMORY, _RATIO, _HOUR),
    "disk-total": Preset(f"container_fs_limit_bytes{{{_IN_POD}}} > 0", _BYTES),
    "disk-used": Preset(
        f"container_fs_usage_bytes{{{_IN_POD}}}"
        f" / (container_fs_limit_bytes{{{_IN_POD}}} > 0)",
        _RATIO,
    ),
    "network-received": Preset(
        "sum by (namespace, pod) "
        "(rate(container_network_receive_bytes_total{<on>}[5m]))",
        _RATE,
    ),
    "network-sent": Preset(
        "sum by (namespace, pod) "
        "(rate(container_network_transmit_bytes_total{<on>}[5m]))",
        _RATE,
    ),
}
"""cAdvisor, as the kubelet shows it: containers against their own limits."""

_KUBE_STATE = {
    "replicas-wanted": Preset("kube_deployment_spec_replicas{<on>}"),
    "replicas-available": Preset("kube_deployment_status_replicas_available{<on>}"),
    "pods-ready": Preset('kube_pod_status_ready{condition="true",<on>}'),
    "container-restarts": Preset(
        "increase(kube_pod_container_status_restarts_total{<on>}[10m])"
    ),
    "container-cpu-limit": Preset(
        'kube_pod_container_resource_limits{resource="cpu",<on>}'
    ),
    "container-memory-limit": Preset(
        'kube_pod_container_resource_limits{resource="memory",<on>}', _BYTES
    ),
}
"""kube-state-metrics, names since its 2.0."""

_LAG = "(pg_replication_lag_seconds{<on>} or pg_replication_lag{<on>})"
_POSTGRES = {
    "postgres-up": Preset("pg_up{<on>}"),
    "postgres-connections-used": Preset(
        "sum by (instance) (pg_stat_database_numbackends{<on>})"
        " / max by (instance) (pg_settings_max_connections{<on>})",
        _RATIO,
    ),
    "postgres-replication-lag": Preset(_LAG, _SECONDS),
    "postgres-longest-transaction": Preset(
        "max by (instance) (pg_stat_activity_max_tx_duration{<on>})", _SECONDS
    ),
    "postgres-cache-hits": Preset(
        "sum by (instance) (rate(pg_stat_database_blks_hit{<on>}[1h]))"
        " / (sum by (instance) (rate(pg_stat_database_blks_hit{<on>}[1h]))"
        " + sum by (instance) (rate(pg_stat_database_blks_read{<on>}[1h])))",
        _RATIO,
    ),
    "postgres-deadlocks": Preset(
        "sum by (instance) (increase(pg_stat_database_deadlocks{<on>}[1h]))"
    ),
}
"""postgres_exporter; before its 0.12 the lag came from a query of one's own, as
``pg_replication_lag``: both names are asked for."""

_REDIS = {
    "redis-up": Preset("redis_up{<on>}"),
    "redis-memory-used": Preset(
        "redis_memory_used_bytes{<on>} / (redis_memory_max_bytes{<on>} > 0)", _RATIO
    ),
    "redis-clients": Preset("redis_connected_clients{<on>}"),
    "redis-hits": Preset(
        "rate(redis_keyspace_hits_total{<on>}[1h])"
        " / (rate(redis_keyspace_hits_total{<on>}[1h])"
        " + rate(redis_keyspace_misses_total{<on>}[1h]))",
        _RATIO,
    ),
    "redis-evicted": Preset("increase(redis_evicted_keys_total{<on>}[1h])"),
}
"""redis_exporter, for Redis and Valkey."""

_PROCESS = {
    "resident-memory": Preset(
        "process_resident_memory_bytes{<on>}",
        _BYTES,
        dt.timedelta(hours=6),
        dt.timedelta(minutes=5),
    ),
    "process-age": Preset("time() - process_start_time_seconds{<on>}", _SECONDS),
}
_PER_SECOND = "1/s"
_PYTHON = {
    **_PROCESS,
    "gc-collections": Preset(
        'rate(python_gc_collections_total{generation="2",<on>}[1h])', _PER_SECOND
    ),
}
"""Python's client library; of pauses it says nothing."""
_GO = {
    **_PROCESS,
    "gc-pauses": Preset("rate(go_gc_duration_seconds_sum{<on>}[1h])", _RATIO),
}
"""Go's client library; its collector is told by its pauses."""
_MAJOR = 'action="end of major GC",<on>'
_OLD = 'gc=~".*(Old|MarkSweep).*",<on>'
_JVM = {
    **_PROCESS,
    "gc-collections": Preset(
        f"sum by (instance) (rate(jvm_gc_pause_seconds_count{{{_MAJOR}}}[1h])"
        f" or rate(jvm_gc_collection_seconds_count{{{_OLD}}}[1h]))",
        _PER_SECOND,
    ),
    "gc-pauses": Preset(
        "sum by (instance) (rate(jvm_gc_pause_seconds_sum{<on>}[1h])"
        " or rate(jvm_gc_collection_seconds_sum{<on>}[1h]))",
        _RATIO,
    ),
}
"""Micrometer's names, and those of the Java client library."""

_BLACKBOX = {
    "probe-success": Preset("probe_success{<on>}"),
    "probe-duration": Preset("probe_duration_seconds{<on>}", _SECONDS),
}
"""blackbox_exporter: what a service looks like from outside."""

PRESETS: Mapping[str, Mapping[str, Preset]] = {
    "node": _NODE,
    "windows": _WINDOWS,
    "cadvisor": _CADVISOR,
    "kube-state": _KUBE_STATE,
    "postgres": _POSTGRES,
    "redis": _REDIS,
    "blackbox": _BLACKBOX,
    "python": _PYTHON,
    "go": _GO,
    "jvm": _JVM,
}
"""The facts of each exporter or client library, by its name."""


def filled(preset: Preset, matchers: str) -> str:
    """Give a preset's PromQL for the series that the target's matchers choose.

    >>> filled(PRESETS["redis"]["redis-up"], 'job="cache"')
    'redis_up{job="cache"}'
    """
    if not matchers:
        return preset.promql.replace(",<on>", "").replace("{<on>}", "")
    return preset.promql.replace("<on>", matchers)
