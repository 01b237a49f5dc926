"""Configuration files as services have them; logging is tried by a real interpreter."""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.demo.standins.python import hanging_python
from pytest_readiness.probes.configuration import Configuration
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import ConfigurationBlock, HostBlock, Resources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Try = Callable[..., Configuration]

CANARY = "correct-horse-battery"
FILE = "logging.handlers.RotatingFileHandler"


def block(backend: str = "", **settings: Any) -> ConfigurationBlock:
    if backend:
        settings["host"] = "engine"
    one = ConfigurationBlock.model_validate(settings)
    hosts = (
        {"engine": HostBlock.model_validate({"backend": backend})} if backend else {}
    )
    found = Resources(configuration=one, hosts=hosts).configuration
    assert found is not None
    return found


def see(backend: str = "", timeout: float = 20.0, **settings: Any) -> Configuration:
    one = block(backend, **settings)
    return Configuration.gather(one, Look(Configuration.source(one), timeout))


def why(fact: Observed[Any]) -> Unavailable:
    assert isinstance(fact.value, Unavailable)
    return fact.value


# ------------------------------------------------------------------------------- files


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_text(f"database: {{url: {CANARY}, pool: 4}}\nname: engine\n")
    return path


def schema(folder: Path, **rules: object) -> Path:
    path = folder / "schema.json"
    path.write_text(json.dumps(rules))
    return path


@pytest.mark.parametrize("backend", ["", "local"])
def test_a_good_file_is_good(backend: str, settings: Path, tmp_path: Path) -> None:
    rules = schema(tmp_path, required=["database"], properties={"name": {}})
    file = {"path": settings, "schema_file": rules, "required": ["database.pool"]}
    facts = see(backend, files=[file])
    assert facts.absent.value == facts.malformed.value == ()
    assert facts.missing.value == facts.breaches.value == ()
    assert why(facts.logging_accepted).cause is Cause.UNCONFIGURED
    assert CANARY not in repr(facts)


@pytest.mark.parametrize("backend", ["", "local"])
def test_a_file_that_is_not_there_is_named(backend: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    facts = see(backend, files=[{"path": path, "required": ["a"]}])
    assert facts.absent.value == (str(path),)
    assert facts.missing.value == ()


def test_a_file_that_cannot_be_read_is_named(settings: Path) -> None:
    settings.write_text(f"a: {CANARY}\na: 1\n")
    facts = see(files=[{"path": settings}])
    assert facts.malformed.value == ("settings.yaml: line 2: the key 'a' stands twice",)


def test_keys_without_a_value_are_missing(settings: Path) -> None:
    settings.write_text("database: {pool: }\n")
    facts = see(files=[{"path": settings, "required": ["database.pool", "name"]}])
    assert facts.missing.value == (
        "settings.yaml: database.pool",
        "settings.yaml: name",
    )


@pytest.mark.parametrize(
    ("rules", "breach"),
    [
        (
            {"properties": {"database": {"properties": {"url": {"type": "integer"}}}}},
            'settings.yaml: database.url: breaks type "integer"',
        ),
        (
            {"required": ["risk"]},
            "settings.yaml: the whole: 'risk' is a required property",
        ),
        ({"maxProperties": 1}, "settings.yaml: the whole: breaks maxProperties 1"),
        (
            {"properties": {"name": {"enum": ["x" * 99]}}},
            f'settings.yaml: name: breaks enum ["{"x" * 58}...',
        ),
    ],
)
def test_a_breach_names_place_and_rule_and_no_value(
    rules: dict[str, object], breach: str, settings: Path, tmp_path: Path
) -> None:
    file = {"path": settings, "schema_file": schema(tmp_path, **rules)}
    facts = see(files=[file])
    assert facts.breaches.value == (breach,)
    assert CANARY not in repr(facts)


def test_many_breaches_are_cut(settings: Path, tmp_path: Path) -> None:
    settings.write_text(json.dumps({"a": ["x"] * 30}))
    rules = schema(tmp_path, properties={"a": {"items": {"type": "integer"}}})
    breaches = see(files=[{"path": settings, "schema_file": rules}]).breaches.value
    assert not isinstance(breaches, Unavailable)
    assert len(breaches) == 21
    assert breaches[-1] == "settings.yaml: and more"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"type": "nonsense"}', "schema.json is no JSON Schema: $.type"),
        ('{"$ref": "https://x.example/a"}', "schema.json refers to what is not in it"),
        ("{", "schema.json line 1: Expecting property name"),
        (b"\xff", "schema.json is no text file"),
        (None, "schema.json No such file or directory"),
    ],
)
def test_a_schema_that_is_no_help_leaves_it_unknown(
    text: str | bytes | None, reason: str, settings: Path, tmp_path: Path
) -> None:
    path = tmp_path / "schema.json"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    nothing = why(see(files=[{"path": settings, "schema_file": path}]).breaches)
    assert nothing.reason.startswith(reason)
    assert nothing.cause is Cause.LOCAL


