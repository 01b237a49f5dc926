"""What an agent may answer, however hostile; a real one: tests/integration."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from pytest_readiness.attest.agent import Agent, AgentKey
from pytest_readiness.attest.envelope import Envelope, sign, verify
from pytest_readiness.attest.keys import KeyKind, PrivateKey
from pytest_readiness.attest.ssh_wire import string
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALICE = PrivateKey.generate()
BOB = PrivateKey.generate(KeyKind.P256)
NOBODY = string(b"ssh-rsa") + string(b"\1\0\1")


def identities(*keys: tuple[bytes, bytes]) -> bytes:
    packed = b"".join(string(blob) + string(comment) for blob, comment in keys)
    return b"\x0c" + len(keys).to_bytes(4, "big") + packed


def signature(name: bytes, value: bytes, rest: bytes = b"") -> bytes:
    return b"\x0e" + string(string(name) + string(value) + rest)


STRANGE = string(b"ssh-\xff")
BOTH = identities(
    (ALICE.blob, b"alice@laptop"),
    (NOBODY, b"old"),
    (STRANGE, b""),
    (BOB.blob, b"\xff"),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    # A socket's path may have some 100 characters only: pytest's own are longer.
    with tempfile.TemporaryDirectory(prefix="agent") as name:
        yield Path(name)


@pytest.fixture
def serve(folder: Path) -> Iterator[Callable[..., Agent]]:
    """Give an agent that answers as it is told; raw, without adding the length."""
    with contextlib.ExitStack() as stack:

        def start(answer: Callable[[bytes], bytes], timeout: float = 5) -> Agent:
            path = str(folder / "socket")
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(path)
            listener.listen()
            thread = threading.Thread(target=run, args=(listener, answer))
            thread.start()
            stack.callback(thread.join)
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return Agent(path, timeout)

        yield start


def run(listener: socket.socket, answer: Callable[[bytes], bytes]) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                request = connection.recv(65_536)
                connection.sendall(answer(request[4:]))


def test_usable_keys_are_listed_with_their_comments(
    serve: Callable[..., Agent],
) -> None:
    agent = serve(lambda request: string(BOTH) if request == b"\x0b" else b"")
    alice, bob = agent.keys()

    assert (alice.fingerprint, alice.blob, alice.comment, alice.algorithm) == (
        ALICE.fingerprint,
        ALICE.blob,
        "alice@laptop",
        "ssh-ed25519",
    )
    assert (bob.fingerprint, bob.algorithm) == (BOB.fingerprint, "ecdsa-sha2-nistp256")
    assert bob.comment == "\ufffd"
    assert agent.key(BOB.fingerprint) == bob


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (identities((ALICE.blob, b"")), ALICE.fingerprint),
        (identities((NOBODY, b"")), "it has no Ed25519 or ECDSA P-256 key"),
        (identities(), "it has no Ed25519 or ECDSA P-256 key"),
    ],
    ids=["another", "of another kind", "none"],
)
def test_a_key_that_the_agent_has_not_is_named_and_what_it_has(
    serve: Callable[..., Agent], held: bytes, said: str
) -> None:
    agent = serve(lambda _: string(held))

    with pytest.raises(AttestationError) as refused:
        agent.key(BOB.fingerprint)
    assert BOB.fingerprint in str(refused.value)
    assert said in str(refused.value)
    assert "ssh-add" in str(refused.value)


def signing(*keys: PrivateKey, name: bytes = b"") -> Callable[[bytes], bytes]:
    """Sign as ssh-agent does: the flags last, ECDSA as two integers."""

    def answer(request: bytes) -> bytes:
        assert request[:1] == b"\x0d"
        assert request[-4:] == bytes(4)
        for key in keys:
            head = b"\x0d" + string(key.blob)
            if request.startswith(head):
                message = request[len(head) + 4 : -4]
                made = key.sign(message)
                if key.public.kind is KeyKind.ED25519:
                    return string(signature(name or b"ssh-ed25519", made))
                pair = decode_dss_signature(made)
                packed = b"".join(
                    string(number.to_bytes(number.bit_length() // 8 + 1, "big"))
                    for number in pair
                )
                return string(signature(name or b"ecdsa-sha2-nistp256", packed))
        return string(b"\x05")

    return answer


@pytest.mark.parametrize("key", [ALICE, BOB], ids=["ed25519", "p256"])
def test_its_signatures_are_those_of_a_statement(
    serve: Callable[..., Agent], key: PrivateKey
) -> None:
    signer = AgentKey(serve(signing(ALICE, BOB)), key.blob, "")

    for _ in range(8):  # the integers of ECDSA differ in length
        line = sign(b'{"text":"x"}', signer)
        envelope = Envelope.parse(line)
        assert envelope.signatures[0].keyid == key.fingerprint
        assert verify(envelope, key.public)


def test_an_agent_that_signs_with_another_key_is_found_out(
    serve: Callable[..., Agent],
) -> None:
    def other(_: bytes) -> bytes:
        return string(signature(b"ssh-ed25519", PrivateKey.generate().sign(b"x")))

    with pytest.raises(AttestationError, match="does not verify"):
        sign(b"{}", AgentKey(serve(other), ALICE.blob, ""))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (string(b"\x05"), "refused: it is locked"),
        (string(b""), "an answer of another kind"),
        (string(b"\x0c"), "an answer of another kind"),
        (string(signature(b"ssh-rsa", bytes(64))), "with another algorithm"),
        (string(signature(b"\xff", bytes(64))), "with another algorithm"),
        (string(signature(b"ssh-ed25519", bytes(64), b"\0")), "with another algorithm"),
        (string(b"\x0e\0\0\0\xff"), "ends in the middle of a field"),
        (string(b"\x0e" + string(b"\0\0\0\xff")), "ends in the middle of a field"),
        (b"", "hung up"),
        (b"\0\0", "hung up"),
        (b"\0\0\0\x20abc", "hung up"),
        (b"\0\4\0\1", "an answer of 262145 bytes"),
        (b"\xff\xff\xff\xff", "an answer of 4294967295 bytes"),
    ],
)
def test_an_answer_that_is_no_signature_says_why(
    serve: Callable[..., Agent], answer: bytes, said: str
) -> None:
    agent = serve(lambda _: answer)

    with pytest.raises(AttestationError, match=said):
        AgentKey(agent, ALICE.blob, "").sign(b"message")


def test_an_answer_may_be_as_long_as_openssh_allows(
    serve: Callable[..., Agent],
) -> None:
    filler = 256 * 1024 - len(identities((ALICE.blob, b"")))
    agent = serve(lambda _: string(identities((ALICE.blob, b"c" * filler))))

    assert len(agent.keys()[0].comment) == filler


@pytest.mark.parametrize(
    "answer",
    [
        b"\x0c\0\0\0\1",
        b"\x0c\xff\xff\xff\xff" + string(ALICE.blob) + string(b""),
        identities((ALICE.blob, b""))[:-1],
        identities((b"", b"")),
    ],
    ids=["no key", "too many", "cut off", "empty"],
)
def test_a_list_that_ends_too_early_is_refused(
    serve: Callable[..., Agent], answer: bytes
) -> None:
    agent = serve(lambda _: string(answer))

    with pytest.raises(AttestationError, match="ends in the middle"):
        agent.keys()


def test_an_agent_that_is_silent_is_given_up(serve: Callable[..., Agent]) -> None:
    over = threading.Event()

    def silent(_: bytes) -> bytes:
        over.wait(10)
        return b""

    agent = serve(silent, timeout=0.2)
    began = time.monotonic()
    try:
        with pytest.raises(AttestationError, match=r"no answer within 0.2 s"):
            agent.keys()
    finally:
        over.set()
    assert time.monotonic() - began < 5


def test_an_agent_that_answers_by_the_byte_is_given_up(folder: Path) -> None:
    path = str(folder / "socket")
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"\0\3\0\0")
            while not over.wait(0.02):
                connection.sendall(b"x")

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        began = time.monotonic()
        with pytest.raises(AttestationError, match=r"no answer within 0.3 s"):
            Agent(path, timeout=0.3).keys()
        took = time.monotonic() - began
        over.set()
        thread.join()
    assert 0.2 < took < 5


def test_a_request_whose_time_is_over_is_given_up(
    serve: Callable[..., Agent],
) -> None:
    agent = serve(lambda _: string(BOTH), timeout=1e-9)

    with pytest.raises(AttestationError, match="no answer within 1e-09 s"):
        agent.keys()


def test_the_agent_is_found_in_the_environment() -> None:
    assert Agent.from_environ({"SSH_AUTH_SOCK": "/x"}) == Agent("/x", timeout=60)
    for environ in ({}, {"SSH_AUTH_SOCK": ""}):
        with pytest.raises(AttestationError, match="SSH_AUTH_SOCK is not set"):
            Agent.from_environ(environ)


def test_a_socket_that_is_not_there_is_named(folder: Path) -> None:
    path = str(folder / "none")

    with pytest.raises(AttestationError, match="No such file") as refused:
        Agent(path).keys()
    assert path in str(refused.value)
    with pytest.raises(AttestationError, match="path too long"):
        Agent("/" + "x" * 200).keys()


def test_a_platform_without_such_sockets_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")

    with pytest.raises(AttestationError, match="on this platform; use a key file"):
        Agent("/x").keys()


def test_an_agent_needs_no_crypto_library() -> None:
    code = (
        "import sys, pytest_readiness.attest.agent;"
        "sys.exit(any(name.split('.')[0] == 'cryptography' for name in sys.modules))"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
