"""Configuration Management: files that cannot be used, and logs that are no good."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from unittest import mock

import yaml

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.servers.engine import CONFIGURATION, LOGGING
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_FILES = "configuration-management.configuration-files"
_LOGGING = "configuration-management.logging-configuration"
_ERRORS = "error-handling-and-recovery.error-logging"
_STORE = "monitoring-and-alerting.log-monitoring"
_TOUCHES = frozenset({"configuration"})


def _settings(change: Callable[[str], str]) -> Apply:
    """Have another text in the settings file."""

    def apply(breakage: Breakage) -> None:
        text = change(CONFIGURATION[0].read_text("utf-8"))
        path = breakage.write("configured/settings.yaml", text)
        breakage.tables["configuration"]["files"][0]["path"] = str(path)

    return apply


def _replaced(old: str, new: str) -> Apply:
    return _settings(lambda text: text.replace(old, new))


def _logging(**handler: object) -> Apply:
    """Have another handler, or none where nothing is given."""

    def apply(breakage: Breakage) -> None:
        data = yaml.safe_load(LOGGING.read_text("utf-8"))
        if handler:
            data["handlers"]["errors"] = {"level": "WARNING", **handler}
        else:
            data["root"]["handlers"] = []
        # JSON is YAML, too.
        path = breakage.write("configured/logging.yaml", json.dumps(data))
        breakage.set("configuration", logging=str(path))

    return apply


def _debug(breakage: Breakage) -> None:
    data = yaml.safe_load(LOGGING.read_text("utf-8"))
    data["root"]["level"] = "DEBUG"
    del data["handlers"]["errors"]["level"]
    path = breakage.write("configured/logging.yaml", json.dumps(data))
    breakage.set("configuration", logging=str(path))


def _no_settings(breakage: Breakage) -> None:
    path = breakage.bench.folder / "no-settings.yaml"
    breakage.tables["configuration"]["files"][0]["path"] = str(path)


def _cut(breakage: Breakage) -> None:
    """Have logrotate cut the file that grows."""
    _logging(**_GROWS)(breakage)
    rule = "/srv/engine/*.log {\n  daily\n  rotate 14\n  copytruncate\n}\n"
    path = breakage.write("configured/engine.logrotate", rule)
    breakage.set("configuration", logrotate=[str(path)])


def _collected(breakage: Breakage) -> None:
    _logging(**_STDOUT)(breakage)
    breakage.set("configuration", collector="journald")


def _lost(breakage: Breakage) -> None:
    _collected(breakage)
    breakage.enter(mock.patch.object(breakage.bench.loki, "age", None))


_GROWS = {"class": "logging.FileHandler", "filename": "/srv/engine/engine.log"}
_STDOUT = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}


def _files(name: str, summary: str, apply: Apply) -> Fault:
    turns = {_FILES: State.FAILED}
    return Fault(f"configuration-{name}", summary, turns, _TOUCHES, apply)


def _logs(
    name: str, summary: str, apply: Apply, *also: str, good: bool = False
) -> Fault:
    turns = {} if good else dict.fromkeys((_LOGGING, *also), State.FAILED)
    return Fault(f"logging-{name}", summary, turns, _TOUCHES, apply)


FAULTS = (
    _files("missing", "a settings file is not there", _no_settings),
    _files("bad-yaml", "a settings file is no YAML", _replaced("server:", "server: [")),
    _files(
        *("python-tag", "a settings file would run code"),
        _replaced("debug: false", "debug: !!python/object/apply:os.getcwd []"),
    ),
    _files(
        *("duplicate-key", "a key stands twice"),
        _replaced("  pool_size: 4", "  pool_size: 4\n  pool_size: 40"),
    ),
    _files(
        *("key-missing", "a key that must be there is missing"),
        _replaced("  pool_size: 4\n", ""),
    ),
    _files(
        *("wrong-type", "a number is written as words"),
        _replaced("workers: 1", "workers: many"),
    ),
    Fault(
        "logging-unknown-class",
        "the logging file names a class that does not exist",
        {_FILES: State.FAILED, _LOGGING: State.FAILED, _ERRORS: State.UNKNOWN},
        _TOUCHES,
        _logging(**{"class": "engine.logs.NoSuchHandler"}),
    ),
    _logs("debug", "everything down to DEBUG is logged", _debug),
    _logs("no-sink", "nothing takes errors", _logging(), _ERRORS),
    _logs(
        *("null-sink", "errors go nowhere"),
        _logging(**{"class": "logging.NullHandler"}),
        _ERRORS,
    ),
    _logs("unbounded", "a log grows for ever", _logging(**_GROWS)),
    _logs(
        *("never-rotated", "a rotating log whose count is zero grows for ever"),
        _logging(
            **{"class": "logging.handlers.RotatingFileHandler", "maxBytes": 1000},
            filename="/srv/engine/engine.log",
        ),
    ),
    _logs("uncollected", "nothing collects the output", _logging(**_STDOUT)),
    _logs("logrotate", "logrotate cuts the log: good", _cut, good=True),
    _logs("collected", "a line of it is in the log store: good", _collected, good=True),
    Fault(
        "logging-lost",
        "what should collect the output has no line of it",
        dict.fromkeys((_LOGGING, _STORE), State.FAILED),
        _TOUCHES | {"logs"},
        _lost,
    ),
)
