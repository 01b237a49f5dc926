"""PostgreSQL's framing, the guard's notes and the front's manners."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.demo import pgwire
from pytest_readiness.demo.pki import Authority, pem
from pytest_readiness.demo.servers import guard
from pytest_readiness.demo.servers.tls_front import TlsFront

if TYPE_CHECKING:
    from pathlib import Path


def answers(*messages: bytes) -> socket.socket:
    """Give a stream that holds these messages and then ends."""
    near, far = socket.socketpair()
    far.sendall(b"".join(messages))
    far.close()
    return near


def test_messages_come_back_as_they_went() -> None:
    with answers(pgwire.message(b"Q", b"select"), pgwire.message(b"", b"x")) as stream:
        assert pgwire.receive(stream) == (b"Q", b"select")
        assert pgwire.receive(stream, tagged=False) == (b"", b"x")
        with pytest.raises(pgwire.WireError, match="ended within a message"):
            pgwire.receive(stream)


@pytest.mark.parametrize("length", [3, 1 << 30, -1])
def test_an_absurd_length_is_refused(length: int) -> None:
    header = b"T" + length.to_bytes(4, "big", signed=True)
    with answers(header) as stream, pytest.raises(pgwire.WireError, match="bytes"):
        pgwire.receive(stream)


def error(severity: str) -> bytes:
    fields = pgwire.text(f"S{severity}") + pgwire.text("Mno such thing") + b"\0"
    return pgwire.message(b"E", fields)


def serve(path: Path, *messages: bytes) -> threading.Thread:
    """Answer the first connection at a Unix socket with these messages."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def run() -> None:
        with listening, listening.accept()[0] as stream:
            stream.sendall(b"".join(messages))
            while stream.recv(4096):
                pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


READY = pgwire.message(b"Z", b"I")


def test_a_failed_statement_is_an_error_with_the_servers_words(tmp_path: Path) -> None:
    path = tmp_path / "s"
    thread = serve(path, READY, error("ERROR"), READY)
    with pytest.raises(pgwire.WireError, match="no such thing"):
        pgwire.execute(path, "trading", "SELECT nothing")
    thread.join(5)


def test_a_fatal_error_ends_the_wait_for_more(tmp_path: Path) -> None:
    path = tmp_path / "s"
    thread = serve(path, error("FATAL"))
    with pytest.raises(pgwire.WireError, match="no such thing"):
        pgwire.execute(path, "trading", "SELECT 1")
    thread.join(5)


# ------------------------------------------------------------------------------- guard


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_guard_knows_a_process_from_the_next_of_its_number() -> None:
    started = guard.began(os.getpid())
    assert guard.runs(os.getpid(), started)
    assert not guard.runs(os.getpid(), "1")
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        assert guard.began(process.pid) == "-"
    assert not guard.runs(process.pid, "-")


def test_half_a_line_of_a_killed_run_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "processes"
    file.write_text("1 77 0\n2 88 15\n3 9")
    assert guard.noted_in(file) == [(1, "77", 0), (2, "88", 15)]
    guard.reap(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()


def test_a_folder_of_somebody_who_lives_is_left_alone(tmp_path: Path) -> None:
    mine, dead = tmp_path / f"{guard.PREFIX}mine", tmp_path / f"{guard.PREFIX}dead"
    for folder, started in ((mine, guard.began(os.getpid())), (dead, "1")):
        folder.mkdir()
        (folder / "processes").write_text(f"{os.getpid()} {started} 0\n")
    (tmp_path / f"{guard.PREFIX}young").mkdir()
    guard.sweep(tmp_path)
    assert mine.exists()
    assert not dead.exists()
    assert (tmp_path / f"{guard.PREFIX}young").exists()


# ------------------------------------------------------------------------------- front


def test_the_front_takes_tls_off_and_cuts_at_the_end(tmp_path: Path) -> None:
    authority = Authority.create()
    path = tmp_path / "s"
    thread = serve(path, b"hello")
    front = TlsFront(authority.issue().server_context(tmp_path, "front"), path)
    client = ssl.create_default_context(cadata=pem(authority.root).decode())
    with (
        socket.create_connection(("127.0.0.1", front.port), 5) as raw,
        client.wrap_socket(raw, server_hostname="localhost") as stream,
    ):
        stream.sendall(b"x")
        assert stream.recv(16) == b"hello"
        front.close()
        assert stream.recv(16) == b""
    front.close()
    thread.join(5)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", front.port), 5)


def test_a_front_without_its_server_closes(tmp_path: Path) -> None:
    authority = Authority.create()
    context = authority.issue().server_context(tmp_path, "front")
    front = TlsFront(context, tmp_path / "nobody")
    client = ssl.create_default_context(cadata=pem(authority.root).decode())
    with (
        socket.create_connection(("127.0.0.1", front.port), 5) as raw,
        client.wrap_socket(raw, server_hostname="localhost") as stream,
    ):
        assert stream.recv(16) == b""
    front.close()


def test_a_front_for_postgres_waits_for_its_question(tmp_path: Path) -> None:
    authority = Authority.create()
    context = authority.issue().server_context(tmp_path, "front")
    front = TlsFront(context, tmp_path / "nobody", postgres=True)
    with socket.create_connection(("127.0.0.1", front.port), 5) as raw:
        raw.sendall((8).to_bytes(4, "big") + pgwire.SSL_REQUEST.to_bytes(4, "big"))
        assert raw.recv(1) == b"S"
    with socket.create_connection(("127.0.0.1", front.port), 5) as raw:
        raw.sendall(b"GET / HT")
        assert raw.recv(1) == b""
    front.close()


def test_a_front_lets_go_of_a_handshake_that_never_ends(tmp_path: Path) -> None:
    authority = Authority.create()
    context = authority.issue().server_context(tmp_path, "front")
    for postgres in (False, True):
        front = TlsFront(context, tmp_path / "nobody", postgres=postgres)
        with socket.create_connection(("127.0.0.1", front.port), 5) as raw:
            raw.sendall(b"\x16")
            front.close()
            with contextlib.suppress(ConnectionResetError):
                assert raw.recv(1) == b""