def test_no_file_at_all_is_unconfigured() -> None:
    facts = see()
    assert why(facts.absent).cause is why(facts.breaches).cause is Cause.UNCONFIGURED


# ----------------------------------------------------------------------------- logging


@pytest.fixture
def trying(tmp_path: Path) -> Try:
    def trying(
        handlers: dict[str, Any] | None = None,
        backend: str = "",
        level: str = "INFO",
        more: dict[str, Any] | None = None,
        **block: Any,
    ) -> Configuration:
        handlers = {"h": {"class": FILE}} if handlers is None else handlers
        for one in handlers.values():
            if str(one.get("class")).endswith("FileHandler"):
                one.setdefault("filename", str(tmp_path / "logs" / "engine.log"))
        root = {"level": level, "handlers": list(handlers)}
        data = {"version": 1, "handlers": handlers, "root": root, **(more or {})}
        path = tmp_path / "logging.json"
        path.write_text(json.dumps(data))
        given = {"logging": path, "interpreter": sys.executable, **block}
        return see(backend, **given)

    return trying


GOOD = {"class": FILE, "maxBytes": 1000, "backupCount": 2}


@pytest.mark.parametrize("backend", ["", "local"])
def test_a_good_logging_file_is_tried_and_leaves_nothing(
    backend: str, trying: Try, tmp_path: Path
) -> None:
    facts = trying({"h": dict(GOOD)}, backend)
    assert facts.logging_accepted.value is True
    assert facts.verbose.value == facts.unbounded.value == facts.uncollected.value == ()
    assert facts.error_sinks.value == (f"h ({tmp_path}/logs/engine.log)",)
    assert [path.name for path in tmp_path.iterdir()] == ["logging.json"]


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        ({"class": "engine.NoSuch"}, "No module named 'engine'"),
        ({"class": "logging.NoSuch"}, "has no attribute 'NoSuch'"),
        ({"class": FILE, "maxBytes": 1, "wrong": 1}, "unexpected keyword"),
        ({"class": FILE, "level": "LOUD"}, "Unknown level: 'LOUD'"),
    ],
)
def test_what_dictconfig_refuses_is_said(
    handler: dict[str, Any], said: str, trying: Try
) -> None:
    facts = trying({"h": handler})
    assert facts.logging_accepted.value is False
    assert said in facts.logging_accepted.detail
    assert "the logging file is not accepted" in why(facts.verbose).reason


def test_a_handler_of_the_services_own_is_made(trying: Try, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/engine_logs.py").write_text(
        "import logging\nclass Mine(logging.Handler):\n    pass\n"
    )
    handler = {"h": {"class": "engine_logs.Mine"}}
    assert trying(handler).logging_accepted.value is False
    facts = trying(handler, python_path=[tmp_path / "src"])
    assert facts.error_sinks.value == ("h (Mine)",)
    assert not (tmp_path / "src/__pycache__").exists()


