"""Nothing foreign stands in: a suite takes fixtures from the plugin and itself."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from pytest_readiness import Check
from pytest_readiness.probes import REGISTRY

if TYPE_CHECKING:
    from conftest import Project


def refused(project: Project, *arguments: str) -> str:
    """Give the message of a run that is refused before anything is judged."""
    result = project.judge(*arguments)
    text = "\n".join([*result.outlines, *result.errlines])

    assert result.ret == 4
    assert "Traceback" not in text
    assert not project.report_path.exists()
    return "\n".join(line for line in result.errlines if "readiness: " in line)


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "n2"])
def test_a_fixture_of_a_foreign_conftest(ready: Project, workers: list[str]) -> None:
    ready.write(ready.module(ready.item("one", "pass", arguments="redis_fake")))
    path = ready.conftest(
        """
        import pytest

        @pytest.fixture
        def redis_fake():
            return object()
        """
    )
    text = refused(ready, *workers)

    assert "readiness_suite/test_host.py:" in text
    assert "test_one: fixture 'redis_fake' comes from" in text
    assert str(path) in text


def test_ours_are_nearer_than_a_foreign_one_of_the_same_name(ready: Project) -> None:
    ready.conftest(
        """
        import pytest

        @pytest.fixture
        def python():
            raise RuntimeError("foreign")

        @pytest.fixture
        def check():
            raise RuntimeError("foreign")
        """
    )
    result = ready.judge()

    assert result.ret == 0


@pytest.mark.parametrize(
    ("name", "package"), [("check", "pytest_check"), ("host", "testinfra")]
)
def test_testinfras_host_and_pytest_checks_check_are_refused(
    ready: Project, name: str, package: str
) -> None:
    # Both are installed, and nothing but their entry points brings them in.
    (ready.suite / "conftest.py").write_text("")
    ready.write(ready.module(ready.item("one", "pass", arguments=name)))
    text = refused(ready)

    assert f"fixture {name!r} comes from" in text
    assert f"{os.sep}{package}{os.sep}" in text


def test_our_check_is_nearer_than_pytest_checks(ready: Project) -> None:
    one = ready.item(
        "one", f"assert type(check).__module__ == {Check.__module__!r}\n{ready.HOLDS}"
    )
    ready.write(ready.module(one))
    ready.lock()
    result = ready.judge()

    assert ready.states == {"host.one": "verified"}
    assert result.ret == 0


def test_a_fixture_of_another_plugin(ready: Project) -> None:
    fixture = "import pytest\n@pytest.fixture\ndef helper(): return 1\n"
    ready.pytester.makepyfile(another_plugin=fixture)
    ready.pytester.syspathinsert()
    ready.write(ready.module(ready.item("one", "pass", arguments="helper")))
    text = refused(ready, "-p", "another_plugin")

    assert "fixture 'helper' comes from" in text
    assert str(ready.path / "another_plugin.py") in text


def test_a_missing_fixture_names_those_that_there_are(ready: Project) -> None:
    (ready.suite / "conftest.py").write_text("")
    text = refused(ready, "-p", "no:check")  # pytest-check has one of that name

    assert "there is no fixture 'check'; a suite has attestation, " in text
    for name in ("check", "limits", *REGISTRY):
        assert re.search(rf"a suite has [a-z_, ]*\b{name}\b", text)
    assert "there is no fixture 'python'" in text


@pytest.mark.parametrize("scope", ["function", "session"])
def test_an_autouse_fixture_of_a_foreign_conftest(ready: Project, scope: str) -> None:
    path = ready.conftest(
        f"""
        import pytest

        @pytest.fixture(autouse=True, scope={scope!r})
        def everywhere():
            yield
        """
    )
    text = refused(ready)

    assert f" and 3 more: fixture 'everywhere' comes from {path}" in text
    assert text.count("'everywhere'") == 1


def test_an_autouse_fixture_of_an_unknown_plugin(ready: Project) -> None:
    ready.pytester.makepyfile(
        another_plugin="""
        import pytest

        @pytest.fixture(autouse=True)
        def everywhere():
            yield
        """
    )
    ready.pytester.syspathinsert()
    text = refused(ready, "-p", "another_plugin")

    assert "fixture 'everywhere' comes from" in text


def test_a_fixture_without_a_source_is_from_elsewhere(ready: Project) -> None:
    ready.conftest(
        """
        import pytest

        class Odd:
            __name__ = "odd"

            def __call__(self):
                return 1

        odd = pytest.fixture(name="odd")(Odd())
        """
    )
    ready.write(ready.module(ready.item("one", "pass", arguments="odd")))
    text = refused(ready)

    assert "fixture 'odd' comes from elsewhere" in text


HARMLESS = """
import pytest

