"""What pytest does by itself: the reasons for what this plugin does otherwise.

Each of these is a statement about pytest; where one stops being true, what was built on
it can be built in a simpler way.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

XFAILS = """
    import pytest

    def test_called():
        pytest.xfail("waits for a signature")

    @pytest.mark.xfail(reason="waits for a signature")
    def test_marked():
        pass
"""


@pytest.mark.parametrize(
    ("arguments", "called", "marked"),
    [
        ([], "XFAIL", "XPASS"),
        (["--runxfail"], "PASSED", "PASSED"),
        (["-o", "xfail_strict=true"], "XFAIL", "FAILED"),
    ],
    ids=["plain", "runxfail", "xfail_strict"],
)
def test_options_change_what_pytest_makes_of_an_xfail(
    pytester: pytest.Pytester, arguments: list[str], called: str, marked: str
) -> None:
    pytester.makepyfile(XFAILS)
    result = pytester.runpytest_inprocess("-v", "-p", "no:randomly", *arguments)

    result.stdout.fnmatch_lines([f"*::test_called {called}*"])
    result.stdout.fnmatch_lines([f"*::test_marked {marked}*"])


def test_reruns_turn_a_failure_into_a_pass(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        tried = []

        def test_it():
            tried.append(1)
            assert len(tried) > 1
        """
    )
    assert pytester.runpytest_inprocess().ret == 1
    assert pytester.runpytest_inprocess("--reruns=1").ret == 0


def test_a_foreign_hook_changes_an_outcome(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): assert False")
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport():
            report = yield
            report.outcome, report.longrepr = "passed", None
            return report
        """
    )
    result = pytester.runpytest_inprocess()

    result.assert_outcomes(passed=1)
    assert result.ret == 0


@pytest.mark.parametrize("place", ["root conftest", "suite conftest"])
def test_the_nearest_fixture_is_the_deepest_conftests_not_a_plugins(
    pytester: pytest.Pytester, place: str
) -> None:
    fixture = "import pytest\n@pytest.fixture\ndef redis(): return {!r}\n"
    pytester.makepyfile(a_plugin=fixture.format("plugin"))
    pytester.makeconftest(fixture.format("root conftest"))
    suite = pytester.mkdir("suite")
    if place == "suite conftest":
        (suite / "conftest.py").write_text(fixture.format(place))
    (suite / "test_it.py").write_text(
        f"def test_it(redis): assert redis == {place!r}\n"
    )
    pytester.syspathinsert()
    result = pytester.runpytest_inprocess("-p", "a_plugin")

    result.assert_outcomes(passed=1)


ADDS_A_PATH = """
import pytest

@pytest.hookimpl({order}=True)
def pytest_load_initial_conftests(early_config, args):
    if "args" in {places}:
        args.append({suite!r})
    if "known" in {places}:
        early_config.known_args_namespace.file_or_dir.append({suite!r})
"""


@pytest.mark.parametrize(
    ("order", "places", "status"),
    [
        ("tryfirst", ["args", "known"], 0),
        ("tryfirst", ["args"], 4),  # its conftest comes too late to declare options
        ("trylast", ["args", "known"], 4),  # the initial conftests are loaded by then
        ("tryfirst", ["known"], 5),  # the path is parsed from the arguments again
    ],
)
def test_a_path_is_added_in_two_places_before_conftests_are_loaded(
    pytester: pytest.Pytester, order: str, places: list[str], status: int
) -> None:
    suite = pytester.mkdir("elsewhere")
    (suite / "conftest.py").write_text(
        "def pytest_addoption(parser):\n"
        "    parser.addoption('--of-the-suite', action='store_true')\n"
    )
    (suite / "test_it.py").write_text("def test_it(): pass\n")
    text = ADDS_A_PATH.format(order=order, places=places, suite=str(suite))
    pytester.makepyfile(a_plugin=text)
    here = pytester.mkdir("here")
    pytester.syspathinsert()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        result = pytester.runpytest_inprocess(
            "-p", "a_plugin", "--of-the-suite", f"--rootdir={here}"
        )

    assert result.ret == status


def test_workers_are_switched_off_before_they_start(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import os\ndef test_it(): assert 'PYTEST_XDIST_WORKER' in os.environ\n"
    )
    assert pytester.runpytest_inprocess("-n1").ret == 0
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_configure(config):
            config.option.dist, config.option.tx = "no", []
        """
    )
    assert pytester.runpytest_inprocess("-n1").ret == 1


LEAKING = """
    def connect(password):
        try:
            raise OSError("no " + password)
        except OSError:
            raise RuntimeError("no") {cause}

    def test_it():
        connect("c4nary")
"""


@pytest.mark.parametrize("cause", ["", "from None"])
@pytest.mark.parametrize("kind", ["terminal", "junit", "html"])
def test_a_frame_prints_its_arguments_whatever_the_chain_hides(
    pytester: pytest.Pytester, cause: str, kind: str
) -> None:
    pytester.makepyfile(textwrap.dedent(LEAKING).format(cause=cause))
    result = pytester.runpytest_inprocess("--junitxml=out.xml", "--html=out.html")
    shown = {
        "terminal": result.stdout.str(),
        "junit": _text(pytester.path / "out.xml"),
        "html": _text(pytester.path / "out.html"),
    }

    assert "password = " in shown[kind]
    assert "c4nary" in shown[kind]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