def test_nothing_of_the_standard_librarys_handlers_connects(trying: Try) -> None:
    handlers = "logging.handlers"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        facts = trying(
            {
                "tcp": {
                    "class": f"{handlers}.SysLogHandler",
                    "address": ["127.0.0.1", port],
                    "socktype": "ext://socket.SOCK_STREAM",
                },
                "log": {"class": f"{handlers}.SysLogHandler", "address": "/dev/log"},
                "mail": {
                    "class": f"{handlers}.SMTPHandler",
                    "mailhost": "mail.invalid",
                    "fromaddr": "a",
                    "toaddrs": ["b"],
                    "subject": "c",
                    "credentials": ["user", CANARY],
                },
                "files": {"class": f"{handlers}.WatchedFileHandler"},
                "held": {
                    "class": f"{handlers}.MemoryHandler",
                    "capacity": 9,
                    "target": "mail",
                },
            }
        )
        with pytest.raises(TimeoutError):
            server.accept()
    assert facts.logging_accepted.value is True
    assert why_not_empty(facts.error_sinks) == {
        *("tcp (SysLogHandler)", "log (SysLogHandler)", "mail (SMTPHandler)"),
        *(one for one in why_not_empty(facts.unbounded)),
    }


def why_not_empty(fact: Observed[tuple[str, ...]]) -> set[str]:
    assert not isinstance(fact.value, Unavailable)
    assert fact.value
    return set(fact.value)


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("socket.create_connection(('127.0.0.1', {port}))", "socket.getaddrinfo"),
        ("subprocess.run(['true'])", "subprocess.Popen"),
        ("open(os.environ.get('X', '{folder}/made'), 'w')", "open for writing"),
        ("os.mkdir('{folder}/made')", "os.mkdir"),
    ],
)
def test_a_handler_that_does_more_is_not_let_and_no_verdict(
    code: str, refused: str, trying: Try, tmp_path: Path
) -> None:
    (tmp_path / "eager.py").write_text(
        "import logging, os, socket, subprocess\n"
        "class Eager(logging.Handler):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        f"        {code.format(port=9, folder=tmp_path)}\n"
    )
    facts = trying({"h": {"class": "eager.Eager"}}, python_path=[tmp_path])
    nothing = why(facts.logging_accepted)
    assert f"without {refused}" in nothing.reason
    assert nothing.cause is Cause.LOCAL
    assert not (tmp_path / "made").exists()


def test_no_secret_is_on_the_command_line(trying: Try, tmp_path: Path) -> None:
    spy = tmp_path / "python"
    spy.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/seen\nexec {sys.executable} "$@"\n'
    )
    spy.chmod(0o755)
    handler = {"()": "logging.NullHandler", "level": "INFO"}
    url = f"https://user:{CANARY}@sentry.example/1"
    more = {"x-token": CANARY, "x": [url], "credentials": ["user", CANARY]}
    facts = trying({"h": handler}, interpreter=spy, more={"loggers": {}, "y": more})
    assert facts.logging_accepted.value is True
    assert "sentry.example" in (tmp_path / "seen").read_text()
    assert CANARY not in (tmp_path / "seen").read_text()


def test_an_interpreter_that_hangs_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "logging.json"
    path.write_text('{"version": 1}')
    began = time.monotonic()
    facts = see(timeout=1.0, logging=path, interpreter=hanging_python(tmp_path))
    assert time.monotonic() - began < 6
    assert "no answer within 1 s" in why(facts.logging_accepted).reason


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("[1]", "it is no dictionary"),
        ("a: 2026-11-24", "it holds what is no plain data"),
        ("a: [", "line 1: expected the node content"),
        (None, "there is no "),
    ],
)
def test_a_logging_file_that_is_none_is_not_accepted(
    text: str | None, detail: str, tmp_path: Path
) -> None:
    path = tmp_path / "logging.yaml"
    if text is not None:
        path.write_text(text)
    facts = see(logging=path, interpreter=sys.executable)
    assert facts.logging_accepted.value is False
    assert facts.logging_accepted.detail.startswith(detail)


def test_what_is_not_an_interpreter_tells_nothing(tmp_path: Path) -> None:
    path = tmp_path / "logging.json"
    path.write_text('{"version": 1}')
    facts = see(logging=path, interpreter="/bin/true")
    assert "does not tell" in why(facts.logging_accepted).reason
    path.write_text(json.dumps({"version": 1, "x": "y" * 70_000}))
    facts = see(logging=path, interpreter=sys.executable)
    assert "longer than" in why(facts.logging_accepted).reason


# -------------------------------------------------------------------- what is logged


