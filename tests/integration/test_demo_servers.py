"""The demo's servers: least rights, no plaintext, no orphans, any installation."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from psycopg import conninfo
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from pytest_readiness.demo.demo import Demo
from pytest_readiness.demo.servers import (
    environment,
    guard,
    postgres as postgres_server,
    programs,
)
from pytest_readiness.demo.servers.engine import REQUIREMENTS
from pytest_readiness.demo.servers.programs import (
    POSTGRES,
    find_postgres,
    find_valkey,
    launch,
)
from pytest_readiness.demo.servers.template import Template
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the demo is for Linux")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo.start(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def connect(
    demo: Demo, user: str = "readiness", password: str = "", **settings: str
) -> psycopg.Connection[tuple[object, ...]]:
    """Connect to the demo's database as the probe or the service does."""
    key = "database" if user == "readiness" else user
    words = {
        "host": "127.0.0.1",
        "port": str(demo.bench.postgres.port),
        "dbname": "trading",
        "user": user,
        "password": password or demo.bench.passwords.get(key, "none"),
        "sslmode": "verify-full",
        "sslrootcert": str(demo.bench.ca_file),
        **settings,
    }
    return psycopg.connect(conninfo.make_conninfo("", **words))


def cache(demo: Demo, user: str, password: str) -> redis.Redis:
    return redis.Redis(
        host="127.0.0.1",
        port=demo.bench.cache_front.port,
        username=user,
        password=password,
        ssl=True,
        ssl_ca_certs=str(demo.bench.ca_file),
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def test_database_sessions_are_encrypted_and_authenticated(demo: Demo) -> None:
    with connect(demo) as connection:
        seen = connection.execute(
            "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ).fetchone()
    assert seen == (True, "TLSv1.3")
    with pytest.raises(psycopg.OperationalError, match="pg_hba"):
        connect(demo, sslmode="disable")
    with pytest.raises(psycopg.OperationalError, match="password authentication"):
        connect(demo, password="guess")
    with pytest.raises(psycopg.OperationalError, match="pg_hba"):
        connect(demo, user="postgres")


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        ("engine", "CREATE TABLE mine (a int)"),
        ("engine", "UPDATE orders SET quantity = 1"),
        ("engine", "DELETE FROM orders"),
        ("engine", "INSERT INTO contracts SELECT * FROM contracts"),
        ("engine", "CREATE ROLE another"),
        ("readiness", "INSERT INTO orders (trader) VALUES ('me')"),
        ("readiness", "CREATE TABLE mine (a int)"),
    ],
)
def test_roles_may_do_no_more_than_they_must(
    demo: Demo, user: str, statement: str
) -> None:
    with (
        connect(demo, user) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_cache_knows_its_users_and_what_each_may(demo: Demo) -> None:
    passwords = demo.bench.passwords
    with cache(demo, "readiness", passwords["cache"]) as looking:
        assert looking.ping()
        assert looking.info("memory")["maxmemory"] == 64 * 2**20
        assert looking.config_get("maxmemory-policy") == {
            "maxmemory-policy": "allkeys-lru"
        }
        with pytest.raises(NoPermissionError):
            looking.get("quotes:DEMO-C100")
        with pytest.raises(NoPermissionError):
            looking.flushall()
    with cache(demo, "engine", passwords["engine"]) as serving:
        assert serving.set("quotes:x", "1")
        with pytest.raises(NoPermissionError):
            serving.set("other", "1")
    with (
        cache(demo, "readiness", "guess") as wrong,
        pytest.raises(redis.AuthenticationError),
    ):
        wrong.ping()


def test_secrets_stand_in_no_readable_file_and_no_command_line(demo: Demo) -> None:
    secrets = set(demo.bench.passwords.values())
    for path in demo.bench.folder.iterdir():
        if path.is_file() and path.stat().st_mode & 0o077:
            text = path.read_text(errors="replace")
            assert not [secret for secret in secrets if secret in text], path
    commands = "".join(map(command_line, servers_in(demo.bench.folder)))
    assert "postgres" in commands
    assert not [secret for secret in secrets if secret in commands]
    assert "PRIVATE KEY" not in demo.config_path.read_text()


SCRIPT = """
    import sys
    from pathlib import Path
    from pytest_readiness.demo.demo import Demo
    demo = Demo.start(Path(sys.argv[1]))
    print(*[p.stem for p in Path("/proc").glob("[0-9]*")], sep="\\n", file=sys.stderr)
    print("ready", flush=True)
    sys.stdin.read()
"""


def servers_in(folder: Path) -> list[int]:
    """Give the live processes whose command line or folder is the demo's."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            cwd = (process / "cwd").readlink()
        except OSError:
            continue
        if int(process.name) != os.getpid() and (
            cwd.is_relative_to(folder) or os.fsencode(folder) in words
        ):
            found.append(int(process.name))
    return found


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def wait_until_gone(folder: Path, limit: float = 10.0) -> None:
    over = time.monotonic() + limit
    while time.monotonic() < over and (folder.exists() or servers_in(folder)):
        time.sleep(0.05)


@pytest.fixture
def killed() -> Iterator[subprocess.Popen[str]]:
    """A process that runs a demo in a folder of its own; killed in any case."""
    folder = tempfile.mkdtemp(prefix=guard.PREFIX)
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    process.args = [folder]
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_a_kill_leaves_no_process_and_no_folder(killed: subprocess.Popen[str]) -> None:
    folder = Path(str(killed.args[0]))  # type: ignore[index]  # a list, set above
    assert len(servers_in(folder)) >= 4
    killed.kill()
    killed.wait()
    wait_until_gone(folder)
    assert not folder.exists()
    assert servers_in(folder) == []


def test_where_the_guard_was_killed_too_the_next_run_sweeps_up(
    killed: subprocess.Popen[str],
) -> None:
    folder = Path(str(killed.args[0]))  # type: ignore[index]  # a list, set above
    (guarding,) = [pid for pid in servers_in(folder) if "guard.py" in command_line(pid)]
    guard.sweep(folder.parent)
    assert folder.exists(), "a demo that runs is not swept up"
    os.kill(guarding, signal.SIGKILL)
    killed.kill()
    killed.wait()
    assert servers_in(folder), "nobody is left to stop them"
    guard.sweep(folder.parent)
    assert not folder.exists()
    assert servers_in(folder) == []


def test_closing_is_quick_and_leaves_nothing_running(tmp_path: Path) -> None:
    demo = Demo.start(tmp_path)
    began = time.monotonic()
    demo.close()
    took = time.monotonic() - began
    assert servers_in(tmp_path) == []
    assert took < 2
    demo.close()


def test_two_demos_run_side_by_side(demo: Demo, tmp_path: Path) -> None:
    with Demo.start(tmp_path) as other:
        ports = {bench.postgres.port for bench in (demo.bench, other.bench)} | {
            bench.engine.port for bench in (demo.bench, other.bench)
        }
        assert len(ports) == 4
        assert other.environ != demo.environ


def test_a_long_folder_name_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("long-" * 25)
    folder.mkdir()
    with Demo.start(folder) as demo, connect(demo) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


# ----------------------------------------------------------------- where programs are


@pytest.mark.skipif(os.geteuid() != 0, reason="others may start PostgreSQL as they are")
def test_root_without_namespaces_becomes_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A closed home, as a virtual environment of root's often lies in.
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    shutil.copytree(find_postgres({}).parent, home / "copy", symlinks=True)
    monkeypatch.setenv(POSTGRES, str(home / "copy" / "bin"))
    monkeypatch.setattr(programs, "namespaces_work", lambda: False)
    with (
        tempfile.TemporaryDirectory(prefix=guard.PREFIX) as folder,
        Demo.start(Path(folder)) as demo,
        connect(demo) as connection,
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert (demo.bench.folder / "data" / "PG_VERSION").owner() == "nobody"
        assert (demo.bench.folder / "postgres" / "bin").is_dir()


def test_the_service_has_an_environment_of_its_own(demo: Demo) -> None:
    python = demo.bench.python
    assert python == demo.bench.folder / "venv" / "bin" / "python"
    assert f'interpreter = "{python}"' in demo.config_path.read_text()
    ask = (
        "import sys, importlib.util as util\n"
        "print(sys.prefix != sys.base_prefix)\n"
        "print([n for n in ('werkzeug', 'redis', 'pytest') if util.find_spec(n)])"
    )
    said = subprocess.run([python, "-I", "-c", ask], capture_output=True, check=True)
    assert said.stdout == b"True\n['werkzeug', 'redis']\n"


def test_a_package_without_a_list_of_its_files_comes_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Debian installs them.
    monkeypatch.setattr("importlib.metadata.Distribution.files", None)
    python = environment.create(tmp_path / "venv", REQUIREMENTS)
    ask = "import werkzeug, pytest"
    subprocess.run([python, "-I", "-c", ask], capture_output=True, check=True)
    assert (environment.packages_of(tmp_path / "venv") / "beside.pth").is_file()


def test_what_the_service_needs_and_nobody_installed_is_named(tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("# none\nno-such-package>=1\n")
    with pytest.raises(ConfigError, match=r"no-such-package is not installed; pip"):
        environment.create(tmp_path / "venv", wanted)


@pytest.mark.parametrize("folder", sorted(Path("/usr/lib/postgresql").glob("*/bin")))
def test_the_users_own_postgres_goes_first(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES, str(folder))
    with Demo.start(tmp_path) as demo, connect(demo) as connection:
        said = connection.execute("SHOW server_version").fetchone()
    assert said is not None
    assert str(said[0]).startswith(folder.parent.name)


def test_a_build_without_tls_gets_a_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = find_postgres({})
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "initdb").symlink_to(real / "initdb")
    (binaries / "postgres").write_text(
        "#!/bin/sh\n"
        'case "$*" in *--ssl=on*)\n'
        '  echo "FATAL:  SSL is not supported by this build"; exit 1;;\n'
        "esac\n"
        f'exec {real / "postgres"} "$@"\n'
    )
    (binaries / "postgres").chmod(0o755)
    monkeypatch.setenv(POSTGRES, str(binaries))
    work = tmp_path / "work"
    work.mkdir()
    with Demo.start(work) as demo:
        with connect(demo, "engine") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            connect(demo, sslmode="disable")
        with pytest.raises(psycopg.OperationalError, match="password authentication"):
            connect(demo, password="guess")


def test_a_port_that_somebody_took_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        free = postgres_server.free_port
        monkeypatch.setattr(
            postgres_server, "free_port", lambda: next(ports, None) or free()
        )
        with Demo.start(tmp_path) as demo, connect(demo) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert demo.bench.postgres.port != taken.getsockname()[1]


def test_servers_say_what_they_refuse(demo: Demo) -> None:
    with pytest.raises(ConfigError, match=r"CONFIG SET no_such: -ERR"):
        demo.bench.valkey.configure(no_such="1")
    with pytest.raises(ConfigError, match=r"PostgreSQL: .*syntax error"):
        demo.bench.postgres.execute("trading", "SELEKT")
    assert demo.bench.engine.get("/nothing")[0] == 404


def test_a_setting_that_holds_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"READINESS_DEMO_POSTGRES.*no initdb"):
        find_postgres({POSTGRES: str(tmp_path)})
    with pytest.raises(ConfigError, match=r"READINESS_DEMO_VALKEY.*no program"):
        find_valkey({programs.VALKEY: str(tmp_path)})


def test_without_programs_the_pip_command_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "_package", lambda _: [])
    monkeypatch.setattr(programs, "_DEBIAN", Path("/nowhere"))
    for find in (find_postgres, find_valkey):
        with pytest.raises(
            ConfigError, match=r"pip install 'pytest-readiness\[demo\]'"
        ):
            find({"PATH": ""})


# --------------------------------------------------------------------------- template


def test_templates_are_made_once_whoever_comes_first(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    how = launch(find_postgres({}), tmp_path)
    copies = [tmp_path / f"data-{number}" for number in range(3)]
    threads = [
        threading.Thread(target=Template(how, environ).copy_to, args=(copy,))
        for copy in copies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((copy / "PG_VERSION").exists() for copy in copies)
    assert all(copy.stat().st_mode & 0o777 == 0o700 for copy in copies)
    (made,) = (tmp_path / "cache" / "pytest-readiness").iterdir()
    assert made.name.startswith("postgres-")


def test_what_a_killed_run_left_of_a_template_goes(tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "pytest-readiness"
    old, new = cache / "building-old", cache / "building-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    how = launch(find_postgres({}), tmp_path)
    Template(how, {"XDG_CACHE_HOME": str(cache.parent)}).copy_to(tmp_path / "data")
    assert not old.exists()
    assert new.exists()


def test_without_a_cache_the_folder_is_made_in_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    how = launch(find_postgres({}), tmp_path)
    Template(how, {"XDG_CACHE_HOME": str(tmp_path / "file")}).copy_to(tmp_path / "data")
    assert (tmp_path / "data" / "PG_VERSION").exists()


def test_a_broken_template_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    template = Template(launch(find_postgres({}), work), os.environ)
    template.copy_to(tmp_path / "first")
    (made,) = (tmp_path / "cache" / "pytest-readiness").iterdir()
    (made / "global" / "pg_control").write_bytes(b"")
    with Demo.start(work) as demo, connect(demo) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert (made / "global" / "pg_control").stat().st_size > 0
