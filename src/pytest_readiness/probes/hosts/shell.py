"""Hosts by ssh, docker, kubectl and a local shell: testinfra says how, we run it.

testinfra builds the command line; its own way to run one has no time-out, no bound and
the run's whole terminal. So it is run our way: without a terminal (nothing can ask for
a password), within the look, bounded, and killed with all that it started.
"""

from __future__ import annotations

import math
import shlex
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_readiness.probes.hosts import commands
from pytest_readiness.probes.hosts.commanded import Commanded
from pytest_readiness.probes.hosts.host import MOST, unseen
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.program import Ended, ended, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_readiness.probes.hosts.commands import Command
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import HostBlock

__all__ = ["Shell"]

_SHOWN = 160
_ENVIRONMENT = {
    "local": (),
    "ssh": ("USER", "LOGNAME", "SSH_AUTH_SOCK"),
    "docker": (
        *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"),
        *("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),
    ),
    "kubectl": (
        *("KUBECONFIG", "HTTPS_PROXY", "NO_PROXY", "https_proxy", "no_proxy"),
        # What the programs that log in to a cloud's clusters read.
        *("AWS_PROFILE", "AWS_REGION", "AWS_CONFIG_FILE", "AWS_ROLE_ARN"),
        *("AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        *("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "AZURE_CONFIG_DIR"),
    ),
}
"""What the program that leads to a host gets of our environment."""
_SCRIPT = (
    "LC_ALL=C; export LC_ALL; "
    'if timeout 1 true 2>/dev/null; then exec timeout {seconds} "$@"; fi; '
    'exec "$@"'
)
"""Ends what it starts also where the way to the host is cut: ours ends only our end."""
_REMEDIES = {
    "Permission denied": "check user and key_file; a passphrase needs an agent",
    "Host key verification failed": "add the host's key to known_hosts",
    "Too many authentication failures": "name the key in key_file",
    "permission denied while trying": "let this user talk to docker",
    "Cannot connect to the Docker daemon": "start docker, or set DOCKER_HOST",
    "Forbidden": "grant create on pods/exec",
}


class Shell(Commanded):
    """A host that testinfra leads to."""

    def __init__(self, name: str, block: HostBlock, look: Look) -> None:
        super().__init__(f"{block.backend} {name}")
        self._block = block
        tool = {"local": "sh"}.get(block.backend, block.backend)
        if shutil.which(tool) is None:
            reason = f"{tool} is not installed on this machine"
            raise unseen(reason, f"install {tool} where the run is")
        self._reach(look)

    def run(self, command: Command, look: Look, intake: int = MOST) -> Ended:
        """Run a program to its end."""
        seconds = math.ceil(look.remaining())
        script = _SCRIPT.format(seconds=seconds)
        text = f"/bin/sh -c {shlex.quote(script)} sh {shlex.join(command.words)}"

        def run(line: str) -> Ended:
            return ended(("/bin/sh", "-c", line), look, self._environment(), intake)

        try:
            result = _backend(self._block, run).run(text)
        except RuntimeError as error:
            # ssh's own failure, with what ssh left.
            raise _cut(error.args[0].stderr_bytes) from None
        return Ended(result.rc, result.stdout_bytes, result.stderr_bytes)

    def _reach(self, look: Look) -> None:
        """See that the host can be reached at all.

        Raises:
            LookError: it cannot, and why: no fault of what stands on it.
        """
        limit = self._block.timeout.total_seconds()
        seen, _ = look.tries(self._block.retries, lambda _: self._echo(look, limit))
        if not isinstance(seen, Ended):
            raise unseen(
                f"{self.source} cannot be looked at: {seen.reason}", seen.remedy
            )

    def _echo(self, look: Look, limit: float) -> Ended:
        share = look.share(limit)
        try:
            seen = self.run(commands.echo(), share)
        except LookError as error:
            if not share.over:
                raise
            raise LookError(f"no answer within {limit:g} s") from error
        if commands.MARK.encode() in seen.stdout:
            return seen
        raise _cut(seen.stderr)

    def _environment(self) -> Mapping[str, str]:
        environment = {**kept(*_ENVIRONMENT[self._block.backend]), "LC_ALL": "C"}
        if self._block.kubeconfig is not None:
            environment["KUBECONFIG"] = str(self._block.kubeconfig)
        return environment


def _cut(stderr: bytes) -> LookError:
    """Say why there was no way to the host, in the words of what leads there."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    words = "".join(c for c in (lines or ["no answer"])[-1] if c.isprintable())
    remedy = next((r for part, r in _REMEDIES.items() if part in words), "")
    return unseen(words[:_SHOWN], remedy)


def _backend(block: HostBlock, run: Callable[[str], Ended]) -> Any:  # noqa: ANN401  # testinfra has no types
    try:
        from testinfra.backend import (  # type: ignore[import-untyped]  # noqa: PLC0415  # the extra
            base,
            get_backend_class,
        )
    except ImportError:
        reason = "testinfra is not installed"
        raise unseen(reason, "pip install 'pytest-readiness[hosts]'") from None

    kind: Any = get_backend_class(block.backend)

    class Bounded(kind):  # type: ignore[misc]  # as above
        """testinfra's backend, whose commands are run our way."""

        def run_local(self, command: str, *args: str) -> base.CommandResult:
            seen = run(self.quote(command, *args))
            return base.CommandResult(self, seen.status, b"", seen.stdout, seen.stderr)

        def encode(self, data: str) -> bytes:
            return data.encode()

        def decode(self, data: bytes) -> str:
            return data.decode(errors="replace")

    return Bounded(*_where(block), **_how(block))


def _where(block: HostBlock) -> tuple[str, ...]:
    """Give the host as testinfra's backends are told of it."""
    match block.backend:
        case "ssh":
            address = str(block.address)
            host = f"[{address}]" if ":" in address else address
            # A colon in a user's name would begin a password.
            user = f"{quote(block.user, safe='')}@" if block.user else ""
            return (f"{user}{host}:{block.port}",)
        case "docker":
            user = f"{block.user}@" if block.user else ""
            return (f"{user}{block.container}",)
        case "kubectl":
            return (str(block.pod),)
        case _:
            return ()


def _how(block: HostBlock) -> dict[str, object]:
    """Give the settings of testinfra's backends."""
    if block.backend == "kubectl":
        names = ("container", "namespace", "context")
        return {name: getattr(block, name) for name in names}
    if block.backend != "ssh":
        return {}
    return {
        "ssh_config": str(block.config) if block.config else None,
        "ssh_identity_file": str(block.key_file) if block.key_file else None,
        "timeout": math.ceil(block.timeout.total_seconds()),
        "controlpersist": 0,  # nothing stays behind
        "ssh_extra_args": shlex.join(_ssh_options(block)),
    }


def _ssh_options(block: HostBlock) -> list[str]:
    """Give options that come before those of the configuration files (ssh_config(5)).

    Nothing is asked, no key is learnt unless the target says so, and no agent, port or
    local command is lent to the host.
    """
    options = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes" if block.host_keys == "known" else "accept-new",
        "UpdateHostKeys": "no",
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "ClearAllForwardings": "yes",
        "PermitLocalCommand": "no",
        "ControlMaster": "no",
        "ControlPath": "none",
        "LogLevel": "ERROR",
    }
    if block.key_file is not None:
        options["IdentitiesOnly"] = "yes"
    if block.known_hosts is not None:
        # ssh would take a percent sign for the beginning of a token of its own.
        path = str(block.known_hosts).replace("%", "%%")
        options["UserKnownHostsFile"] = f'"{path}"'
        options["GlobalKnownHostsFile"] = "none"
    return ["-T", *(f"-o{name}={value}" for name, value in options.items())]
