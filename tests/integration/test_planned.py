"""What ``readiness plan`` says against what real servers were sent.

Everything that a server saw must be in the plan; everything that the plan has must have
been seen, except what its note makes depend on something.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from pytest_readiness.demo.pki import BAD
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.probes.look import Facts, Look
from pytest_readiness.probes.postgres import Postgres
from pytest_readiness.probes.postgres.contents import Contents
from pytest_readiness.probes.postgres.database import Database
from pytest_readiness.probes.postgres.defences import Defences
from pytest_readiness.probes.python import Python
from pytest_readiness.probes.redis import Redis
from pytest_readiness.probes.service import Service
from pytest_readiness.probes.tls import Tls
from pytest_readiness.probes.tls.handshakes import MOST_HANDSHAKES
from pytest_readiness.target.blocks import (
    PythonBlock,
    ReleaseRoute,
    ServiceBlock,
    TlsBlock,
    TlsEndpoint,
)
from pytest_readiness.target.blocks.database import (
    AccessTable,
    Assertion,
    ContentsTable,
    StructureTable,
)
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from conftest import Nginx, Pki, PostgresServer, RedisServer
    from pytest_readiness.probes.planned import Kind, PlannedLook

PASSWORD = "correct-horse-battery"


def gather(probe: type[Facts], block: object, timeout: float = 10.0) -> Facts:
    return probe.gather(block, Look(probe.source(block), timeout))


def planned(probe: type[Facts], block: object, kind: Kind) -> list[PlannedLook]:
    looks = probe.looks(block)
    assert looks is not None
    return [look for look in looks if look.kind == kind]


def as_planned(looks: Iterable[PlannedLook], seen: Iterable[str]) -> None:
    """Hold what was seen against the plan, in both directions."""
    looks, seen = list(looks), list(seen)
    for text in seen:
        assert any(fits(look, text) for look in looks), f"not planned: {text}"
    for look in looks:
        if not look.note.startswith("where "):
            assert any(fits(look, text) for text in seen), f"not seen: {look.what}"


def fits(look: PlannedLook, text: str) -> bool:
    parts = re.split(r"\{\w+\}", look.what)
    return re.fullmatch(".+".join(map(re.escape, parts)), text) is not None


def sent_to_postgres(
    server: PostgresServer, probe: type[Facts], block: object
) -> list[str]:
    """Give the statements that a look sends, as the server logs them."""
    log = server.socket_folder / "log"
    before = len(log.read_text())
    gather(probe, block)
    found = re.findall(
        r"^pytest-readiness\|.*?(?:statement|execute <unnamed>): (.+)$",
        log.read_text()[before:],
        re.MULTILINE,
    )
    return [statement for line in found for statement in line.split("; ")]


def test_postgres_is_sent_the_planned_statements(
    postgres_server: PostgresServer,
) -> None:
    block = postgres_server.block()
    sent = sent_to_postgres(postgres_server, Postgres, block)

    assert sent
    as_planned(planned(Postgres, block, "statement"), sent)
    (connection,) = planned(Postgres, block, "connection")
    assert connection.what == 'session as "app", sslmode verify-full'


SHAPED = {
    "access": AccessTable(role="app", privileges={"pg_class": ("SELECT",)}),
    "structure": StructureTable(
        tables={"pg_class": ("relname",)},
        indexes=("pg_class_oid_index",),
        head="flyway",
    ),
    "contents": ContentsTable(
        rows={"pg_catalog.pg_class": 10},
        assertions=(
            Assertion(name="cheap", sql="SELECT 1 + 1", equals=2),
            Assertion(
                name="dear",
                sql="SELECT count(*) FROM pg_class a, pg_class b"
                ", pg_class c, pg_class d",
                at_least=1,
            ),
        ),
    ),
    "ram": 10**9,
}


@pytest.mark.parametrize("probe", [Database, Contents, Defences])
def test_the_database_is_sent_planned_statements_only(
    probe: type[Facts], postgres_server: PostgresServer
) -> None:
    block = postgres_server.block(**SHAPED)
    sent = sent_to_postgres(postgres_server, probe, block)
    looks = planned(probe, block, "statement")

    assert len(set(sent)) > 4
    for text in sent:
        assert any(fits(look, text) for look in looks), f"not planned: {text}"
    # What has nothing to be filled in, and no note that says when, is always sent.
    always = {look.what for look in looks if "{" not in look.what and not look.note}
    assert always <= set(sent)


def test_redis_is_sent_the_planned_commands(redis_server: RedisServer) -> None:
    block = redis_server.block(db=1)
    watcher = redis.Redis(
        port=redis_server.port,
        username="watcher",
        password=PASSWORD,
        ssl=True,
        ssl_ca_certs=str(redis_server.pki.ca_file),
    )
    with watcher:
        before = log_ins(watcher)
        with watcher.monitor() as monitor:
            gather(Redis, block)
            watcher.echo("over")
            sent = until_over(monitor)
        logged_in = log_ins(watcher) - before

    assert logged_in == 1  # which MONITOR leaves out; the watcher itself says HELLO
    as_planned(planned(Redis, block, "command"), [*sent, f"AUTH app {PASSWORD}"])
    (connection,) = planned(Redis, block, "connection")
    assert connection.what == "as app, over TLS"


def log_ins(watcher: redis.Redis) -> int:
    return int(watcher.info("commandstats").get("cmdstat_auth", {}).get("calls", 0))


def until_over(monitor: object) -> list[str]:
    sent: list[str] = []
    for seen in monitor.listen():
        if seen["command"] == "ECHO over":
            return sent
        if not seen["command"].startswith(("AUTH ", "HELLO ", "CLIENT ")):
            sent.append(seen["command"])
    return sent


def test_the_service_is_sent_the_planned_request(nginx: Nginx, pki: Pki) -> None:
    block = ServiceBlock(
        url=nginx.url(),
        ca_file=pki.ca_file,
        token=Secret(PASSWORD, "env:TOKEN"),
        release=ReleaseRoute(route="/private?all=1"),
    )
    before = len(nginx.asked.read_text())
    gather(Service, block)
    (line,) = nginx.asked.read_text()[before:].splitlines()
    request, _, token = line.partition("|")

    (look,) = planned(Service, block, "request")
    as_planned([look], [request])
    assert (look.note, token) == ("with the token", f"Bearer {PASSWORD}")


@pytest.mark.parametrize("old", [False, True], ids=["answers", "knows no -I"])
def test_the_interpreter_is_started_as_planned(tmp_path: Path, old: bool) -> None:  # noqa: FBT001
    program = tmp_path / "python"
    known = '[ "$1" = -I ] && exit 2\n' if old else ""
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\0" "$0" "$@" "" >> {tmp_path}/started\n{known}'
        f'exec {sys.executable} "$@"\n'
    )
    program.chmod(0o755)
    block = PythonBlock(interpreter=program)
    facts = gather(Python, block)
    started = [
        words.split("\0")
        for words in (tmp_path / "started").read_text().split("\0\0")[:-1]
    ]

    assert facts.answers.value is True
    looks = planned(Python, block, "program")
    assert len(started) == (2 if old else 1)
    assert started == [shlex.split(look.what) for look in looks[: len(started)]]


@pytest.mark.parametrize("kind", ["good", *BAD])
def test_endpoints_get_as_many_handshakes_as_planned(
    kind: str, pki: Pki, tmp_path: Path
) -> None:
    issued = BAD[kind](pki.authority) if kind != "good" else pki.authority.issue()
    context = issued.server_context(tmp_path, "own")
    shaken: list[object] = []

    def shake(connection: socket.socket) -> None:
        shaken.append(connection)
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(1)

    with Listener(shake) as listener:
        endpoint = TlsEndpoint(host="localhost", port=listener.port)
        block = TlsBlock(endpoints=(endpoint,), ca_file=pki.ca_file)
        gather(Tls, block)

    (look,) = planned(Tls, block, "connection")
    assert look.where == f"localhost:{listener.port}"
    assert f"{MOST_HANDSHAKES} at most" in look.note
    assert len(shaken) in HANDSHAKES[kind]


HANDSHAKES = {
    **dict.fromkeys(BAD, range(2, MOST_HANDSHAKES + 1)),
    # What clients accept tells all in one handshake.
    **dict.fromkeys(("good", "expiring", "rsa-1024", "sha1"), range(1, 2)),
}


# ---------------------------------------------------------------------------- files

FILE_LOOK = """
import sys
from pathlib import Path
from pytest_readiness.probes import probe
from pytest_readiness.probes.look import Look
from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

