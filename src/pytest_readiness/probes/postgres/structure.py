"""Whether the schema is the release's: tables, columns, indexes, keys, migrations."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.postgres.reading import OURS, named, split_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_readiness.probes.postgres.reading import Names, Reader
    from pytest_readiness.probes.postgres.session import Rows
    from pytest_readiness.target.blocks.database import StructureTable

__all__ = [
    "HEADS",
    "STRUCTURE",
    "Structure",
    "alembic_heads",
    "read_structure",
    "structure_looks",
]

_MAX_KEYLESS = 1000
_NO_TABLES = (
    "SELECT w.schema, w.name FROM (VALUES {wanted}) AS w (schema, name)"
    " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = w.schema AND c.relname = w.name"
    " AND c.relkind IN ({kinds})) ORDER BY 1, 2 LIMIT 100"
)
_TABLE_KINDS = "'r', 'p', 'v', 'm', 'f'"
_INDEX_KINDS = "'i', 'I'"
_NO_COLUMNS = (
    "SELECT w.schema, w.name, w.attribute"
    " FROM (VALUES {wanted}) AS w (schema, name, attribute)"
    " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a"
    " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = w.schema AND c.relname = w.name"
    " AND a.attname = w.attribute AND a.attnum > 0 AND NOT a.attisdropped)"
    " ORDER BY 1, 2, 3 LIMIT 100"
)
# Of others' builds a plain role sees that there is one, not of which index.
_INVALID = (
    "SELECT n.nspname, c.relname,"
    " EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index b"
    " WHERE b.datname = pg_catalog.current_database()"
    " AND COALESCE(b.index_relid, 0) IN (0, i.indexrelid))"
    " FROM pg_catalog.pg_index i"
    " JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE NOT i.indisvalid AND {OURS} ORDER BY 1, 2 LIMIT 100"
)
_NO_KEYS = (
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {OURS}"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k"
    " WHERE k.conrelid = c.oid AND k.contype = 'p')"
    f" ORDER BY 1, 2 LIMIT {_MAX_KEYLESS}"
)
HEADS: Mapping[str, str] = {
    "alembic": "SELECT version_num FROM alembic_version",
    # The last of each application; Django has no order among applications.
    "django": "SELECT DISTINCT ON (app) app || '.' || name FROM django_migrations"
    " ORDER BY app, id DESC",
    "flyway": "SELECT version FROM flyway_schema_history"
    " WHERE success AND version IS NOT NULL ORDER BY installed_rank DESC LIMIT 1",
    "liquibase": "SELECT id FROM databasechangelog ORDER BY orderexecuted DESC LIMIT 1",
}
"""Where each migration tool keeps its head; the role needs SELECT on that table."""
STRUCTURE = (_NO_TABLES, _NO_COLUMNS, _INVALID, _NO_KEYS)
"""What is sent, beside the question for the head."""

_TABLE_OF = {
    "alembic": "alembic_version",
    "django": "django_migrations",
    "flyway": "flyway_schema_history",
    "liquibase": "databasechangelog",
}
"""Found by the search path, as the query finds it."""
_GRANT = "GRANT SELECT ON {tables} TO {user}"
_WITHOUT_KEY = {"liquibase": ("databasechangelog",)}
"""Tables that the tools themselves make without a primary key."""
_LINKS = ("revision", "down_revision")
_MAX_SCRIPTS = 5000
_MAX_SCRIPT = 1 << 20
_TOO_DEEP = (RecursionError, MemoryError)
"""What Python's parser raises on nesting without end."""


@dataclass(frozen=True, kw_only=True)
class Structure:
    """The schema, as the catalogs tell it."""

    missing_tables: Observed[tuple[str, ...]]
    """Tables that the target expects and that are not there."""
    missing_columns: Observed[tuple[str, ...]]
    """Columns that the target expects in its tables, likewise."""
    missing_indexes: Observed[tuple[str, ...]]
    """Indexes that the target expects, likewise."""
    invalid_indexes: Observed[tuple[str, ...]]
    """Indexes that are there and not used: a build of theirs failed.

    Unavailable while an index is being built without locking: it may be that one.
    """
    tables_without_key: Observed[tuple[str, ...]]
    """Tables without a primary key, those left out that rightly have none."""
    heads: Observed[tuple[str, ...]]
    """The last migrations that ran, one a branch, in order of their names."""
    release_heads: Observed[tuple[str, ...]]
    """The last migrations of the release."""
    earlier_heads: Observed[tuple[str, ...]]
    """The migrations that come before them."""

    @property
    def unplaced_heads(self) -> Observed[tuple[str, ...]]:
        """Migrations that ran and are neither the release's last nor before it."""

        def unplaced(heads: Names) -> Names | Unavailable:
            release = self.release_heads.value
            if isinstance(release, Unavailable):
                return release
            others = tuple(head for head in heads if head not in release)
            earlier = self.earlier_heads.value
            if others and isinstance(earlier, Unavailable):
                return earlier
            return tuple(h for h in others if h not in self.earlier_heads.otherwise(()))

        return self.heads.map(unplaced)


def read_structure(
    reader: Reader, table: StructureTable | None
) -> dict[str, Observed[Any]]:
    """Read the facts of :class:`Structure`."""
    if table is None:
        return dict.fromkeys(Structure.__annotations__, reader.unset("structure"))
    return {
        **_expected(reader, table),
        "invalid_indexes": _invalid(reader),
        "tables_without_key": _without_key(reader, table),
        "heads": _heads(reader, table),
        **_release(reader, table),
    }


