"""References take what is known where the run is; what they give stays unseen."""

from __future__ import annotations

import os
import shlex
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.references import MAX_SIZE, References
from pytest_readiness.target.values import Mistake

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.target.secret import Redactor
    from tests.unit.target.conftest import Load

REDIS = "[target.production.redis]\n"
SERVICE = '[target.production.service]\nurl = "https://engine"\n'


def python(code: str) -> str:
    return f"${{cmd:{shlex.quote(sys.executable)} -c {shlex.quote(code)}}}"


@pytest.fixture
def references(tmp_path: Path) -> References:
    environ = {"A": "one", "EMPTY": "", "PATH": os.environ["PATH"]}
    return References(tmp_path, environ, timeout=10)


def test_a_reference_may_stand_within_a_text(references: References) -> None:
    filled = references.fill("https://${env:A}.example/${env:A}")
    assert filled.text == "https://one.example/one"
    assert filled.name == "env:A"


def test_the_characters_themselves_can_be_written(references: References) -> None:
    assert references.fill("$${env:A} costs $5").text == "${env:A} costs $5"


def test_a_variable_that_is_not_set_has_no_text(references: References) -> None:
    filled = references.fill("${env:A}${env:B}${env:EMPTY}")
    assert filled.text is None
    assert filled.problem == "env:B is not set; env:EMPTY is empty"


def test_a_file_gives_its_content_without_the_last_line_end(
    references: References, tmp_path: Path
) -> None:
    (tmp_path / "pw").write_bytes(b"hunter2\r\n")
    assert references.fill("${file:pw}").text == "hunter2"
    assert references.fill(f"${{file:{tmp_path}/pw}}").text == "hunter2"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "file:pw is not a file that exists"),
        (b"", "file:pw is empty"),
        (b"\xff", "file:pw gives no UTF-8 text"),
        (b"a" * (MAX_SIZE + 1), f"file:pw gives more than {MAX_SIZE} bytes"),
    ],
)
def test_a_file_that_gives_nothing_says_why(
    references: References, tmp_path: Path, content: bytes | None, problem: str
) -> None:
    if content is not None:
        (tmp_path / "pw").write_bytes(content)
    filled = references.fill("${file:pw}")
    assert (filled.text or None, filled.problem) == (None, problem)


def test_a_file_that_cannot_be_read_says_why(references: References) -> None:
    assert "ValueError" not in references.fill("${file:" + "a" * 5000 + "}").problem
    assert references.fill("${file:" + "a" * 5000 + "}").text is None


def test_a_command_gives_what_it_prints(references: References) -> None:
    filled = references.fill(python("print('hunter2')"))
    assert filled.text == "hunter2"
    assert filled.name.startswith(f"cmd:{sys.executable}#")
    assert "hunter2" not in filled.name


def test_a_command_sees_the_environment_and_the_files_folder(
    references: References, tmp_path: Path
) -> None:
    code = "import os; print(os.environ['A'], os.getcwd())"
    assert references.fill(python(code)).text == f"one {tmp_path}"


def test_no_shell_looks_at_a_command(references: References) -> None:
    assert references.fill("${cmd:echo $A ; echo b}").text == "$A ; echo b"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import sys; print('hunter2'); sys.exit('hunter2')", "ended with status 1"),
        ("pass", "is empty"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "gives no UTF-8 text"),
        ("while True: print('hunter2' * 999)", f"gives more than {MAX_SIZE} bytes"),
    ],
)
def test_a_command_that_gives_nothing_says_why_without_its_output(
    references: References, code: str, problem: str
) -> None:
    filled = references.fill(python(code))
    assert filled.text in {None, ""}
    assert filled.problem == f"{filled.name} {problem}"


def test_a_command_that_does_not_exist_says_so(references: References) -> None:
    filled = references.fill("${cmd:no-such-program hunter2}")
    assert filled.text is None
    assert filled.problem == f"{filled.name} cannot be started (FileNotFoundError)"
    assert "hunter2" not in filled.problem


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(30)",
        "import os, time; os.close(1); time.sleep(30)",
        "import subprocess; subprocess.Popen(['sleep', '5'])",
    ],
    ids=["hangs", "hangs after its output", "leaves a child with its output"],
)
def test_a_command_ends_in_time(tmp_path: Path, code: str) -> None:
    references = References(tmp_path, os.environ, timeout=0.3)
    began = time.monotonic()
    filled = references.fill(python(code))
    assert time.monotonic() - began < 4
    assert filled.problem == f"{filled.name} gave no answer within 0.3 s"