target = load(Path(sys.argv[1]), Redactor()).select()
kind = probe(sys.argv[2])
block = getattr(target, sys.argv[2])
kind.looks(block)
Path(sys.argv[3]).touch()
kind.gather(block, Look("here", 10.0))
for look in kind.looks(block):
    if look.kind == "file":
        print(look.what)
"""

SYSTEM = re.compile(
    r"/(proc|sys|dev|lib|lib64|usr/lib|usr/share)/"
    r"|/etc/(nsswitch\.conf|passwd|group|hosts|host\.conf|resolv\.conf|gai\.conf"
    r"|services|localtime|ld\.so\.\w+|ssl/openssl\.cnf)$|.*/openssl\.cnf$"
)
"""What resolving a name, loading a library and starting OpenSSL read."""

FILES = {
    "postgres": """
        host = "localhost"
        port = {postgres}
        database = "app"
        user = "{user}"
        ca_file = "{folder}/ca.pem"
        {more}
        """,
    "redis": """
        host = "localhost"
        port = {redis}
        tls = true
        username = "app"
        password = "correct-horse-battery"
        ca_file = "{folder}/ca.pem"
        {more}
        """,
    "service": """
        url = "https://localhost:{nginx}"
        ca_file = "{folder}/ca.pem"
        """,
    "tls": """
        endpoints = ["localhost:{nginx}"]
        ca_file = "{folder}/ca.pem"
        """,
}
BADGE = 'cert_file = "{folder}/badge.pem"\nkey_file = "{folder}/badge.key"'
DSN = (
    "host=localhost port={postgres} dbname=app user=app"
    " sslmode=verify-full sslrootcert={folder}/ca.pem passfile={home}/pass"
)


@pytest.fixture
def strace() -> str:
    """Give the tracer, where this machine lets it trace."""
    command = ["strace", "-qq", "-o", os.devnull, "true"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"strace does not work here: {error}")
    return command[0]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("postgres", ""),
        ("postgres", BADGE),
        ("postgres", "dsn"),
        ("redis", ""),
        ("redis", BADGE),
        ("service", ""),
        ("tls", ""),
    ],
    ids=lambda value: "certificate" if value == BADGE else value or "plain",
)
def test_the_planned_files_are_read_and_no_others(
    name: str,
    more: str,
    strace: str,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    nginx: Nginx,
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    (home / ".postgresql").mkdir(parents=True)
    for lure in (".pgpass", "pass", ".postgresql/postgresql.crt", ".pg_service.conf"):
        (home / lure).write_text(f"*:*:*:*:{PASSWORD}\n")
        (home / lure).chmod(0o600)
    places = {
        "postgres": postgres_server.port,
        "redis": redis_server.port,
        "nginx": nginx.ports["good"],
        "folder": str(nginx.pki.folder),
        "user": "badge" if more == BADGE else "app",
        "home": str(home),
    }
    text = FILES[name].replace("{more}", "" if more == "dsn" else more)
    if more == "dsn":
        text = f'dsn = "{DSN}"'
    table = text.format(**places)
    target = tmp_path / "readiness.toml"
    target.write_text(
        f'[system]\nname = "shop"\n[release]\nversion = "1"\n[target.here.{name}]\n'
        + "\n".join(line.strip() for line in table.splitlines())
    )
    trace, mark = tmp_path / "trace", tmp_path / "mark"
    done = subprocess.run(
        [
            *(strace, "-f", "--seccomp-bpf", "-qq", "-e", "trace=open,openat"),
            *("-o", trace, sys.executable, "-c", FILE_LOOK, target, name, mark),
        ],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(home)},
    )
    looked = trace.read_text().partition(f'"{mark}"')[2]
    read = set(re.findall(r'open(?:at)?\([^"]*"([^"]+)"', looked))

    assert done.stdout.split()
    assert foreign(read) == set(done.stdout.split())


def foreign(read: set[str]) -> set[str]:
    """Leave out what Python and the system read for themselves."""
    root = str(Path(__file__).parents[2])
    python = (sys.prefix, sys.base_prefix, root, *filter(None, sys.path))
    return {
        path
        for path in read
        if path.startswith("/")
        and not path.startswith(python)
        and not SYSTEM.match(path)
        and Path(path).is_file()
    }
