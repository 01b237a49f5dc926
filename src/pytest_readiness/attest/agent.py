"""Signing with a key that ssh-agent keeps to itself (draft-miller-ssh-agent).

The agent signs what it is given as it is: asked over the framed bytes of a statement,
its answer is the statement's signature, also for a key whose file is encrypted. (FIDO
keys sign another structure and cannot be used.)
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest import ssh_wire
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Agent", "AgentKey"]

_FAILURE = 5
_REQUEST_IDENTITIES = 11
_IDENTITIES_ANSWER = 12
_SIGN_REQUEST = 13
_SIGN_RESPONSE = 14
_MAX_ANSWER = 256 * 1024
"""As large as OpenSSH's own limit."""
_WHERE = "ssh-agent"


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent behind a socket.

    ``timeout`` bounds each request as a whole, in seconds; people may have to confirm a
    signature within it.
    """

    path: str
    timeout: float = 60.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Agent:
        """Find the agent of ``SSH_AUTH_SOCK``.

        Raises:
            AttestationError: there is none.
        """
        path = environ.get("SSH_AUTH_SOCK")
        if not path:
            what = "SSH_AUTH_SOCK is not set"
            raise AttestationError(_WHERE, what, "start one: eval $(ssh-agent)")
        return cls(path)

    def keys(self) -> tuple[AgentKey, ...]:
        """Give the keys that can sign statements; those of other algorithms are left.

        Raises:
            AttestationError: no agent answers, or its answer cannot be read.
        """
        answer = self._ask(_REQUEST_IDENTITIES, b"", _IDENTITIES_ANSWER)
        count, rest = int.from_bytes(answer[:4], "big"), answer[4:]
        found: list[AgentKey] = []
        for _ in range(count):
            blob, rest = ssh_wire.read_string(rest)
            comment, rest = ssh_wire.read_string(rest)
            key = AgentKey(self, blob, comment.decode("utf-8", "replace"))
            if key.algorithm in {ssh_wire.ED25519, ssh_wire.P256}:
                found.append(key)
        return tuple(found)

    def key(self, fingerprint: str) -> AgentKey:
        """Give the key with this fingerprint.

        Raises:
            AttestationError: the agent does not have it; or as :meth:`keys`.
        """
        keys = {key.fingerprint: key for key in self.keys()}
        if fingerprint not in keys:
            held = ", ".join(keys) or "no Ed25519 or ECDSA P-256 key"
            what = f"does not have {fingerprint}; it has {held}"
            raise AttestationError(_WHERE, what, "add the key with ssh-add")
        return keys[fingerprint]

    def sign(self, blob: bytes, message: bytes) -> bytes:
        """Have a message signed; give the algorithm's name and signature, packed.

        Raises:
            AttestationError: the agent refuses, or its answer cannot be read.
        """
        flags = bytes(4)
        request = ssh_wire.string(blob) + ssh_wire.string(message) + flags
        answer = self._ask(_SIGN_REQUEST, request, _SIGN_RESPONSE)
        return ssh_wire.read_string(answer)[0]

    def _ask(self, kind: int, body: bytes, expected: int) -> bytes:
        family = getattr(socket, "AF_UNIX", None)
        if family is None:
            what = "cannot be reached on this platform"
            raise AttestationError(_WHERE, what, "use a key file")
        message = bytes([kind]) + body
        deadline = time.monotonic() + self.timeout
        try:
            with socket.socket(family, socket.SOCK_STREAM) as connection:
                connection.settimeout(self.timeout)
                connection.connect(self.path)
                connection.sendall(ssh_wire.string(message))
                answer = _receive_message(connection, deadline)
        except TimeoutError:
            what = f"gave no answer within {self.timeout:g} s"
            raise AttestationError(_WHERE, what, "unlock it, confirm there") from None
        except OSError as error:
            what = f"cannot be reached at {self.path} ({error.strerror or error})"
            raise AttestationError(
                _WHERE, what, "start one: eval $(ssh-agent)"
            ) from None
        if answer[:1] == bytes([_FAILURE]):
            what = "refused: it is locked, or has not the key, or you said no"
            raise AttestationError(_WHERE, what, "see ssh-add -l; ssh-add -X unlocks")
        if answer[:1] != bytes([expected]):
            raise AttestationError(_WHERE, "gave an answer of another kind")
        return answer[1:]


@dataclass(frozen=True, slots=True)
class AgentKey:
    """One key of an agent; a :class:`~pytest_readiness.attest.keys.Signer`."""

    agent: Agent
    blob: bytes
    """The public key in OpenSSH's binary form."""
    comment: str

    @property
    def algorithm(self) -> str:
        """OpenSSH's name of the algorithm."""
        return ssh_wire.read_string(self.blob)[0].decode("ascii", "replace")

    @property
    def fingerprint(self) -> str:
        """The public key's fingerprint, ``SHA256:...``."""
        return ssh_wire.fingerprint(self.blob)

    def sign(self, message: bytes) -> bytes:
        """Sign: 64 bytes for Ed25519, DER for ECDSA (over SHA-256).

        Raises:
            AttestationError: the agent refuses, or gives no signature of this key's
                algorithm.
        """
        name, rest = ssh_wire.read_string(self.agent.sign(self.blob, message))
        signature, rest = ssh_wire.read_string(rest)
        if name.decode("ascii", "replace") != self.algorithm or rest:
            raise AttestationError(_WHERE, "signed with another algorithm")
        if self.algorithm == ssh_wire.P256:
            return ssh_wire.der_from_ssh(signature)
        return signature


def _receive_message(connection: socket.socket, deadline: float) -> bytes:
    size = int.from_bytes(_receive(connection, 4, deadline), "big")
    if size > _MAX_ANSWER:
        raise AttestationError(_WHERE, f"gave an answer of {size} bytes")
    return _receive(connection, size, deadline)


def _receive(connection: socket.socket, size: int, deadline: float) -> bytes:
    """Receive just so many bytes, by the deadline however slowly they come."""
    data = b""
    while len(data) < size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(size - len(data))
        if not part:
            raise AttestationError(_WHERE, "hung up in the middle of an answer")
        data += part
    return data