@pytest.fixture(autouse=True)
def _verify_url():
    yield

@pytest.fixture
def base_url():
    return "http://elsewhere.example"
"""


def test_harmless_autouse_fixtures_are_known(ready: Project) -> None:
    ready.pytester.makepyfile(pytest_base_url=HARMLESS)
    ready.pytester.syspathinsert()
    result = ready.judge("-p", "pytest_base_url")

    assert result.ret == 0


def test_a_harmless_plugins_fixture_is_still_not_to_be_asked_for(
    ready: Project,
) -> None:
    ready.write(ready.module(ready.item("one", "pass", arguments="base_url")))
    ready.pytester.makepyfile(pytest_base_url=HARMLESS)
    ready.pytester.syspathinsert()
    text = refused(ready, "-p", "pytest_base_url")

    assert "fixture 'base_url' comes from" in text


def test_an_override_that_asks_for_what_it_overrides(ready: Project) -> None:
    path = ready.conftest(
        """
        import pytest

        @pytest.fixture
        def cores():
            return 1
        """
    )
    head = "import pytest\n@pytest.fixture\ndef cores(cores):\n    return cores\n"
    items = (ready.item("one", arguments="check, python, cores"), ready.ROLLUP)
    ready.write(ready.module(*items, head=head))
    text = refused(ready)

    assert f"fixture 'cores' comes from {path}" in text


@pytest.mark.parametrize(
    ("head", "decorators"),
    [
        ("", ['@pytest.mark.usefixtures("foreign")']),
        (
            'pytest_plugins = ["another_plugin"]',
            ['@pytest.mark.usefixtures("foreign")'],
        ),
    ],
)
def test_usefixtures_is_no_way_around(
    ready: Project, head: str, decorators: list[str]
) -> None:
    fixture = "import pytest\n@pytest.fixture\ndef foreign():\n    return 1\n"
    ready.pytester.makepyfile(another_plugin=fixture)
    ready.pytester.syspathinsert()
    ready.conftest('pytest_plugins = ["another_plugin"]\n')
    one = ready.item("one", decorators=decorators)
    ready.write(ready.module(one, head=f"import pytest\n{head}"))
    text = refused(ready)

    assert "fixture 'foreign' comes from" in text


def test_fixtures_of_the_suite_and_of_pytest_are_its_own(bare: Project) -> None:
    (bare.suite / "conftest.py").write_text(
        f"{bare.CONFTEST}import pytest\n\n"
        "@pytest.fixture\ndef cores(tmp_path, python): return 2\n"
        "@pytest.fixture(autouse=True)\ndef everywhere(): yield\n"
    )
    bare.write(
        bare.module(
            bare.item("one", arguments="check, cores, python, monkeypatch, mine"),
            head="import pytest\n@pytest.fixture\ndef mine(cores): return cores\n",
        )
    )
    bare.lock()
    result = bare.judge()

    assert bare.states == {"host.one": "verified"}
    assert result.ret == 0


def test_request_in_an_item(ready: Project) -> None:
    ready.write(ready.module(ready.item("one", arguments="check, python, request")))
    text = refused(ready)

    assert "test_one: asks for `request`; needs must be known from names" in text


def test_request_in_a_fixture_of_the_suite(ready: Project) -> None:
    head = (
        "import pytest\n@pytest.fixture\n"
        "def any(request):\n    return request.getfixturevalue('python')\n"
    )
    ready.write(ready.module(ready.item("one", arguments="check, any"), head=head))
    text = refused(ready)

    assert f"fixture 'any' of {ready.suite}/test_host.py asks for `request`" in text
