"""What the service's role may do: too much, too little, and what everybody may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from pytest_readiness.probes.postgres.reading import OURS, split_name
from pytest_readiness.target.blocks.database import Privilege

if TYPE_CHECKING:
    from pytest_readiness.catalogue.observation import Observed
    from pytest_readiness.probes.postgres.reading import Names, Reader
    from pytest_readiness.target.blocks.database import AccessTable

__all__ = ["ACCESS", "Access", "read_access"]

_KNOWN = "SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolname = {role}"
# A member can SET ROLE: what a group may do, its members may.
_POWERS = (
    "SELECT DISTINCT f.power, CASE WHEN m.oid = r.oid THEN '' ELSE m.rolname END"
    " FROM pg_catalog.pg_roles r"
    " JOIN pg_catalog.pg_roles m"
    " ON m.oid = r.oid"
    " OR (NOT r.rolsuper AND pg_catalog.pg_has_role(r.oid, m.oid, 'MEMBER'))"
    " CROSS JOIN LATERAL (VALUES ('superuser', m.rolsuper),"
    " ('createrole', m.rolcreaterole), ('createdb', m.rolcreatedb),"
    " ('replication', m.rolreplication), ('bypassrls', m.rolbypassrls),"
    " ('pg_write_server_files', m.rolname = 'pg_write_server_files'),"
    " ('pg_execute_server_program', m.rolname = 'pg_execute_server_program')"
    ") AS f (power, has)"
    " WHERE r.rolname = {role} AND f.has ORDER BY 1, 2 LIMIT 100"
)
_MAY = (
    "CASE WHEN {privilege} IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')"
    " THEN pg_catalog.has_any_column_privilege(r.oid, c.oid, {privilege})"
    " ELSE pg_catalog.has_table_privilege(r.oid, c.oid, {privilege}) END"
)
_LACKS = (
    "SELECT w.schema, w.name, CASE WHEN c.oid IS NULL THEN 'no such table'"
    " WHEN NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')"
    " THEN 'USAGE on its schema' ELSE w.privilege END"
    " FROM (VALUES {wanted}) AS w (schema, name, privilege)"
    " JOIN pg_catalog.pg_roles r ON r.rolname = {role}"
    " LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema"
    " LEFT JOIN pg_catalog.pg_class c"
    " ON c.relnamespace = n.oid AND c.relname = w.name"
    f" WHERE c.oid IS NULL OR NOT ({_MAY.format(privilege='w.privilege')})"
    " OR NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')"
    " ORDER BY 1, 2, 3 LIMIT 100"
)
_MAY_CONNECT = (
    "SELECT pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT')"
    " FROM pg_catalog.pg_roles r, pg_catalog.pg_database d"
    " WHERE r.rolname = {role} AND d.datname = pg_catalog.current_database()"
)
_TABLES = "c.relkind IN ('r', 'p', 'v', 'm', 'f')"
_EXCEEDS = (
    "SELECT n.nspname, c.relname, p.privilege"
    " FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_catalog.pg_roles r ON r.rolname = {role}"
    " CROSS JOIN (VALUES {privileges}) AS p (privilege)"
    f" WHERE {_TABLES} AND {OURS} AND NOT r.rolsuper"
    " AND NOT pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE')"
    f" AND {_MAY.format(privilege='p.privilege')}"
    " AND NOT EXISTS (SELECT FROM (VALUES {wanted}) AS w (schema, name, privilege)"
    " WHERE w.schema = n.nspname AND w.name = c.relname"
    " AND w.privilege = p.privilege)"
    " ORDER BY 1, 2, 3 LIMIT 100"
)
_OWNS = (
    "SELECT n.nspname, c.relname"
    " FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_catalog.pg_roles r ON r.rolname = {role}"
    f" WHERE {_TABLES} AND {OURS} AND NOT r.rolsuper"
    " AND pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE')"
    " ORDER BY 1, 2 LIMIT 100"
)
_PUBLIC_CREATES = (
    "SELECT n.nspname FROM pg_catalog.pg_namespace n"
    " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    " AND pg_catalog.has_schema_privilege('public', n.oid, 'CREATE')"
    " ORDER BY 1 LIMIT 100"
)
ACCESS = (*(_KNOWN, _POWERS, _LACKS, _MAY_CONNECT, _EXCEEDS, _OWNS, _PUBLIC_CREATES),)
"""What is sent; all of it may be read by every role."""

_PRIVILEGES: tuple[str, ...] = get_args(Privilege)


@dataclass(frozen=True, kw_only=True)
class Access:
    """Roles and privileges, as the catalogs tell them."""

    role_exists: Observed[bool]
    """Whether the service's role is there; the detail names it."""
    role_powers: Observed[tuple[str, ...]]
    """What the role may do beyond any data: superuser, createrole, createdb,
    replication, bypassrls, writing files, running programs; also through a group."""
    role_migrates: Observed[bool]
    """Whether the target says that the role changes the schema too."""
    owned_tables: Observed[tuple[str, ...]]
    """Tables that the role owns, so that it may do anything with them."""
    lacking_privileges: Observed[tuple[str, ...]]
    """What the role needs, as the target says, and does not have."""
    excess_privileges: Observed[tuple[str, ...]]
    """What the role has on tables that it does not own, beyond what it needs."""
    public_creates: Observed[tuple[str, ...]]
    """Schemas in which everybody (``PUBLIC``) may create objects."""