def test_each_reference_is_looked_at_once(
    references: References, tmp_path: Path
) -> None:
    code = "open('count', 'a').write('x'); print('a')"
    references.fill(python(code) + python(code))
    references.fill(python(code))
    assert (tmp_path / "count").read_text() == "x"


@pytest.mark.parametrize(
    "text",
    [
        "${}",
        "${env}",
        "${env:}",
        "${env:1}",
        "${file:}",
        "${file: }",
        "${cmd:}",
        "${cmd:'}",
        "${secret:A}",
        "${secret}",
        "${zzz:A}",
        "${env:A",
    ],
)
def test_a_malformed_reference_is_a_mistake(references: References, text: str) -> None:
    with pytest.raises(Mistake, match="reference"):
        references.fill(text)


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("port", "6380", 6380),
        ("tls", "true", True),
        ("db", "+3", 3),
        ("managed", "6380", "6380"),
        ("role", "store", "store"),
    ],
)
def test_a_reference_takes_the_type_of_its_field(
    load_text: Load, setting: str, value: str, expected: object
) -> None:
    text = f'{REDIS}host = "cache"\n{setting} = "${{env:X}}"\n'
    redis = load_text(text, {"X": value}).select().redis
    assert redis is not None
    assert getattr(redis, setting) == expected


def test_a_reference_can_give_a_share_and_a_version(load_text: Load) -> None:
    text = """
    [target.production.limits.certificates]
    min_left_share = "${env:SHARE}"
    min_left = "${env:LEFT}"
    min_rsa_bits = "${env:BITS}"
    [target.production.limits.python]
    min_version = "${env:VERSION}"
    [target.production.calendar]
    holidays = ["${env:DAY}"]
    [target.production.not_applicable]
    "a.b" = "${env:WHY}"
    """
    environ = {
        "SHARE": "0.5",
        "LEFT": "10d",
        "BITS": "4096",
        "VERSION": "3.12",
        "DAY": "2026-12-25",
        "WHY": "none",
    }
    target = load_text(text, environ).select()
    limits = target.limits
    assert limits.certificates.min_left_share.value == 0.5
    assert limits.certificates.min_left.value.days == 10
    assert limits.certificates.min_rsa_bits.value == 4096
    assert str(limits.python.min_version.value) == "3.12"
    assert not target.calendar.is_business_day(target.calendar.holidays[0])
    assert target.not_applicable == {"a.b": "none"}


@pytest.mark.parametrize("value", ["abc", "hunter2", "99999", "1e3", "9" * 30])
def test_what_a_field_cannot_take_is_a_mistake_without_the_value(
    load_text: Load, value: str
) -> None:
    config = load_text(f'{REDIS}host = "cache"\nport = "${{env:X}}"\n', {"X": value})
    with pytest.raises(ConfigError) as caught:
        config.select()
    assert str(caught.value).startswith(
        "readiness.toml [target.production.redis] port:"
    )
    assert value not in str(caught.value)


def test_a_reference_in_a_secret_field_is_secret(
    load_text: Load, redactor: Redactor
) -> None:
    text = f'{REDIS}host = "cache"\npassword = "${{env:PW}}"\n'
    redis = load_text(text, {"PW": "hunter2"}).select().redis
    assert redis is not None
    assert redis.password is not None
    assert redis.password.reveal() == "hunter2"
    assert redis.password.name == "env:PW"
    assert redactor("say hunter2") == "say ***"
    assert "hunter2" not in repr(redis)
    assert "hunter2" not in redis.model_dump_json(include={"password"})


def test_a_secret_reference_elsewhere_is_learned_too(
    load_text: Load, redactor: Redactor
) -> None:
    text = f'{REDIS}host = "${{secret:env:HOST}}"\n'
    target = load_text(text, {"HOST": "cache.internal"}).select()
    assert target.redis is not None
    assert target.redis.host == "cache.internal"
    assert redactor("at cache.internal:6379") == "at ***:6379"
    assert target.hidden == {("redis", "host"): "env:HOST"}


