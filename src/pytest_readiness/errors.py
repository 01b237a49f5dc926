"""The exception tree: whose fault is it?

::

    ReadinessError
    ├── ConfigError        the user's: target file, options, suite, lock
    ├── ProbeError         could not look (becomes an ``Unavailable`` fact)
    ├── AttestationError   a signature, key or trust file is not what it must be
    └── StoreError         a report could not be read or written
"""

from __future__ import annotations

__all__ = [
    "AttestationError",
    "ConfigError",
    "ProbeError",
    "ReadinessError",
    "StoreError",
]


class ReadinessError(Exception):
    """Root of every exception that this package raises on purpose.

    A message has the form ``where: what; what to do``.
    """

    def __init__(self, where: str, what: str, remedy: str = "") -> None:
        self.where = where
        self.what = what
        self.remedy = remedy
        super().__init__(where, what, remedy)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.remedy}" if self.remedy else text


class ConfigError(ReadinessError):
    """The target file, the suite, its lock or an option is wrong."""


class ProbeError(ReadinessError):
    """A probe could not look."""


class AttestationError(ReadinessError):
    """A statement, key or trust file is not what it must be."""


class StoreError(ReadinessError):
    """A stored report cannot be read or written."""
