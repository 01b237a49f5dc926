"""``readiness grants``: the least that the probes' account needs, ready to be run."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.settings import Settings
from pytest_readiness.probes import REGISTRY, probe
from pytest_readiness.probes.postgres import quoted
from pytest_readiness.probes.postgres.settings import shown_settings
from pytest_readiness.target.blocks import PostgresBlock, RedisBlock
from pytest_readiness.target.finding import display, find
from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.target.blocks import Grant, ResourceBlock

__all__ = ["configure", "run"]

_ACCOUNT = "readiness"
"""What the account is called where the target names none of its own."""

_EXAMPLES: dict[str, ResourceBlock] = {
    "postgres": PostgresBlock(host="db.example", database="app", user=_ACCOUNT),
    "redis": RedisBlock(host="cache.example", username=_ACCOUNT),
}
"""What stands in where there is no target file."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("server", choices=[*_EXAMPLES], help="of which server")
    parser.add_argument("--target", help="the environment")
    parser.add_argument("--config", type=Path, help="the target file")
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 with the commands, 4 where the target has no such server."""
    server: str = arguments.server
    block, allow, where = _block(arguments)
    grants = _Grants.of(server, block, allow)
    told = _redis(grants) if server == "redis" else _postgres(grants)
    if arguments.json:
        text = json.dumps(
            {
                "server": where,
                "account": grants.account,
                "commands": told.commands,
                "grants": grants.needed,
                "optional": grants.optional,
                "to_fill_in": grants.open,
            },
            indent=2,
        )
    else:
        notes = [f"for {where}: this, and no more", *told.notes]
        first, *others = (f"{told.mark} {note}" for note in notes)
        text = "\n".join([first, *told.commands, *others])
    sys.stdout.write(f"{text}\n")
    return 0


@dataclass(frozen=True)
class _Grants:
    """What an account needs, each grant once."""

    account: str
    needed: list[str]
    optional: list[str]
    """Without these it sees less, and the items say so."""
    open: list[str]
    """Needed too, with something that only people can fill in."""

    @classmethod
    def of(cls, server: str, block: ResourceBlock, allow: frozenset[Grant]) -> _Grants:
        """Collect what every probe of this table needs for what the target allows."""
        account = _account(block)
        found: dict[str, bool] = {}
        for kind in map(probe, REGISTRY):
            looks = (kind.looks(block) or ()) if kind.block == server else ()
            for look in (one for one in looks if one.intrusive in {None, *allow}):
                for grant in filter(None, look.grant.split("; ")):
                    filled = grant.replace("{user}", quoted(account))
                    found[filled] = found.get(filled, True) and look.optional
        closed = [grant for grant in found if "{" not in grant]
        return cls(
            account,
            needed=[grant for grant in closed if not found[grant]],
            optional=[grant for grant in closed if found[grant]],
            open=[grant for grant in found if grant not in closed],
        )


class _Told(NamedTuple):
    """How a kind of server is told."""

    commands: list[str]
    mark: str
    """Begins a comment."""
    notes: list[str]


def _postgres(grants: _Grants) -> _Told:
    role = quoted(grants.account)
    commands = [
        f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;",
        # The probes' transactions say so too; this holds for whoever gets the password.
        f"ALTER ROLE {role} SET default_transaction_read_only = on;",
        *(f"{grant};" for grant in grants.needed),
    ]
    notes = [f"then give it a password: \\password {role}"]
    if grants.open:
        notes += ["to be filled in:", *(f"  {grant};" for grant in grants.open)]
    if grants.optional:
        notes.append("without these it sees less, and the items say so:")
        notes += [f"  {grant};" for grant in grants.optional]
    return _Told(commands, "--", notes)


def _redis(grants: _Grants) -> _Told:
    account = grants.account
    commands = [" ".join(["ACL SETUSER", account, "reset", *grants.needed])]
    return _Told(
        commands, "#", [f"then: ACL SETUSER {account} on #SHA256-OF-ITS-PASSWORD"]
    )


def _block(
    arguments: argparse.Namespace,
) -> tuple[ResourceBlock, frozenset[Grant], str]:
    """Give the server's table, what may be done there, and its name.

    They are an example's without a target file.
    """
    name: str = arguments.server
    settings = Settings.of_command(arguments, os.environ)
    path = find(settings.config, Path.cwd())
    if path is None:
        where = f"{probe(name).source(_EXAMPLES[name])} (an example)"
        return _EXAMPLES[name], frozenset(), where
    target = load(path, Redactor(), os.environ).select(settings.target)
    where = f"{display(path)} [target.{target.name}.{name}]"
    if name in target.unresolved:
        raise ConfigError(where, target.unresolved[name], "set it for this command too")
    block: ResourceBlock | None = getattr(target, name)
    if block is None:
        raise ConfigError(where, "is missing", "add it, see `readiness example`")
    return block, target.allow, probe(name).source(block)


def _account(block: ResourceBlock) -> str:
    if isinstance(block, PostgresBlock):
        return shown_settings(block).get("user", _ACCOUNT)
    user = block.username if isinstance(block, RedisBlock) else None
    # The default user is the application's: `reset` would lock it out.
    return user if user and user != "default" else _ACCOUNT
