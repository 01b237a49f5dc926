"""What the looks at performance say beforehand, against what real servers were sent."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.probes.connections import Connections
from pytest_readiness.probes.load import Load
from pytest_readiness.probes.look import Facts, Look
from pytest_readiness.probes.postgres.statements import Statements
from pytest_readiness.probes.responses import Responses
from pytest_readiness.target.blocks import ReleaseRoute, ServiceBlock
from pytest_readiness.target.blocks.load import LoadTable
from pytest_readiness.target.blocks.routes import RoutesTable

if TYPE_CHECKING:
    from conftest import Nginx, PostgresServer

ROUTES = RoutesTable(
    timed=("/text", "HEAD /version"),
    cacheable=("/version",),
    description="/version",
    samples=59,
)
LOAD = LoadTable(
    routes=("/text",),
    rate=3000.0,
    duration=dt.timedelta(seconds=1),
    late=dt.timedelta(seconds=5),
)


@pytest.mark.parametrize("kind", [Responses, Connections, Load])
def test_the_service_is_asked_the_planned_requests(
    kind: type[Facts], nginx: Nginx
) -> None:
    block = ServiceBlock(
        url=nginx.url(),
        ca_file=nginx.pki.ca_file,
        release=ReleaseRoute(route="/version"),
        routes=ROUTES,
        load=LOAD,
    )
    before = len(nginx.asked.read_text())
    kind.gather(block, Look("here", 60.0))
    lines = nginx.asked.read_text()[before:].splitlines()
    asked = [line.partition("|")[0] for line in lines]

    looks = [look for look in kind.looks(block) or () if look.kind == "request"]
    assert {look.what for look in looks} == set(asked)
    if kind is Responses:
        times = [
            int(n) for look in looks for n in re.findall(r"(\d+) times", look.note)
        ]
        # Beside these, what may be kept is asked for twice, and the description once.
        assert len(asked) == sum(times) + 2 + 1
    elif kind is Load:
        assert all(look.intrusive == "load" for look in looks)
        assert looks[0].note == "together 3000 a minute for 1 s"
        # Each route once beforehand: is it there at all?
        assert len(asked) == 50 + 1


def test_without_a_load_none_is_planned(nginx: Nginx) -> None:
    block = ServiceBlock(url=nginx.url())
    assert Load.looks(block) == ()
    assert Load.limit(block) < dt.timedelta(minutes=1)


def test_the_database_is_sent_the_planned_statements(
    postgres_server: PostgresServer,
) -> None:
    sql = postgres_server.sql
    sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements", database="app")
    sql("GRANT pg_read_all_stats TO app")
    block = postgres_server.block()
    log = postgres_server.socket_folder / "log"
    before = len(log.read_text())
    Statements.gather(block, Look("here", 10.0))
    sent = re.findall(
        r"^pytest-readiness\|.*?statement: (.+)$",
        log.read_text()[before:],
        re.MULTILINE,
    )
    sql("DROP EXTENSION pg_stat_statements", database="app")
    sql("REVOKE pg_read_all_stats FROM app")

    looks = [one for one in Statements.looks(block) if one.kind == "statement"]
    patterns = [
        ".+".join(map(re.escape, re.split(r"\{\w+\}", one.what))) for one in looks
    ]
    said = {statement for line in sent for statement in line.split("; ")}
    for statement in said:
        assert any(re.fullmatch(one, statement) for one in patterns), statement
    for one in patterns:
        assert any(re.fullmatch(one, statement) for statement in said), one
    replica = postgres_server.block(replicas=("replica.example",))
    places = [
        one.where for one in Statements.looks(replica) if one.kind == "connection"
    ]
    assert "replica.example" in places
