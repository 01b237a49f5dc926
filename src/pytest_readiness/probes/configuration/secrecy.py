"""What the service's files give away: secrets as plain text, open files, debugging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.probes.configuration.kept import (
    is_encrypted,
    open_files,
    open_mounts,
)
from pytest_readiness.probes.configuration.planted import PROGRAM, planted
from pytest_readiness.probes.configuration.reading import Malformed, leaves, parsed
from pytest_readiness.probes.hosts import Commanded, commands, entered, where
from pytest_readiness.probes.hosts.host import MOST
from pytest_readiness.probes.hosts.plans import planned, reached, read
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ConfigurationBlock

__all__ = ["Secrecy"]

_ON = frozenset({"true", "1", "yes", "on"})


@dataclass(frozen=True, kw_only=True)
class Secrecy(Facts):
    """What must not be in the files, or not be open; no secret is in a fact."""

    block: ClassVar[str] = "configuration"

    planted: Observed[tuple[str, ...]]
    """Secrets that stand in configuration files, by file, line and kind."""
    exposed: Observed[tuple[str, ...]]
    """Files and mounts of secrets that others may read, and that are not encrypted."""
    debug_switches: Observed[tuple[str, ...]]
    """Keys that switch debugging on."""

    @classmethod
    def gather(cls, block: ConfigurationBlock, look: Look) -> Self:
        """Read the files, scan copies of them, and ask what they allow."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ConfigurationBlock, look: Look) -> Self:
        host = entered(block, look)
        return cls(
            planted=look.observe(
                lambda: planted(_texts(block, host, look), block.baseline, look),
                what="detect-secrets",
            ),
            exposed=look.observe(lambda: _exposed(block, host, look), what="mode"),
            debug_switches=look.observe(lambda: tuple(_debug(block, host, look))),
        )

    @classmethod
    def looks(cls, block: ConfigurationBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read and what is run."""
        paths = [str(path) for path in (*_configuring(block), *block.secret_files)]
        modes = planned(block, *(commands.kind(str(p)) for p in block.secret_files))
        what = f"python -I {' '.join(PROGRAM)}"
        scan = PlannedLook("program", what, note="here, over copies of the files")
        own = files(*block.manifests, block.baseline)
        first = reached(block, paths[0]) if paths else ()
        return (*first, *read(block, *paths), *modes, *own, scan)

    @staticmethod
    def source(block: ConfigurationBlock) -> str:
        """Name the first file and its host."""
        names = [path.name for path in (*_configuring(block), *block.secret_files)]
        return f"{where(block)}{', '.join(names) or 'configuration'}"


def _configuring(block: ConfigurationBlock) -> tuple[Path, ...]:
    logging = () if block.logging is None else (block.logging,)
    return (*(file.path for file in block.files), *logging)


def _texts(block: ConfigurationBlock, host: Commanded, look: Look) -> Mapping[str, str]:
    """Give the files that should hold no secret, by path."""
    paths = _configuring(block)
    if not paths:
        reason = "the target names no configuration file"
        raise LookError(reason, Cause.UNCONFIGURED, "name them in files", final=True)
    texts = {str(path): _whole(str(path), host, look) for path in paths}
    found = {path: text for path, text in texts.items() if text is not None}
    if not found:
        reason = f"there is none of {', '.join(texts)}"
        raise LookError(reason, Cause.LOCAL, final=True)
    return found


def _whole(path: str, host: Commanded, look: Look) -> str | None:
    """Give all of a file; None where it is not there, which is another item's."""
    text = host.read(path, look)
    if text is not None and len(text) >= MOST:
        reason = f"{host.where(path)} is longer than is looked at"
        raise LookError(reason, Cause.LOCAL, final=True)
    return text


def _exposed(block: ConfigurationBlock, host: Commanded, look: Look) -> tuple[str, ...]:
    if not block.secret_files and not block.manifests:
        reason = "the target names no files of secrets"
        remedy = "name them in secret_files or manifests, or have it signed"
        raise LookError(reason, Cause.UNCONFIGURED, remedy, final=True)
    mounts = open_mounts(block.manifests)
    return (*open_files(block.secret_files, host, look), *mounts)


def _debug(block: ConfigurationBlock, host: Commanded, look: Look) -> Iterator[str]:
    """Give the keys that are on; a file that cannot be read is another item's."""
    for path in (*_configuring(block), *block.secret_files):
        text = _whole(str(path), host, look) or ""
        try:
            found = () if is_encrypted(text) else tuple(leaves(parsed(path, text)))
        except Malformed:
            continue
        for key, value in found:
            named = key in block.debug_keys or _is_switch(key)
            if named and str(value).strip().lower() in _ON:
                yield f"{path.name}: {key}"


def _is_switch(key: str) -> bool:
    last = key.rpartition(".")[2].lower()
    return last == "debug" or last.endswith(("_debug", "-debug"))