def structure_looks(table: StructureTable | None) -> tuple[PlannedLook, ...]:
    """Say beforehand how the head is asked for, and what is read beside it."""
    if table is None:
        return ()
    query = HEADS.get(table.head or "", table.head_query or "")
    grant = _grant(table.head)
    asked = (PlannedLook("statement", query, grant=grant),) if query else ()
    scripts = (PlannedLook("file", str(table.scripts)),) if table.scripts else ()
    return (*asked, *scripts)


def _grant(head: str | None) -> str:
    """Give the grant for the table of a migration tool; of a query's own it is open."""
    known = _TABLE_OF.get(head or "")
    return _GRANT.replace("{tables}", known) if known else _GRANT


def _expected(reader: Reader, table: StructureTable) -> dict[str, Observed[Any]]:
    if not table.tables:
        unset = reader.unset("structure.tables")
        return dict.fromkeys(
            ("missing_tables", "missing_columns", "missing_indexes"), unset
        )
    columns = [
        (*split_name(name), column)
        for name, listed in table.tables.items()
        for column in listed
    ]
    return {
        "missing_tables": _missing(reader, table.tables, _TABLE_KINDS),
        "missing_columns": _none(reader)
        if not columns
        else reader.names(
            _NO_COLUMNS.format(wanted=reader.values(columns)), "pg_attribute"
        ),
        "missing_indexes": _missing(reader, table.indexes, _INDEX_KINDS),
    }


def _missing(reader: Reader, names: Iterable[str], kinds: str) -> Observed[Names]:
    wanted = reader.values(map(split_name, names))
    if not wanted:
        return _none(reader)
    return reader.names(_NO_TABLES.format(wanted=wanted, kinds=kinds), "pg_class")


def _none(reader: Reader) -> Observed[Names]:
    return reader.look.seen((), detail="none are declared")


def _invalid(reader: Reader) -> Observed[Names]:
    def settled(rows: Rows) -> Names | Unavailable:
        building = [named(*row[:2]) for row in rows if row[2] == "t"]
        if building:
            reason = f"{', '.join(building)}: invalid, or still being built"
            return Unavailable(
                reason, Cause.LOCAL, "look again when the index is built"
            )
        return tuple(named(*row[:2]) for row in rows)

    return reader.rows(_INVALID, "pg_index").map(settled)


def _without_key(reader: Reader, table: StructureTable) -> Observed[Names]:
    allowed = (*table.no_primary_key, *_WITHOUT_KEY.get(table.head or "", ()))

    def unexpected(names: Names) -> Names | Unavailable:
        left = tuple(n for n in names if not any(fnmatchcase(n, p) for p in allowed))
        if len(names) == _MAX_KEYLESS and not left:
            reason = f"{_MAX_KEYLESS} or more tables have none; no more are looked at"
            return Unavailable(reason, Cause.LOCAL, "give tables primary keys")
        return left

    return reader.names(_NO_KEYS, "pg_constraint").map(unexpected)


def _heads(reader: Reader, table: StructureTable) -> Observed[Names]:
    query = table.head_query
    if query is not None:
        rows = reader.look.observe(
            lambda: reader.session.read_foreign(query), what="head_query"
        )
    elif table.head is not None:
        rows = reader.rows(HEADS[table.head], table.head, _grant(table.head))
    else:
        return reader.unset("structure.head")
    return rows.map(_listed)


def _listed(rows: Rows) -> Names | Unavailable:
    if any(len(row) != 1 for row in rows):
        return Unavailable("the head's query gives more than one column", Cause.LOCAL)
    return tuple(sorted(row[0] for row in rows))


def _release(reader: Reader, table: StructureTable) -> dict[str, Observed[Any]]:
    if table.scripts is not None:
        found = reader.look.observe(
            lambda: alembic_heads(table.scripts), what=f"{table.scripts}"
        )
        return {
            "release_heads": found.map(lambda both: both[0]),
            "earlier_heads": found.map(lambda both: both[1]),
        }
    seen = reader.look.seen
    return {
        "release_heads": seen(tuple(sorted(table.revision)), what="structure.revision")
        if table.revision
        else reader.unset("structure.revision"),
        "earlier_heads": seen(table.earlier, what="structure.earlier")
        if table.earlier
        else reader.unset("structure.earlier"),
    }


def alembic_heads(folder: Path | None) -> tuple[Names, Names]:
    """Read Alembic's scripts: the heads, and all revisions before them.

    Nothing is run: the two assignments that link the scripts are literals.

    Raises:
        LookError: there is no folder with scripts, there are too many, or one cannot be
            read.
    """
    before: dict[str, tuple[str, ...]] = {}
    try:
        files = sorted(folder.glob("**/*.py")) if folder else []
        if len(files) > _MAX_SCRIPTS:
            reason = f"{folder} holds {len(files)} scripts, at most {_MAX_SCRIPTS} do"
            raise LookError(reason, Cause.LOCAL, final=True)
        for file in files:
            if file.stat().st_size > _MAX_SCRIPT:
                reason = f"{file} has over {_MAX_SCRIPT >> 20} MiB: no Alembic script"
                raise LookError(reason, Cause.LOCAL, final=True)
            before |= _links(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError, TypeError, *_TOO_DEEP) as error:
        reason = f"{folder}: a script cannot be read ({type(error).__name__})"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    if not before:
        reason = f"{folder} holds no Alembic script"
        raise LookError(reason, Cause.LOCAL, "check structure.scripts", final=True)
    earlier = {revision for links in before.values() for revision in links}
    return tuple(sorted(set(before) - earlier)), tuple(sorted(earlier))


def _links(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, object] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id in _LINKS:
                found[target.id] = ast.literal_eval(value)
    revision, down = found.get("revision"), found.get("down_revision")
    if not isinstance(revision, str):
        return {}
    links = (down,) if isinstance(down, str) else tuple(down or ())  # type: ignore[arg-type]  # Alembic's are texts
    return {revision: tuple(map(str, links))}