@pytest.mark.parametrize(
    ("level", "handler", "loggers", "verbose"),
    [
        ("DEBUG", {}, {}, ("root at DEBUG",)),
        ("NOTSET", {}, {}, ("root at NOTSET",)),
        ("DEBUG", {"level": "INFO"}, {}, ()),
        ("INFO", {}, {"a.b": {"level": "DEBUG"}}, ("a.b at DEBUG",)),
        ("INFO", {}, {"a": {"level": "DEBUG", "propagate": False}}, ()),
        ("INFO", {"level": "INFO"}, {"a": {"level": 5}}, ()),
    ],
)
def test_what_is_below_info_is_named(
    level: str,
    handler: dict[str, Any],
    loggers: dict[str, Any],
    verbose: tuple[str, ...],
    trying: Try,
) -> None:
    facts = trying({"h": {**GOOD, **handler}}, level=level, more={"loggers": loggers})
    assert facts.verbose.value == verbose


@pytest.mark.parametrize(
    ("handlers", "level"),
    [
        ({}, "INFO"),
        ({"h": {"class": "logging.NullHandler"}}, "INFO"),
        ({"h": {**GOOD, "level": "CRITICAL"}}, "INFO"),
        ({"h": dict(GOOD)}, "CRITICAL"),
        ({"h": {"class": "logging.handlers.MemoryHandler", "capacity": 9}}, "INFO"),
    ],
)
def test_errors_that_go_nowhere_have_no_sink(
    handlers: dict[str, Any], level: str, trying: Try
) -> None:
    assert trying(handlers, level=level).error_sinks.value == ()


@pytest.mark.parametrize(
    ("handler", "grows"),
    [
        ({"class": "logging.FileHandler"}, True),
        ({"class": FILE, "maxBytes": 9}, True),
        ({"class": FILE, "backupCount": 9}, True),
        ({"class": "logging.handlers.TimedRotatingFileHandler"}, True),
        (
            {"class": "logging.handlers.TimedRotatingFileHandler", "backupCount": 9},
            False,
        ),
        (dict(GOOD), False),
    ],
)
def test_files_that_grow_are_named_unless_logrotate_cuts_them(
    handler: dict[str, Any], *, grows: bool, trying: Try, tmp_path: Path
) -> None:
    logs = f"{tmp_path}/logs"
    facts = trying({"h": dict(handler)})
    assert facts.unbounded.value == ((f"h ({logs}/engine.log)",) if grows else ())
    rules = tmp_path / "engine.logrotate"
    rules.write_text(f"weekly\n# {{\n/other/a.log\n'{logs}/*.log' {{\n  rotate 3\n}}\n")
    assert trying({"h": dict(handler)}, logrotate=[rules]).unbounded.value == ()
    rules.write_text(f"{logs}/other.log {{\n}}\n")
    assert (
        bool(trying({"h": dict(handler)}, logrotate=[rules]).unbounded.value) == grows
    )


def test_the_output_must_be_collected(trying: Try) -> None:
    handler = {"h": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}}
    alone = trying(handler)
    assert (alone.uncollected.value, alone.collected.value) == (("h (stdout)",), ())
    taken = trying(handler, collector="journald")
    assert (taken.uncollected.value, taken.collected.value) == ((), ("h (stdout)",))
    to_file = trying({"h": dict(GOOD)}, collector="journald")
    assert to_file.uncollected.value == to_file.collected.value == ()


# ------------------------------------------------------------------------------- plans


def test_all_that_is_done_is_planned(settings: Path, tmp_path: Path) -> None:
    one = block(
        files=[{"path": settings, "schema_file": tmp_path / "s.json"}],
        logging=tmp_path / "l.yaml",
        interpreter=sys.executable,
        python_path=[tmp_path],
    )
    assert [look.what for look in Configuration.looks(one)] == [
        str(settings),
        f"{tmp_path}/l.yaml",
        f"{tmp_path}/s.json",
        f"{sys.executable} -I -c {{script}} {{logging}} {tmp_path}",
    ]
    assert Configuration.looks(block()) == ()


def test_a_logging_file_needs_an_interpreter() -> None:
    with pytest.raises(ValueError, match="nothing tries"):
        block(logging="/x/logging.yaml")
