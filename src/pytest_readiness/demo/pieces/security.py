"""Security Implementation: who may do what with the engine, and how it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.bench import PARTNER_LIMIT
from pytest_readiness.demo.engine.access import issue
from pytest_readiness.demo.servers.engine import DESCRIPTION

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["EXPIRED", "FOREIGN", "describe", "password_variable"]

EXPIRED = "READINESS_DEMO_EXPIRED_TOKEN"
FOREIGN = "READINESS_DEMO_FOREIGN_TOKEN"
"""Variables that the target file refers to."""

_USERS = ("trader", "risk", "admin", "partner")
_MATRIX = {
    "GET /orders": {"anonymous": 401, "trader": 200, "risk": 200, "admin": 403},
    "POST /orders": {"anonymous": 401, "trader": 400, "risk": 403, "admin": 403},
    "GET /contracts": {"anonymous": 200},
}


def password_variable(name: str) -> str:
    """Give the variable that a user's password is in."""
    return f"READINESS_DEMO_{name.upper()}_PASSWORD"


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:
    """Add what the service must be like to its table."""
    tables.setdefault("allow", []).extend(["write", "attack"])
    tables.setdefault("service", {}).update(
        {
            "identities": {
                name: {
                    "username": name,
                    "password": f"${{env:{password_variable(name)}}}",
                    "login": {"route": "/login"},
                }
                for name in _USERS
            },
            "authentication": {
                "routes": ["/orders"],
                "identity": "trader",
                "scheme": "jwt",
                "expired": f"${{env:{EXPIRED}}}",
                "other_audience": f"${{env:{FOREIGN}}}",
                "public_key": str(bench.tokens.public),
            },
            "authorization": {"matrix": _MATRIX},
            "pages": {
                "routes": ["/contracts", "/version"],
                "reflecting": ["/contracts?q={marker}"],
            },
            "rate_limit": {
                "identity": "partner",
                "route": "/orders",
                "limit": PARTNER_LIMIT,
                "burst": PARTNER_LIMIT * 3 // 2,
            },
            "injection": {
                "parameters": [
                    {"route": "/contracts?q={value}", "value": "acme"},
                    {"route": "/quotes/{value}", "value": "ACME-P050"},
                ],
                "delay": "150ms",
            },
            "inputs": {
                "document": str(DESCRIPTION),
                "strict": ["POST /login", "POST /orders"],
                "identity": "risk",
            },
            # The demo's servers stand for machines of their own.
            "transport": {
                "plain": f"http://127.0.0.1:{bench.engine.plain_port}",
                "exempt_loopback": False,
            },
        }
    )
    root = DESCRIPTION.parent
    tables["sources"] = {"root": str(root), "paths": ["."]}
    key = bench.tokens.private.read_text("ascii")
    environ[EXPIRED] = issue(key, "trader", "trader", lifetime=-60)
    environ[FOREIGN] = issue(key, "trader", "trader", audience="back-office")
    for name in _USERS:
        environ[password_variable(name)] = bench.passwords[name]
