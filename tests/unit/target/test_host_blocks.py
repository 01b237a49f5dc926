"""Tables of hosts: each backend has its own keys, and resources find their host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from pytest_readiness.target.blocks import PythonBlock
    from tests.unit.target.conftest import Load

TARGET = "[target.production]\n"
PYTHON = '[target.production.python]\ninterpreter = "/srv/python"\n'
HOST = "[target.production.hosts.engine]\n"
SSH = f'{HOST}backend = "ssh"\naddress = "engine"\n'
METRICS = f'{HOST}backend = "metrics"\npreset = "node"\nselect = ""\n'
PROMETHEUS = '[target.production.prometheus]\nurl = "https://p"\n'


def python(load_text: Load, text: str, **environ: str) -> PythonBlock:
    found = load_text(text, environ).select().python
    assert found is not None
    return found


def test_a_resource_knows_the_host_that_it_names(load_text: Load) -> None:
    found = python(load_text, f'{PYTHON}host = "engine"\n{SSH}')
    assert found.backend is not None
    assert (found.backend.backend, found.backend.address) == ("ssh", "engine")
    assert found.problem == ""


def test_a_resource_that_names_none_is_here(load_text: Load) -> None:
    found = python(load_text, f"{PYTHON}{SSH}")
    assert (found.host, found.backend) == (None, None)


def test_a_host_by_metrics_knows_the_targets_prometheus(load_text: Load) -> None:
    found = python(load_text, f'{PYTHON}host = "engine"\n{METRICS}{PROMETHEUS}')
    assert found.backend is not None
    assert found.backend.prometheus is not None
    assert found.backend.prometheus.url == "https://p"


def test_a_host_whose_reference_is_unset_leaves_its_reason(load_text: Load) -> None:
    text = f'{PYTHON}host = "engine"\n{SSH}user = "${{env:ENGINE_USER}}"\n'
    found = python(load_text, text)
    assert found.backend is None
    assert "ENGINE_USER is not set" in found.problem
    assert python(load_text, text, ENGINE_USER="ops").problem == ""


def test_a_prometheus_whose_reference_is_unset_is_no_mistake(load_text: Load) -> None:
    text = (
        f'{PYTHON}host = "engine"\n{METRICS}{PROMETHEUS}tenant_header = "${{env:H}}"\n'
    )
    found = python(load_text, text)
    assert found.backend is not None
    assert found.backend.prometheus is None


MISTAKES = {
    "no such host": (
        f'{PYTHON}host = "engin"\n{SSH}',
        (
            "[target.production.python]: is on a host that is not in hosts; "
            "did you mean `engine`?"
        ),
    ),
    "no hosts": (
        f'{PYTHON}host = "engine"\n',
        (
            "[target.production.python]: is on a host that is not in hosts; "
            "add its table to hosts"
        ),
    ),
    "no Prometheus": (
        f"{TARGET}{METRICS}",
        (
            "[target.production.hosts]: has a host that is seen by metrics, and no "
            "Prometheus; add [target.NAME.prometheus]"
        ),
    ),
    "no backend": (
        f'{TARGET}{HOST}address = "engine"\n',
        (
            "[target.production.hosts.engine]: misses `backend`; add `backend = ...`; "
            "see `readiness example`"
        ),
    ),
    "an unknown backend": (
        f'{TARGET}{HOST}backend = "telnet"\n',
        "[target.production.hosts.engine] backend: is none of the known words; ",
    ),
    "no address": (
        f'{TARGET}{HOST}backend = "ssh"\n',
        (
            "[target.production.hosts.engine]: misses address; "
            "the backend ssh needs address"
        ),
    ),
    "keys of another backend": (
        f'{TARGET}{HOST}backend = "docker"\ncontainer = "a"\npod = "b"\nport = 22\n',
        (
            "[target.production.hosts.engine]: sets pod, port; "
            "the backend docker has container and user"
        ),
    ),
    "keys of none": (
        f'{TARGET}{HOST}backend = "local"\nuser = "a"\n',
        (
            "[target.production.hosts.engine]: sets user; "
            "the backend local has nothing more"
        ),
    ),
    "an option for a name": (
        f'{TARGET}{HOST}backend = "docker"\ncontainer = "--privileged"\n',
        (
            "[target.production.hosts.engine] container: begins with a hyphen; "
            "give the bare name"
        ),
    ),
    "a context that needs quoting": (
        f'{TARGET}{HOST}backend = "kubectl"\npod = "a"\ncontext = "a b"\n',
        (
            "[target.production.hosts.engine] context: holds a character that would "
            "need quoting; give the context a plain name"
        ),
    ),
    "a host's name": (
        f'{TARGET}[target.production.hosts.Engine_1]\nbackend = "local"\n',
        "is no name of a host; use small letters, digits and hyphens",
    ),
}


@pytest.mark.parametrize(("text", "line"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_that_says_what_to_do(
    text: str, line: str, load_text: Load
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(text)
    (said,) = str(caught.value).splitlines()
    assert line in said