def read_access(reader: Reader, table: AccessTable | None) -> dict[str, Observed[Any]]:
    """Read the facts of :class:`Access`."""
    creates = reader.rows(_PUBLIC_CREATES, "pg_namespace").map(
        lambda rows: tuple(row[0] for row in rows)
    )
    if table is None:
        names = [name for name in Access.__annotations__ if name != "public_creates"]
        return dict.fromkeys(names, reader.unset("access")) | {
            "public_creates": creates
        }
    role = "current_user" if table.role is None else reader.session.literal(table.role)
    known = reader.rows(_KNOWN.format(role=role), "pg_roles")
    return {
        "role_exists": known.map(bool),
        "role_powers": reader.rows(_POWERS.format(role=role), "pg_roles").map(
            lambda rows: tuple(_power(*row) for row in rows)
        ),
        "role_migrates": reader.look.seen(table.migrates, what="access.migrates"),
        "owned_tables": reader.names(_OWNS.format(role=role), "pg_class"),
        "public_creates": creates,
        **_privileges(reader, table, role),
    }


def _privileges(
    reader: Reader, table: AccessTable, role: str
) -> dict[str, Observed[Any]]:
    if not table.privileges:
        unset = reader.unset("access.privileges")
        return {"lacking_privileges": unset, "excess_privileges": unset}
    wanted = reader.values(
        (*split_name(name), privilege)
        for name, privileges in table.privileges.items()
        for privilege in privileges or ("",)
    )
    every = reader.values((privilege,) for privilege in _PRIVILEGES)
    exceeds = _EXCEEDS.format(role=role, wanted=wanted, privileges=every)
    return {
        "lacking_privileges": _lacking(reader, role, wanted),
        "excess_privileges": reader.names(exceeds, "pg_class"),
    }


def _lacking(reader: Reader, role: str, wanted: str) -> Observed[Names]:
    connect = reader.rows(_MAY_CONNECT.format(role=role), "pg_database")
    lacks = reader.names(_LACKS.format(role=role, wanted=wanted), "pg_class")
    if connect.otherwise((("t",),)) == (("f",),):
        return lacks.map(lambda names: ("the database: CONNECT", *names))
    return lacks if connect.available else connect.map(lambda _: ())


def _power(power: str, group: str) -> str:
    return f"{power} (through {group})" if group else power
