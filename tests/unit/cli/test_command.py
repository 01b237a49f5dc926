"""The ``readiness`` command itself: versions, mistakes, what it loads."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import pytest_readiness
from pytest_readiness.cli import COMMANDS, main
from pytest_readiness.errors import ConfigError


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])

    assert left.value.code == 0
    assert capsys.readouterr().out == f"readiness {pytest_readiness.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required: COMMAND"),
        (["chek"], "invalid choice: 'chek'"),
        (["check", "--wirte"], "unrecognized arguments: --wirte"),
        (["example", "extra"], "unrecognized arguments: extra"),
        (["check", "--config"], "--config: expected one argument"),
    ],
)
def test_a_mistake_is_exit_4_and_says_how(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    out, err = capsys.readouterr()

    assert left.value.code == 4
    assert out == ""
    assert err.startswith("usage: readiness")
    assert said in err.splitlines()[-1]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    out = capsys.readouterr().out

    assert left.value.code == 0
    assert out.startswith(f"usage: readiness {command}")
    assert COMMANDS[command].partition(":")[0] in out


def test_an_error_of_ours_is_one_line_and_exit_4(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_: object) -> int:
        raise ConfigError("readiness.toml [system] name", "is missing", "add it")

    monkeypatch.setattr("pytest_readiness.cli.example.run", run)
    code = main(["example"])

    assert code == 4
    assert capsys.readouterr().err == (
        "readiness: readiness.toml [system] name: is missing; add it\n"
    )


def test_as_a_module_it_is_the_same() -> None:
    command = [sys.executable, "-m", "pytest_readiness", "--version"]
    output = subprocess.run(command, check=True, capture_output=True, text=True)

    assert output.stdout == f"readiness {pytest_readiness.__version__}\n"


def test_a_command_loads_only_what_it_needs() -> None:
    code = (
        "import json, sys\n"
        "from pytest_readiness.cli import main\n"
        "main(['example'])\n"
        "sys.stderr.write(json.dumps(sorted(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, check=True, capture_output=True, text=True)
    loaded = {name.split(".")[0] for name in json.loads(output.stderr)}

    assert not loaded & {"psycopg", "redis", "requests", "cryptography", "pytest"}


@pytest.mark.parametrize("raised", [KeyboardInterrupt, EOFError])
def test_ctrl_c_at_a_question_is_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    raised: type[BaseException],
) -> None:
    def run(_: object) -> int:
        raise raised

    monkeypatch.setattr("pytest_readiness.cli.example.run", run)

    assert main(["example"]) == 2
    assert capsys.readouterr().err == "\nreadiness: interrupted, nothing was done\n"


def test_a_reader_that_has_enough_is_no_error() -> None:
    code = (
        "import os, sys\n"
        "from pytest_readiness.cli import main\n"
        "read, write = os.pipe()\n"
        "os.close(read)\n"
        "os.dup2(write, 1)\n"
        "sys.exit(main(['example']))\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (4, "")