def test_a_plain_reference_is_not_secret(load_text: Load, redactor: Redactor) -> None:
    load_text(f'{REDIS}host = "${{env:HOST}}"\n', {"HOST": "cache.internal"}).select()
    assert redactor("at cache.internal") == "at cache.internal"


def test_the_password_within_a_dsn_is_learned(
    load_text: Load, redactor: Redactor
) -> None:
    text = '[target.production.postgres]\ndsn = "postgresql://u:${env:PW}@db/app"\n'
    postgres = load_text(text, {"PW": "p%40ssword"}).select().postgres
    assert postgres is not None
    assert postgres.location == ("db", 5432, "app")
    assert redactor("password p@ssword refused") == "password *** refused"


def test_a_secret_written_out_is_named_by_its_place(
    load_text: Load, redactor: Redactor
) -> None:
    redis = load_text(f'{REDIS}host = "a"\npassword = "hunter2"\n').select().redis
    assert redis is not None
    assert redis.password is not None
    assert redis.password.name == "readiness.toml [target.production.redis] password"
    assert redactor("hunter2") == "***"


def test_a_secret_that_is_not_set_leaves_its_block_in_place(load_text: Load) -> None:
    target = load_text(f'{SERVICE}token = "${{env:TOKEN}}"\n').select()
    assert target.service is not None
    assert target.service.token is not None
    assert not target.service.token.available
    assert target.service.token.problem == "env:TOKEN is not set"
    assert target.unresolved == {}


@pytest.mark.parametrize(
    "setting",
    [
        'url = "${env:X}"',
        'url = "https://e"\nrelease = {header = "${env:X}"}',
        'url = "https://e"\nca_file = "${file:nowhere}"',
        'url = "https://${env:EMPTY}"',
    ],
)
def test_a_plain_reference_that_is_not_set_leaves_its_block_out(
    load_text: Load, setting: str
) -> None:
    text = f"[target.production.service]\n{setting}\n{REDIS}host = 'cache'\n"
    target = load_text(text, {"EMPTY": ""}).select()
    assert target.service is None
    assert target.redis is not None
    assert list(target.unresolved) == ["service"]
    assert target.unresolved["service"].startswith(
        "readiness.toml [target.production.service"
    )


def test_a_reference_in_a_list_of_tables_is_filled_in(load_text: Load) -> None:
    text = """
    [target.production.tls]
    endpoints = ["${env:A}", {host = "${env:B}", port = "${env:PORT}"}]
    """
    config = load_text(text, {"A": "a:1", "B": "b", "PORT": "2"})
    tls = config.select().tls
    assert tls is not None
    assert [(one.host, one.port) for one in tls.endpoints] == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            '[target.production.limits.redis]\nround_trip = "${env:X}"\n',
            (
                "readiness.toml [target.production.limits.redis] round_trip: "
                "env:X is not set; set it where the run can read it"
            ),
        ),
        (
            '[calendar]\ntime_zone = "${env:X}"\n[target.production]\n',
            (
                "readiness.toml [calendar] time_zone: "
                "env:X is not set; set it where the run can read it"
            ),
        ),
        (
            '[target.production.postgres]\ndsn = "${env:DSN}"\n',
            (
                "readiness.toml [target.production.postgres] dsn: holds an @ "
                "that is not "
                "percent-encoded; percent-encode the user and the password "
                "(@ is %40, / is %2F, : is %3A)"
            ),
        ),
    ],
)
def test_a_reference_that_spoils_what_is_judged_is_a_mistake(
    load_text: Load, text: str, line: str
) -> None:
    config = load_text(text, {"DSN": "postgresql://u:a@b@c/d"})
    with pytest.raises(ConfigError) as caught:
        config.select()
    assert str(caught.value) == line


def test_only_the_selected_target_is_looked_up(load_text: Load, tmp_path: Path) -> None:
    command = python("open('ran', 'w').close(); print('x')")
    text = f"""
    [target.production.redis]
    host = 'cache'
    password = '''{command}'''
    [target.staging]
    """
    config = load_text(text, os.environ)
    config.select("staging")
    assert not (tmp_path / "ran").exists()
    config.select("production")
    assert (tmp_path / "ran").exists()
