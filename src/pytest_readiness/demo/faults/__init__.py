"""Named ways to break the demo: each probe is shown to be able to fail.

A section's module here has ``FAULTS``, a tuple of :class:`~.fault.Fault`. A new section
adds a module and changes nothing else.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FAULTS", "Breakage", "Fault", "collect", "find_fault", "table"]


def collect() -> Mapping[str, Fault]:
    """Read the sections' modules."""
    faults: dict[str, Fault] = {}
    for module in sorted(found.name for found in iter_modules(__path__)):
        if module == "fault":
            continue
        for fault in import_module(f"{__name__}.{module}").FAULTS:
            if fault.name in faults:
                msg = f"two faults are called {fault.name}"
                raise ValueError(msg)
            faults[fault.name] = fault
    return faults


FAULTS = collect()
"""Every fault, by name, section by section."""


def find_fault(name: str) -> Fault:
    """Give a fault by its name.

    Raises:
        ConfigError: there is none; the message names a near one.
    """
    fault = FAULTS.get(name)
    if fault is not None:
        return fault
    near = difflib.get_close_matches(name, FAULTS, 1)
    raise ConfigError(
        "--readiness-demo-fault",
        f"there is no fault {name!r}",
        f"did you mean {near[0]!r}?" if near else "`readiness faults` lists them",
    )


def table() -> str:
    """Write all faults as a Markdown table, for the docs."""
    lines = ["| fault | what is wrong | turns |", "|---|---|---|"]
    for fault in FAULTS.values():
        turns = ", ".join(f"`{item}` {state}" for item, state in fault.turns.items())
        if fault.turns_signed:
            turns = f"every attested item {fault.turns_signed}"
        lines.append(f"| `{fault.name}` | {fault.summary} | {turns or 'nothing'} |")
    return "\n".join(lines) + "\n"
