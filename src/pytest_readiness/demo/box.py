"""The machine that the demo happens to run on, and what it lacks of the checklist's.

A smaller box is a loosening, said openly in the demo's target file: its item is raw
failed (LOOSENED) and goes live by a waiver alone. A machine that meets the floors needs
none.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from pytest_readiness.catalogue.observation import Unavailable
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.machine import Machine
from pytest_readiness.target.blocks import MachineBlock, MachineLimits

__all__ = ["ITEM", "is_smaller_box", "loosened"]

ITEM = "environment-setup.system-resources"
"""The item that a smaller box leaves open."""


def loosened(folder: Path) -> dict[str, int | float]:
    """Give the settings of ``limits.machine`` that the machine needs to be lower.

    Each is what the machine has; empty where it meets every floor.
    """
    seen = Machine.gather(MachineBlock(path=folder), Look("this host", 5.0))
    floors = MachineLimits()
    has = {
        "min_memory": (seen.memory.value, floors.min_memory),
        "min_cores": (seen.cores.value, floors.min_cores),
        "min_storage": (seen.storage.value, floors.min_storage),
    }
    return {
        name: amount
        for name, (amount, bound) in has.items()
        if not isinstance(amount, Unavailable) and amount < bound.value
    }


def is_smaller_box() -> bool:
    """Whether a demo that is started here is on a machine below the floors."""
    return bool(loosened(Path(tempfile.gettempdir())))
