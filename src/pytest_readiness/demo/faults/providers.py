"""Environment Setup, the providers' keys: each in each way that one goes bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.providers import key_variable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.providers import NAMES, TROUBLES, provider
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Apply = Callable[[Breakage, str], None]

__all__ = ["FAULTS"]

_TOUCHES = frozenset({"provider"})
_SHORT = "1s"
_WRONG = "b3f7c1d9e8a24f60b3f7c1d9e8a24f60"


def _set(breakage: Breakage, name: str, **settings: object) -> None:
    """Change one provider's table; the others stay."""
    providers = breakage.tables["providers"]
    before = providers[name]
    if isinstance(before, dict):
        providers[name] = {**before, **settings}


def _unset(breakage: Breakage, name: str) -> None:
    del breakage.environ[key_variable(name)]


def _key(key: str) -> Apply:
    return lambda breakage, name: breakage.environ.update({key_variable(name): key})


def _trouble(kind: str) -> Apply:
    def apply(breakage: Breakage, name: str) -> None:
        bench = breakage.bench
        context = bench.authority.issue().server_context(bench.folder, "trouble")
        server = provider(name, bench.passwords[name], context, TROUBLES[kind])
        port = breakage.enter(server).port
        _set(breakage, name, url=f"https://127.0.0.1:{port}")

    return apply


def _elsewhere(
    open_port: Callable[[], AbstractContextManager[int | Listener]],
) -> Apply:
    def apply(breakage: Breakage, name: str) -> None:
        opened = breakage.enter(open_port())
        port = opened.port if isinstance(opened, Listener) else opened
        _set(breakage, name, url=f"https://127.0.0.1:{port}", timeout=_SHORT)

    return apply


def _sandbox(breakage: Breakage, name: str) -> None:
    port = breakage.bench.providers[name].port
    _set(breakage, name, url=f"https://localhost:{port}", sandboxes=["localhost"])


def _rehearsal(breakage: Breakage, name: str) -> None:
    _sandbox(breakage, name)
    breakage.tables.setdefault("limits", {})["providers"] = {"live": False}


_WAYS: tuple[tuple[str, str, State, Apply], ...] = (
    ("unset", "the key of {} is not set", State.FAILED, _unset),
    ("placeholder", "the key of {} is a placeholder", State.FAILED, _key("changeme")),
    ("wrong-key", "{} refuses the key", State.FAILED, _key(_WRONG)),
    ("forbidden", "{} answers 403", State.FAILED, _trouble("forbidden")),
    ("down", "the port of {} refuses", State.FAILED, _elsewhere(hostile.refuses)),
    ("sandbox", "the URL of {} is its sandbox's", State.FAILED, _sandbox),
    ("limited", "{} answers 429: too many", State.UNKNOWN, _trouble("limited")),
    ("broken", "{} answers 500", State.UNKNOWN, _trouble("broken")),
    ("maintained", "{} shows a web page", State.UNKNOWN, _trouble("maintained")),
)


def _fault(
    name: str, way: str, summary: str, state: State | None, apply: Apply
) -> Fault:
    turns = {} if state is None else {f"environment-setup.api-keys.{name}": state}
    return Fault(
        f"{name}-{way}",
        summary.format(name),
        turns,
        _TOUCHES,
        lambda breakage: apply(breakage, name),
    )


FAULTS = (
    *(_fault(name, *way) for name in NAMES for way in _WAYS),
    _fault(
        *("tradier", "hangs", "{} accepts and never answers", State.FAILED),
        _elsewhere(hostile.hangs),
    ),
    _fault(
        *("tradier", "rehearsal", "where nothing is real, a sandbox will do", None),
        _rehearsal,
    ),
)
