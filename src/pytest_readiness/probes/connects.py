"""Connects from another host: a Python there makes and times them, and tells."""

from __future__ import annotations

import errno
import json
import socket
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.hosts import commands, opened
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import explain, unresolved
from pytest_readiness.target.values import is_list

if TYPE_CHECKING:
    from pytest_readiness.probes.hosts.commands import Command
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import NetworkBlock

__all__ = ["SCRIPT", "Tried", "asked", "distant"]

Tried = float | Unavailable
"""Seconds that a connect took, or why there was none."""

SCRIPT = """
import errno, json, socket, sys, threading, time
places, count, gap, limit = json.loads(sys.argv[1])
names = {getattr(socket, n): n for n in dir(socket) if n.startswith("EAI_")}
told = [[None] * count for _ in places]
def connect(tried, number, addresses):
    began = time.time()
    for family, _, _, _, place in addresses:
        one = socket.socket(family, socket.SOCK_STREAM)
        one.settimeout(limit)
        try:
            one.connect(place)
            tried[number] = time.time() - began
            return
        except socket.timeout:
            tried[number] = ["time", ""]
        except OSError as error:
            tried[number] = ["system", errno.errorcode.get(error.errno, "")]
        finally:
            one.close()
work = []
for at, (host, port) in enumerate(places):
    try:
        found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        work.append((told[at], found))
    except socket.gaierror as error:
        told[at] = [["name", names.get(error.errno, "")]]
threads = []
for number in range(count):
    for tried, found in work:
        threads.append(threading.Thread(target=connect, args=(tried, number, found)))
        threads[-1].start()
    time.sleep(gap)
for one in threads:
    one.join()
print(json.dumps(told))
"""
"""What the interpreter is asked; runs on every Python since 3.3."""


def asked(block: NetworkBlock) -> Command:
    """Give the program that is run on the host."""
    what = [
        [[one.host, one.port] for one in block.endpoints],
        block.connects,
        block.interval.total_seconds(),
        block.connect_timeout.total_seconds(),
    ]
    options = ("-I", "-c", SCRIPT, json.dumps(what))
    return commands.interpreter(str(block.interpreter), options)


def distant(block: NetworkBlock, look: Look) -> list[list[Tried]]:
    """Connect from the block's host, and give what became of it by endpoint.

    Raises:
        LookError: the host cannot be looked at, or has no such interpreter.
    """
    host, interpreter = opened(block, look), str(block.interpreter)
    if nothing := host.absence(interpreter, look):
        remedy = "set interpreter to a Python of that host"
        raise LookError(nothing, Cause.LOCAL, remedy, final=True)
    lines = host.output(asked(block), look).decode(errors="replace").split("\n")
    try:
        said = json.loads([line for line in lines if line.strip()][-1])
        pairs = zip(block.endpoints, said, strict=True)
        return [[_tried(one, it.host, look) for one in tried] for it, tried in pairs]
    except (ValueError, LookupError, TypeError, RecursionError):
        reason = "the interpreter does not tell what became of its connects"
        raise LookError(reason, Cause.LOCAL, final=True) from None


def _tried(told: object, host: str, look: Look) -> Tried:
    if not is_list(told):
        return float(str(told))
    kind, name = told
    if kind == "name":
        code = getattr(socket, str(name), socket.EAI_FAIL)
        return unresolved(host, socket.gaierror(code, "")).unavailable
    if kind == "time":
        return look.overdue().unavailable
    return explain(OSError(getattr(errno, str(name), 0), ""), look).unavailable
