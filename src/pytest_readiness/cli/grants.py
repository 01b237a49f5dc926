"""``readiness grants``: the least that the probes' account needs, ready to be run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

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

    from pytest_readiness.target.blocks import ResourceBlock

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
    block, where = _block(arguments)
    account = _account(block)
    needed = _grants(server, block)
    grants = [grant.replace("{user}", quoted(account)) for grant in needed]
    commands = _postgres(account, grants)
    afterwards = f"then give it a password: \\password {quoted(account)}"
    if server == "redis":
        commands = [" ".join(["ACL SETUSER", account, "reset", *grants])]
        afterwards = f"then: ACL SETUSER {account} on #SHA256-OF-ITS-PASSWORD"
    if arguments.json:
        told = {"server": where, "account": account, "grants": grants}
        text = json.dumps({**told, "commands": commands}, indent=2)
    else:
        mark = "#" if server == "redis" else "--"
        head = f"{mark} for {where}: this, and no more"
        text = "\n".join([head, *commands, f"{mark} {afterwards}"])
    sys.stdout.write(f"{text}\n")
    return 0


def _postgres(role: str, grants: list[str]) -> list[str]:
    return [
        f"CREATE ROLE {quoted(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;",
        # The probes' transactions say so too; this holds for whoever gets the password.
        f"ALTER ROLE {quoted(role)} SET default_transaction_read_only = on;",
        *(f"{grant};" for grant in grants),
    ]


def _block(arguments: argparse.Namespace) -> tuple[ResourceBlock, str]:
    """Give the server's table and its name; an example's without a target file."""
    name: str = arguments.server
    settings = Settings.of_command(arguments, os.environ)
    path = find(settings.config, Path.cwd())
    if path is None:
        return _EXAMPLES[name], f"{probe(name).source(_EXAMPLES[name])} (an example)"
    target = load(path, Redactor(), os.environ).select(settings.target)
    where = f"{display(path)} [target.{target.name}.{name}]"
    if name in target.unresolved:
        raise ConfigError(where, target.unresolved[name], "set it for this command too")
    block: ResourceBlock | None = getattr(target, name)
    if block is None:
        raise ConfigError(where, "is missing", "add it, see `readiness example`")
    return block, probe(name).source(block)


def _account(block: ResourceBlock) -> str:
    if isinstance(block, PostgresBlock):
        return shown_settings(block).get("user", _ACCOUNT)
    user = block.username if isinstance(block, RedisBlock) else None
    # The default user is the application's: `reset` would lock it out.
    return user if user and user != "default" else _ACCOUNT


def _grants(server: str, block: ResourceBlock) -> list[str]:
    """Collect what every probe of this table needs, each grant once."""
    kinds = [kind for kind in map(probe, REGISTRY) if kind.block == server]
    looks = [look for kind in kinds for look in kind.looks(block) or ()]
    return list(dict.fromkeys(look.grant for look in looks if look.grant))
