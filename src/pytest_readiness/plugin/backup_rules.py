"""The checklist's rules of backups, for the items that share them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.catalogue.requirement import Check
    from pytest_readiness.probes.backup import Backup
    from pytest_readiness.probes.backup.drill import Drill
    from pytest_readiness.probes.postgres.row_counts import RowCounts
    from pytest_readiness.target.blocks import Limits

__all__ = ["backup_rules"]


def backup_rules(
    check: Check, backup: Backup, drill: Drill, row_counts: RowCounts, limits: Limits
) -> None:
    """Hold the newest backup against the rules: recent, whole, and comes back."""
    bounds = limits.backup
    check("there is a backup", backup.found).is_true()
    check("age of the newest", backup.age).at_most(bounds.rpo)
    check("readable to its end", backup.intact).is_true()
    check("it can be restored", drill.restored).is_true()
    check("time of the restore", drill.took).at_most(bounds.rto)
    lost = drill.lost(row_counts.rows, bounds.row_difference.value)
    check("tables that lost rows", lost).empty()
